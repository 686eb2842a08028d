"""Any video made fit: what comes out is measured picture by picture; what cannot be made is refused in a sentence."""

import math
import os
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.frame import AudioFrame

from agents.providers.filters import Filters
from agents.providers.fitting import rate_for
from agents.providers.loudness import HIGHEST_PEAK_DBTP, STEREO, TARGET_LUFS, Loudness, loudness_of
from agents.providers.media import MOST_BYTES, MediaOutOfTime, MediaRefused, Probe
from agents.providers.transcoder import FfmpegTranscoder
from tests.factories.clips import CORNER, GROUND, Clip, Tone
from tests.factories.media import make_sound, make_video

BLACK = 16
PLACE = "+48.8583+002.2945/"
VARIED = (
    Clip(seconds=0.5, tone=Tone(layout="mono", rate=22_050, amplitude=0.02, more=0.4)),
    Clip(seconds=0.5, turned=90),
    Clip(seconds=0.5, turned=180, codec="mpeg4", rate=12),
    Clip(seconds=0.5, turned=270, pixels="yuv444p10le"),
    Clip(
        seconds=0.5,
        codec="libvpx",
        container="webm",
        rate=30,
        tone=Tone(codec="libopus", rate=48_000, amplitude=0.6),
    ),
    Clip(seconds=0.5, size=(90, 90), pixel_shape=Fraction(2)),
    Clip(seconds=0.5, size=(64, 160), rate=26, tone=Tone(amplitude=0.3)),
)
"""Every variety there is, half a second each: joined, they cost one encoding."""


