"""Small real videos, and what people upload of them."""

import hashlib
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.assets import store_asset
from tiktok_ops.content.models import Asset

HURRIED = {"libx264": {"preset": "ultrafast"}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}
"""How to encode where nobody looks at the pictures: in a third of the time."""


def make_video(
    path: Path,
    *,
    seconds: float = 3,
    rate: int = 30,
    size: tuple[int, int] = (360, 640),
    codec: str = "libx264",
    container: str = "mp4",
    options: dict[str, str] | None = None,
) -> Path:
    """Encode grey frames without sound."""
    with av.open(str(path), "w", format=container, options=options or {}) as output:
        stream = output.add_stream(codec, rate=rate, options=HURRIED.get(codec, {}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        output.start_encoding()
        for number in range(round(seconds * rate)):
            frame = VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def make_sound(path: Path) -> Path:
    """Encode a second of silence, nothing to see."""
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=44_100, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = AudioFrame("fltp", "mono", 1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 44_100, 0, Fraction(1, 44_100)
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@cache
def video_bytes(*, seconds: float = 3) -> bytes:
    """Return the bytes of a small MP4; another length is another video."""
    with tempfile.TemporaryDirectory() as folder:
        return make_video(Path(folder) / "made.mp4", seconds=seconds, rate=24).read_bytes()


def uploaded(content: bytes | None = None, name: str = "clip.mp4") -> SimpleUploadedFile:
    """Return what a browser sends, by default the small video."""
    return SimpleUploadedFile(name, video_bytes() if content is None else content)


def stored_video(account: TikTokAccount, content: bytes = b"as good as a video", **changes: Any) -> Asset:
    """Return an asset of the account's brand with a file of this content, which nobody looked into."""
    given: dict[str, Any] = {
        "workspace_id": account.workspace_id,
        "brand_id": account.brand_id,
        "file": ContentFile(content),
        "media_type": "video/mp4",
        "probe": {
            "duration_seconds": 12.4,
            "width": 1080,
            "height": 1920,
            "frames_per_second": 30.0,
            "video_codec": "h264",
            "audio_codec": "aac",
            "bytes": len(content),
        },
        "rights_note": "Ours",
        "rights_expire_at": None,
        "by": "test",
    }
    return store_asset(**(given | changes))


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of the content, in hex."""
    return hashlib.sha256(content).hexdigest()
