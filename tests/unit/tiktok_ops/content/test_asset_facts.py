"""What a media file is, in plain words."""

from typing import Any

import pytest

from tiktok_ops.content.asset_facts import ENDINGS, figures, kind_of_file, length_and_sides
from tiktok_ops.content.assets import MEDIA_TYPES
from tiktok_ops.content.models import Asset

PROBE: dict[str, Any] = {
    "duration_seconds": 12.4,
    "width": 1080,
    "height": 1920,
    "frames_per_second": 29.97,
    "video_codec": "h264",
    "audio_codec": "aac",
}


def asset(media_type: str = "video/mp4", **probe: Any) -> Asset:
    return Asset(media_type=media_type, bytes=3_211_222, probe=probe)


@pytest.mark.parametrize(
    ("media_type", "words"),
    [
        ("video/mp4", "MP4 video"),
        ("video/quicktime", "MOV video"),
        ("video/webm", "WebM video"),
        ("image/jpeg", "JPEG image"),
        ("image/webp", "WebP image"),
    ],
)
def test_name_the_kind_of_each_media_type_in_words(media_type: str, words: str) -> None:
    assert kind_of_file(asset(media_type)) == words


def test_name_files_of_every_media_type_with_their_ending() -> None:
    assert set(ENDINGS) == set(MEDIA_TYPES)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (PROBE, "12.4 s, 1080 × 1920"),
        ({"width": 720, "height": 720}, "720 × 720"),
        ({"duration_seconds": 6}, "6 s"),
        ({"width": 720}, ""),
        ({}, ""),
    ],
)
def test_tell_length_and_sides_as_far_as_they_were_measured(probe: dict[str, Any], words: str) -> None:
    assert length_and_sides(asset(**probe)) == words


def test_tell_figures_of_a_video_in_plain_words() -> None:
    assert figures(asset(**PROBE)) == {
        "Size": "3.2 MB (3,211,222 bytes)",
        "Length": "12.4 seconds",
        "Picture": "1080 × 1920 pixels, upright as stored",
        "Frames a second": "29.97",
        "Encoded as": "H.264",
        "Sound": "AAC",
    }


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(1080, 1080, "square"), (1080, 1920, "upright"), (1920, 1080, "landscape")],
)
def test_tell_figures_of_a_picture_names_its_shape(width: int, height: int, shape: str) -> None:
    assert figures(asset(width=width, height=height))["Picture"].endswith(f"pixels, {shape} as stored")


def test_tell_figures_of_a_silent_video_in_an_unknown_codec_says_so() -> None:
    told = figures(asset(video_codec="av1", audio_codec=""))
    assert (told["Encoded as"], told["Sound"]) == ("av1", "none")


def test_tell_figures_of_what_was_not_measured_leaves_them_out() -> None:
    assert list(figures(asset("image/jpeg"))) == ["Size"]