@pytest.fixture(scope="module")
def transcoder() -> FfmpegTranscoder:
    return FfmpegTranscoder("sandbox", {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fitting")


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    """A video TikTok does not take: small, 12 pictures a second, quiet, with a place in it."""
    clip = Clip(
        rate=12, tone=Tone(amplitude=0.02, layout="mono"), metadata={"location": PLACE, "title": "Paris"}
    )
    return clip.write(folder / "source.mp4")


@pytest.fixture(scope="module")
def fitted(transcoder: FfmpegTranscoder, source: Path, folder: Path) -> tuple[Path, Probe]:
    out = folder / "fitted.mp4"
    return out, transcoder.transcode(source, out=out)


@pytest.fixture(scope="module")
def film(transcoder: FfmpegTranscoder, folder: Path) -> tuple[Path, Probe]:
    """All varieties, joined."""
    clips = [clip.write(folder / f"{number}.clip") for number, clip in enumerate(VARIED)]
    out = folder / "film.mp4"
    return out, transcoder.assemble(clips, out=out)


def brightness(path: Path) -> list[Callable[[float, float], int]]:
    """Return for each picture what is at a place of it, counted from -1 to 1 from its middle."""
    with av.open(str(path)) as container:
        planes = [(bytes(frame.planes[0]), frame.planes[0].line_size) for frame in container.decode(video=0)]
    return [
        lambda across, down, plane=plane, line=line: plane[  # type: ignore[misc]
            round(960 + down * 959) * line + round(540 + across * 539)
        ]
        for plane, line in planes
    ]


def seconds(stream: av.AudioStream) -> float:
    """Return how long a stream says it is."""
    assert stream.duration
    assert stream.time_base
    return float(stream.duration * stream.time_base)


def loudness(path: Path, *, start: float = 0, end: float = 99) -> Loudness:
    """Return how loud a part of a video is."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return loudness_of(frame for frame in frames if start <= float(frame.time or 0) < end)


def test_transcode_gives_the_whole_profile(fitted: tuple[Path, Probe], transcoder: FfmpegTranscoder) -> None:
    out, probe = fitted
    assert probe == Probe(3.0, 1080, 1920, 24.0, "h264", "aac", out.stat().st_size)
    assert transcoder.probe(out) == probe
    with av.open(str(out)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.profile, video.pix_fmt, video.average_rate) == ("High", "yuv420p", Fraction(24))
        assert (audio.rate, audio.layout.name) == (48_000, "stereo")
        assert seconds(audio) == pytest.approx(3, abs=0.03)
        times = [packet.pts for packet in container.demux(video) if packet.pts is not None]
    steps = {after - before for before, after in zip(sorted(times), sorted(times)[1:], strict=False)}
    assert len(steps) == 1  # a constant frame rate


def test_transcode_makes_it_as_loud_as_others(fitted: tuple[Path, Probe], source: Path) -> None:
    before, after = loudness(source), loudness(fitted[0])
    assert before.integrated < -30
    assert after.integrated == pytest.approx(TARGET_LUFS, abs=1)
    assert after.peak <= HIGHEST_PEAK_DBTP + 0.5


def test_transcode_keeps_no_place_and_puts_first_what_players_need(
    fitted: tuple[Path, Probe], source: Path
) -> None:
    content = fitted[0].read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert PLACE.encode() in source.read_bytes()
    assert b"+48.8583" not in content
    assert b"Paris" not in content
    with av.open(str(fitted[0])) as container:
        assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}


def test_transcode_the_same_file_makes_the_same_bytes(
    transcoder: FfmpegTranscoder, fitted: tuple[Path, Probe], source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again.mp4"
    out.write_bytes(b"an older one")
    assert transcoder.transcode(source, out=out) == fitted[1]
    assert out.read_bytes() == fitted[0].read_bytes()
    assert os.listdir(tmp_path) == ["again.mp4"]  # noqa: PTH208 - hidden files too


def test_assemble_joins_every_variety_in_order(film: tuple[Path, Probe]) -> None:
    out, probe = film
    assert probe == Probe(3.5, 1080, 1920, 30.0, "h264", "aac", out.stat().st_size)
    pictures = brightness(out)
    assert len(pictures) == 105
    # Where the bright quarter is to be found, and how far the picture reaches, by clip.
    wide, upright = (1, 0.31), (0.99, 1)
    expected = [
        (wide, (-1, -1)),
        (upright, (1, -1)),
        (wide, (1, 1)),
        (upright, (-1, 1)),
        (wide, (-1, -1)),
        (wide, (-1, -1)),
        ((0.7, 1), (-1, -1)),
    ]
    for clip, ((across, down), corner) in enumerate(expected):
        for number in (clip * 15 + 1, clip * 15 + 13):
            at = pictures[number]
            for side in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
                wanted = CORNER if side == corner else GROUND
                assert at(side[0] * across * 0.5, side[1] * down * 0.5) == pytest.approx(wanted, abs=6), (
                    clip,
                    side,
                )
            if down < 0.9:
                assert at(0, down + 0.1) == at(0, -down - 0.1) == pytest.approx(BLACK, abs=2)


def test_assemble_makes_clips_equally_loud_and_those_without_sound_silent(film: tuple[Path, Probe]) -> None:
    out, _ = film
    for clip in (0, 4, 6):
        heard = loudness(out, start=clip * 0.5, end=clip * 0.5 + 0.5)
        assert heard.integrated == pytest.approx(TARGET_LUFS, abs=2), (
            clip
        )  # of so little there are two blocks
    for clip in (1, 2, 3, 5):
        assert loudness(out, start=clip * 0.5 + 0.1, end=clip * 0.5 + 0.4).peak < -60, clip
    with av.open(str(out)) as container:
        [audio] = container.streams.audio
        assert seconds(audio) == pytest.approx(3.5, abs=0.03)


@pytest.mark.parametrize(
    ("measured", "rate"),
    [
        (23.976, Fraction(24_000, 1001)),
        (24.0, Fraction(24)),
        (29.97, Fraction(30_000, 1001)),
        (27.3, Fraction(273, 10)),
        (60.0, Fraction(60)),
        (59.94, Fraction(60_000, 1001)),
        (12.0, Fraction(24)),
        (15.0, Fraction(30)),
        (12.5, Fraction(25)),
        (7.3, Fraction(24)),
        (0.0, Fraction(24)),
        (90.0, Fraction(60)),
        (120.0, Fraction(60)),
    ],
)
def test_rate_for_keeps_what_tiktok_takes_and_finds_the_nearest_else(measured: float, rate: Fraction) -> None:
    assert rate_for(measured) == rate


def test_loudness_of_silence_and_of_hardly_anything_is_left_alone() -> None:
    assert loudness_of([]).filters == ()
    assert Loudness(-50.1, 1, -40).filters == ()
    [(name, options)] = Loudness(-20, 0, -3).filters
    assert name == "loudnorm"
    assert (
        "measured_I=-20.00:measured_TP=-3.00:measured_LRA=0.10:measured_thresh=-30.00:linear=true" in options
    )


def test_loudness_of_what_is_all_peaks_is_raised_as_far_as_they_allow() -> None:
    def drum() -> Iterator[AudioFrame]:
        for start in range(0, 4 * 48_000, 1024):
            times = [at / 48_000 for at in range(start, start + 1024)]
            wave = array("f", (0.6 * math.sin(377 * t) * math.exp(-30 * (t % 0.5)) for t in times))
            frame = AudioFrame("fltp", "mono", 1024)
            frame.planes[0].update(wave.tobytes())
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            yield frame

    before = loudness_of(drum())
    evened = list(Filters(lambda first: [*STEREO, *before.filters, *STEREO]).of(drum()))
    after = loudness_of(evened)
    assert before.integrated + 1 < after.integrated < TARGET_LUFS - 1
    assert after.peak == pytest.approx(HIGHEST_PEAK_DBTP, abs=0.3)


def _cut(content: bytes) -> bytes:
    return content[: len(content) * 3 // 4]


def _blank(content: bytes) -> bytes:
    at = content.index(b"mdat") + 4 + len(content) // 4
    return content[:at] + b"\x55" * 3000 + content[at + 3000 :]


def _encrypted(content: bytes) -> bytes:
    return content.replace(b"avc1", b"encv")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_cut, "cut off"),
        (_blank, r"cannot be read as a video .*corrupt"),
        (_encrypted, r"encrypted, or encoded in a way that is not known here; export it as H\.264 \(MP4\)"),
        (lambda content: b"no video at all", "no video we know; choose an MP4, MOV or WebM"),
        (lambda content: b"", "The file is empty; choose a video"),
    ],
)
def test_transcode_of_a_damaged_file_is_refused_and_leaves_nothing(
    transcoder: FfmpegTranscoder,
    folder: Path,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    sentence: str,
) -> None:
    whole = folder / "whole.mp4"
    content = (whole if whole.exists() else Clip(size=(320, 240)).write(whole)).read_bytes()
    (tmp_path / "damaged.mp4").write_bytes(damage(content))
    with pytest.raises(MediaRefused, match=sentence):
        transcoder.transcode(tmp_path / "damaged.mp4", out=tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.mp4"]


def test_transcode_of_a_file_whose_end_is_missing_says_how_much_there_is(
    transcoder: FfmpegTranscoder, fitted: tuple[Path, Probe], tmp_path: Path
) -> None:
    content = fitted[0].read_bytes()
    (tmp_path / "half.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(
        MediaRefused, match=r"cut off: it should have 72 pictures and has \d+; upload it again"
    ):
        transcoder.transcode(tmp_path / "half.mp4", out=tmp_path / "out.mp4")


def test_transcode_of_a_damaged_picture_says_when_it_is_shown(
    transcoder: FfmpegTranscoder, tmp_path: Path
) -> None:
    damaged = Clip(codec="mpeg4", is_noise=True).write(tmp_path / "damaged.mp4")
    content = damaged.read_bytes()
    half = len(content) // 2
    damaged.write_bytes(content[:half] + b"\x55" * 40 + content[half + 40 :])
    with pytest.raises(
        MediaRefused, match=r"The file is damaged at 1\.\d seconds; upload it again, or another"
    ):
        transcoder.transcode(damaged, out=tmp_path / "out.mp4")


def test_transcode_of_the_wrong_length_or_without_pictures_is_refused(
    transcoder: FfmpegTranscoder, tmp_path: Path
) -> None:
    short = Clip(seconds=2.5).write(tmp_path / "short.mp4")
    long = Clip(seconds=601, rate=1, size=(16, 16)).write(tmp_path / "long.mp4")
    sound = make_sound(tmp_path / "sound.mp4")
    for path, sentence in (
        (short, "2.5 seconds long, which is too short; TikTok takes 3 seconds or more"),
        (long, "601 seconds long, which is too long; at most 600 seconds"),
        (sound, "The file has no video stream; choose a video"),
    ):
        with pytest.raises(MediaRefused, match=sentence):
            transcoder.transcode(path, out=tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_transcode_of_what_is_too_large_is_refused_unread(
    transcoder: FfmpegTranscoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # a hole, no bytes on disk
    with pytest.raises(MediaRefused, match="TikTok takes at most"):
        transcoder.transcode(large, out=tmp_path / "out.mp4")
    monkeypatch.setattr("agents.providers.video_files.LARGEST_SOURCE_SIDE", 300)
    with pytest.raises(
        MediaRefused, match="360 × 640 pixels, which is too large; export it with at most 300"
    ):
        transcoder.transcode(make_video(tmp_path / "wide.mp4"), out=tmp_path / "out.mp4")


def test_assemble_refuses_by_the_clip_and_by_the_whole(transcoder: FfmpegTranscoder, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    second = Clip(seconds=1).write(tmp_path / "second.mp4")
    for clips, sentence in (
        ([], "There are 0 clips; join 1 to 20 of them"),
        ([second] * 21, "There are 21 clips; join 1 to 20 of them"),
        ([second, second], "The video is 2 seconds long, which is too short"),
        ([second, tmp_path / "gone.mp4"], "Clip 2 of 2: There is no file 'gone.mp4'; upload it again"),
    ):
        with pytest.raises(MediaRefused, match=sentence):
            transcoder.assemble(clips, out=out)
    assert not out.exists()


def test_transcode_out_of_time_says_so_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    hurried = FfmpegTranscoder("sandbox", {"timeout_seconds": 0.15})
    with pytest.raises(MediaOutOfTime, match=r"not done after 0\.3 seconds; try a shorter one"):
        hurried.transcode(source, out=tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []
