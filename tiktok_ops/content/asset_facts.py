"""What a media file is, in plain words: from its row, without opening it."""

from typing import Any

from tiktok_ops.cells import megabytes
from tiktok_ops.content.models import Asset

ENDINGS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "image/jpeg": "jpg",
    "image/webp": "webp",
}
"""What the name of a file ends in, by its media type."""

_CODECS = {"h264": "H.264", "hevc": "H.265", "vp8": "VP8", "vp9": "VP9", "aac": "AAC", "opus": "Opus"}


def kind_of_file(asset: Asset) -> str:
    """Return what it is: "MP4 video", "JPEG image"."""
    kind, _, form = asset.media_type.partition("/")
    name = {"quicktime": "MOV", "webm": "WebM", "webp": "WebP"}.get(form, form.upper())
    return f"{name} {kind}"


def length_and_sides(asset: Asset) -> str:
    """Return "12.4 s, 1080 × 1920", as far as it was measured."""
    seconds, sides = asset.probe.get("duration_seconds"), _sides(asset.probe)
    return ", ".join(filter(None, [f"{seconds:g} s" if seconds else "", sides]))


def figures(asset: Asset) -> dict[str, str]:
    """Return what was measured, by its name; what was not is left out."""
    probe = asset.probe
    seconds, rate = probe.get("duration_seconds"), probe.get("frames_per_second")
    sound = probe.get("audio_codec")
    told = {
        "Size": f"{megabytes(asset.bytes)} ({asset.bytes:,} bytes)",
        "Length": f"{seconds:g} seconds" if seconds else "",
        "Picture": _picture(probe),
        "Frames a second": f"{rate:g}" if rate else "",
        "Encoded as": _codec(probe.get("video_codec")),
        "Sound": "" if sound is None else _codec(sound) or "none",
    }
    return {name: value for name, value in told.items() if value}


def _sides(probe: dict[str, Any]) -> str:
    width, height = probe.get("width"), probe.get("height")
    return f"{width} × {height}" if width and height else ""


def _picture(probe: dict[str, Any]) -> str:
    sides = _sides(probe)
    if not sides:
        return ""
    width, height = probe["width"], probe["height"]
    shape = "square" if width == height else "upright" if height > width else "landscape"
    return f"{sides} pixels, {shape} as stored"


def _codec(name: str | None) -> str:
    return _CODECS.get(name or "", name or "")
