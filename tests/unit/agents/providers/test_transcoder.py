"""Real videos: made, measured, and refused where they are none."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from agents.providers.errors import ProviderMisconfigured
from agents.providers.media import MOST_BYTES, MediaOutOfTime, MediaRefused, Probe
from agents.providers.transcoder import FfmpegTranscoder
from tests.factories.media import make_sound, make_video

LINES = ("Stop boiling water", "Zürich, 100 %")


@pytest.fixture(scope="module")
def transcoder() -> FfmpegTranscoder:
    return FfmpegTranscoder("sandbox", {})


@pytest.fixture(scope="module")
def rendered(transcoder: FfmpegTranscoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card video of three seconds."""
    out = tmp_path_factory.mktemp("card") / "card.mp4"
    transcoder.render_card_video(LINES, seconds=3, out=out)
    return out


def brightness(path: Path) -> list[list[bytes]]:
    """Return the rows of brightness of every tenth frame."""
    with av.open(str(path)) as container:
        planes = [frame.planes[0] for frame in list(container.decode(video=0))[::10]]
        return [
            [
                content[row * plane.line_size : row * plane.line_size + plane.width]
                for row in range(plane.height)
            ]
            for plane in planes
            for content in [bytes(plane)]
        ]


def ink(rows: list[bytes]) -> int:
    """Return how many pixels are nearly white."""
    return sum(value > 200 for row in rows for value in row)


def test_render_makes_a_small_upright_mp4_with_sound(transcoder: FfmpegTranscoder, rendered: Path) -> None:
    size = rendered.stat().st_size
    assert transcoder.probe(rendered) == Probe(3.0, 1080, 1920, 30.0, "h264", "aac", size)
    assert size < 200_000
    with av.open(str(rendered)) as container:
        assert container.format.name.startswith("mov,mp4")
        assert container.streams.video[0].pix_fmt == "yuv420p"
        assert container.streams.audio[0].rate == 44_100
        length = container.streams.audio[0].duration
        assert length is not None
        assert length / 44_100 == pytest.approx(3, abs=0.05)


def test_render_starts_with_what_players_need_first(rendered: Path) -> None:
    content = rendered.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_render_shows_each_line_for_its_part_and_a_growing_bar(rendered: Path) -> None:
    frames = brightness(rendered)
    assert len(frames) == 9
    text = [ink(frame[700:1300]) for frame in frames]
    assert max(text[:4]) - min(text[:4]) < 0.05 * text[0]
    assert abs(text[0] - text[-1]) > 0.05 * text[0]  # another line
    bars = [ink(frame[1784:1796]) for frame in frames]
    assert bars == sorted(bars)
    assert bars[-1] > 4 * bars[1] > 0


def test_render_the_same_lines_makes_the_same_bytes(
    transcoder: FfmpegTranscoder, rendered: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.mp4"
    transcoder.render_card_video(LINES, seconds=3, out=again)
    assert again.read_bytes() == rendered.read_bytes()


def test_render_returns_the_probe_and_leaves_nothing_else(
    transcoder: FfmpegTranscoder, tmp_path: Path
) -> None:
    out = tmp_path / "card.mp4"
    out.write_bytes(b"an older one")
    probe = transcoder.render_card_video(("Tea",), seconds=3.5, out=out)
    assert (probe.duration_seconds, probe.bytes) == (3.5, out.stat().st_size)
    assert os.listdir(tmp_path) == ["card.mp4"]  # noqa: PTH208 - hidden files too


@pytest.mark.parametrize(
    ("lines", "seconds", "sentence"),
    [
        ((), 3, "There are no lines to draw"),
        (("Tea", "茶"), 3, "The letter '茶' cannot be drawn"),
        (("x" * 200,), 3, "does not fit on a card"),
        (("Tea",), 2.9, "too short"),
        (("Tea",), 61, "at most 60 seconds"),
    ],
)
def test_render_what_cannot_be_made_is_refused_and_leaves_nothing(
    transcoder: FfmpegTranscoder, tmp_path: Path, lines: tuple[str, ...], seconds: float, sentence: str
) -> None:
    with pytest.raises(MediaRefused, match=sentence):
        transcoder.render_card_video(lines, seconds=seconds, out=tmp_path / "card.mp4")
    assert list(tmp_path.iterdir()) == []


def test_render_out_of_time_leaves_nothing(tmp_path: Path) -> None:
    hurried = FfmpegTranscoder("sandbox", {"timeout_seconds": 0.01})
    with pytest.raises(MediaOutOfTime, match=r"not done after 0\.01 seconds; try a shorter one"):
        hurried.render_card_video(("Tea",), seconds=3, out=tmp_path / "card.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "codec", "rate"),
    [
        ({}, "h264", 30),
        ({"container": "mov"}, "h264", 30),
        ({"codec": "libvpx", "container": "webm"}, "vp8", 30),
        ({"rate": 24}, "h264", 24),
        ({"rate": 60}, "h264", 60),
    ],
)
def test_probe_of_what_tiktok_takes_tells_what_it_is(
    transcoder: FfmpegTranscoder, tmp_path: Path, made: dict[str, Any], codec: str, rate: int
) -> None:
    path = make_video(tmp_path / "video", **made)
    probe = transcoder.probe(path)
    assert (probe.video_codec, probe.audio_codec, probe.width, probe.height) == (codec, "", 360, 640)
    assert probe.frames_per_second == pytest.approx(rate, abs=0.1)
    assert probe.duration_seconds == pytest.approx(3, abs=0.05)
    assert probe.bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"seconds": 1}, "1 seconds long, which is too short"),
        ({"rate": 10}, "10 frames per second; TikTok takes 23 to 60"),
        ({"rate": 90}, "90 frames per second"),
        ({"size": (320, 640)}, "The width is 320 pixels"),
        ({"size": (640, 320)}, "The height is 320 pixels"),
        ({"codec": "mpeg4"}, "encoded as 'mpeg4'"),
    ],
)
def test_probe_of_what_tiktok_does_not_take_names_the_figure(
    transcoder: FfmpegTranscoder, tmp_path: Path, made: dict[str, Any], sentence: str
) -> None:
    path = make_video(tmp_path / "video", **made)
    with pytest.raises(MediaRefused, match=sentence):
        transcoder.probe(path)


