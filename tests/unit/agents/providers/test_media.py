"""TikTok's limits for videos, and the way to whoever handles them."""

from pathlib import Path

import pytest
from django.test import override_settings

from agents.providers.errors import Advice, ProviderMisconfigured
from agents.providers.media import (
    MOST_BYTES,
    MediaRefused,
    Probe,
    changes,
    check_duration,
    check_media,
    check_size,
    get_transcoder,
    misfit,
    probe_video,
)
from agents.providers.transcoder import FfmpegTranscoder
from tests.factories.agents import scripted
from tests.factories.media import make_video


def probe(
    *,
    seconds: float = 10.0,
    width: int = 1080,
    height: int = 1920,
    frames_per_second: float = 30.0,
    video_codec: str = "h264",
) -> Probe:
    return Probe(seconds, width, height, frames_per_second, video_codec, "aac", 1_000)


def test_check_media_within_every_limit_is_silent() -> None:
    for codec in ("h264", "hevc", "vp8", "vp9"):
        check_media(probe(video_codec=codec))
    check_media(probe(width=360, height=4096, frames_per_second=23.976))
    check_media(probe(seconds=3.0, frames_per_second=60.0))
    check_media(probe(seconds=600.0, frames_per_second=59.94))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (probe(video_codec="mpeg4"), "encoded as 'mpeg4'; TikTok takes h264, hevc, vp8, vp9"),
        (probe(width=359), "The width is 359 pixels; TikTok takes 360 to 4096"),
        (probe(height=4097), "The height is 4097 pixels"),
        (probe(frames_per_second=22.9), "22.9 frames per second; TikTok takes 23 to 60"),
        (probe(frames_per_second=61), "61 frames per second"),
        (probe(seconds=2.999), "2.999 seconds long, which is too short; TikTok takes 3 seconds or more"),
        (probe(seconds=600.1), "600.1 seconds long, which is too long; at most 600 seconds"),
    ],
)
def test_check_media_outside_a_limit_names_the_figure(found: Probe, sentence: str) -> None:
    with pytest.raises(MediaRefused, match=sentence) as refused:
        check_media(found)
    assert refused.value.advice is Advice.GIVE_UP


def test_check_media_for_a_creator_with_less_time_goes_by_theirs() -> None:
    check_media(probe(seconds=60), longest_seconds=60)
    with pytest.raises(MediaRefused, match="at most 60 seconds are taken"):
        check_media(probe(seconds=61), longest_seconds=60)


def test_misfit_is_what_can_be_made_fit_and_not_the_length() -> None:
    assert misfit(probe(width=359)) == "The width is 359 pixels; TikTok takes 360 to 4096 on each side."
    assert misfit(probe(seconds=1)) == misfit(probe(seconds=601)) == ""


def test_changes_names_what_is_another_and_nothing_else() -> None:
    before = Probe(10, 1080, 1920, 24.02, "mpeg4", "", 1_000)
    assert list(changes(before, probe(frames_per_second=24.0))) == [
        "It is encoded as h264; it was mpeg4.",
        "It had no sound; it has silence.",
        "Places, devices and other facts written into the file are left out.",
    ]


def test_check_duration_takes_its_bounds() -> None:
    check_duration(3)
    check_duration(600)


@pytest.mark.parametrize(
    ("size", "sentence"), [(0, "The file is empty"), (MOST_BYTES + 1, "at most 4,294,967,296")]
)
def test_check_size_outside_the_limits_is_refused(size: int, sentence: str) -> None:
    with pytest.raises(MediaRefused, match=sentence):
        check_size(size)


def test_check_size_takes_up_to_four_gibibytes() -> None:
    check_size(1)
    check_size(MOST_BYTES)


def test_tell_a_probe_as_json() -> None:
    assert probe().as_json() == {
        "duration_seconds": 10.0,
        "width": 1080,
        "height": 1920,
        "frames_per_second": 30.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "bytes": 1_000,
    }


def test_get_transcoder_of_the_settings_is_the_local_one() -> None:
    transcoder = get_transcoder()
    assert isinstance(transcoder, FfmpegTranscoder)
    assert transcoder.simulated
    assert transcoder.timeout_seconds == 120


def test_get_transcoder_that_only_talks_is_refused() -> None:
    with (
        override_settings(PROVIDERS=scripted([])),
        pytest.raises(
            ProviderMisconfigured, match="'ScriptedModel', which cannot handle video; name a transcoder"
        ),
    ):
        get_transcoder("claude")


def test_probe_video_gives_its_figures_as_an_asset_keeps_them(tmp_path: Path) -> None:
    path = make_video(tmp_path / "made.mp4", seconds=3, rate=24)
    assert probe_video(path) == {
        "duration_seconds": 3.0,
        "width": 360,
        "height": 640,
        "frames_per_second": 24.0,
        "video_codec": "h264",
        "audio_codec": "",
        "bytes": path.stat().st_size,
    }


def test_probe_video_outside_the_limits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="too short"):
        probe_video(make_video(tmp_path / "made.mp4", seconds=1))