def test_probe_longer_than_the_creator_may_post_is_refused(
    transcoder: FfmpegTranscoder, rendered: Path
) -> None:
    with pytest.raises(MediaRefused, match=r"too long; at most 2\.5 seconds"):
        transcoder.probe(rendered, longest_seconds=2.5)


def test_probe_without_a_video_stream_is_refused(transcoder: FfmpegTranscoder, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="no video stream; choose a video"):
        transcoder.probe(make_sound(tmp_path / "sound.mp4"))


def test_probe_of_a_video_without_pictures_is_refused(transcoder: FfmpegTranscoder, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="No picture of the video can be decoded"):
        transcoder.probe(make_video(tmp_path / "none.mp4", seconds=0, options={"movflags": "empty_moov"}))


def _cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _without_index(content: bytes) -> bytes:
    return content.replace(b"moov", b"junk", 1)


def _garbled(content: bytes) -> bytes:
    at = content.index(b"mdat") + 4
    return content[:at] + b"\xff" * (len(content) - at)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_cut_in_half, "cut off"),
        (_without_index, "cannot be read as a video .* cut off or corrupt"),
        (_garbled, "corrupt"),
    ],
)
def test_probe_of_a_damaged_file_is_refused(
    transcoder: FfmpegTranscoder,
    rendered: Path,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    sentence: str,
) -> None:
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damage(rendered.read_bytes()))
    with pytest.raises(MediaRefused, match=sentence):
        transcoder.probe(path)


@pytest.mark.parametrize(
    "content",
    [
        b"not a video at all",
        b"x",
        b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1/x.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
    ],
)
def test_probe_of_another_kind_of_file_is_refused_unread(
    transcoder: FfmpegTranscoder, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "other.mp4"
    path.write_bytes(content)
    with pytest.raises(
        MediaRefused, match=r"The file 'other\.mp4' is no video we know; choose an MP4, MOV or WebM"
    ):
        transcoder.probe(path)


def test_probe_of_an_empty_or_missing_file_is_refused(transcoder: FfmpegTranscoder, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(MediaRefused, match="The file is empty"):
        transcoder.probe(empty)
    for path in (tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(MediaRefused, match="There is no file"):
            transcoder.probe(path)


def test_probe_of_a_file_too_large_is_refused_unread(transcoder: FfmpegTranscoder, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # a hole, no bytes on disk
    with pytest.raises(MediaRefused, match="at most 4,294,967,296"):
        transcoder.probe(path)


def test_probe_out_of_time_says_so(rendered: Path) -> None:
    with pytest.raises(MediaOutOfTime, match="not done after 1e-09 seconds"):
        FfmpegTranscoder("sandbox", {"timeout_seconds": 1e-9}).probe(rendered)


def test_probe_of_a_name_like_a_protocol_reads_the_file(
    transcoder: FfmpegTranscoder, rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("concat:a|b.mp4")
    path.write_bytes(rendered.read_bytes())
    assert transcoder.probe(path) == transcoder.probe(rendered)


@pytest.mark.parametrize("options", [{"timeout": 3}, {"timeout_seconds": 0}, {"timeout_seconds": "3"}])
def test_build_with_options_it_does_not_know_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProviderMisconfigured, match="the only one is 'timeout_seconds', a number above 0"):
        FfmpegTranscoder("sandbox", options)


def test_build_in_either_mode_says_which() -> None:
    assert FfmpegTranscoder("sandbox", {}).simulated
    assert not FfmpegTranscoder("live", {}).simulated
