"""Reading a video file: whole, on this machine, within its time, and measured rather than believed."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from agents.providers.media import LARGEST_SOURCE_SIDE, MediaOutOfTime, MediaRefused, Probe, check_size

# What a file begins with decides who reads it; FFmpeg is never left to guess, because some of the
# formats it knows (playlists) are lists of other files to open.
_READERS: tuple[tuple[slice, frozenset[bytes], str], ...] = (
    (slice(4, 8), frozenset([b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"]), "mov"),
    (slice(0, 4), frozenset([b"\x1aE\xdf\xa3"]), "matroska"),
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a video has to be done, on the monotonic clock."""

    at: float
    timeout_seconds: float

    @classmethod
    def after(cls, timeout_seconds: float) -> "Deadline":
        """Return the deadline so many seconds from now."""
        return cls(time.monotonic() + timeout_seconds, timeout_seconds)

    def check(self) -> None:
        """Raise `MediaOutOfTime` when it has passed."""
        if time.monotonic() > self.at:
            raise MediaOutOfTime(
                f"The video was not done after {self.timeout_seconds:g} seconds; try a shorter one."
            )


@contextmanager
def whole_or_nothing(out: Path) -> Iterator[Path]:
    """Give a name next to `out` to write to; it becomes `out` when all went well, else it goes away."""
    part = out.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def opened(path: Path, deadline: Deadline) -> Iterator[InputContainer]:
    """Give the file at `path` as a container, for the block.

    Raises `MediaRefused` for a kind of file nobody here reads, and in place of what the libraries raise about
    one that is cut off or corrupt; `MediaOutOfTime`.
    """
    try:
        with av.open(
            str(path.absolute()),
            "r",
            format=_reader_of(path),
            options={"protocol_whitelist": "file"},
            timeout=deadline.timeout_seconds,
        ) as container:
            yield container
    except FFmpegError as error:
        deadline.check()  # what was interrupted looks corrupt to the library
        raise MediaRefused(
            f"The file cannot be read as a video ({error.strerror}); it may be cut off or corrupt."
        ) from error


@dataclass(frozen=True, slots=True)
class Measured:
    """What a file is, and when its first picture is shown, in seconds of its own clock."""

    probe: Probe
    begins_at: Fraction
    length: Fraction


def measure(path: Path, deadline: Deadline) -> Measured:
    """Return what the video at `path` is, from all of its packets and its first picture.

    Raises `MediaRefused` for a file that is no video, is cut off, corrupt, encrypted, or larger than any TikTok
    takes, and `MediaOutOfTime`; whether it is what TikTok takes is not looked at here.
    """
    size = _size_of(path)
    with opened(path, deadline) as container:
        return _measure(container, size, deadline)


def picture_of(container: InputContainer) -> VideoStream:
    """Return the stream of pictures; raises `MediaRefused` where there is none that can be read."""
    if not (container.streams.video or container.streams.audio):
        raise MediaRefused("Nothing in the file can be read; it is cut off or corrupt, upload it again.")
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise MediaRefused("The file has no video stream; choose a video.")
    # PyAV's types do not say so, but there is none where FFmpeg has no decoder.
    if stream.codec_context is None:
        raise MediaRefused(
            "The video is encrypted, or encoded in a way that is not known here; export it as H.264 (MP4) and "
            "upload that."
        )
    return stream


def sound_of(container: InputContainer) -> AudioStream | None:
    """Return the stream of sound, None where there is none that can be read."""
    stream = container.streams.best("audio")
    return stream if isinstance(stream, AudioStream) and stream.codec_context is not None else None


def _size_of(path: Path) -> int:
    """Return the bytes of a file. Raises `MediaRefused` where there is none, or none to speak of."""
    if not path.is_file():
        raise MediaRefused(f"There is no file {path.name!r}; upload it again.")
    size = path.stat().st_size
    check_size(size)
    return size


def _reader_of(path: Path) -> str:
    """Return who reads a file, by how it begins."""
    with path.open("rb") as file:
        head = file.read(12)
    for where, beginnings, name in _READERS:
        if head[where] in beginnings:
            return name
    raise MediaRefused(f"The file {path.name!r} is no video we know; choose an MP4, MOV or WebM.")


def _measure(container: InputContainer, size: int, deadline: Deadline) -> Measured:
    video, audio = picture_of(container), sound_of(container)
    if max(video.width, video.height) > LARGEST_SOURCE_SIDE:
        raise MediaRefused(
            f"The picture is {video.width} × {video.height} pixels, which is too large; "
            f"export it with at most {LARGEST_SOURCE_SIDE} on each side."
        )
    begins_at, length, packets = _watched(container, video, deadline)
    if packets < video.frames:
        raise MediaRefused(
            f"The file is cut off: it should have {video.frames} pictures and has {packets}; upload it again."
        )
    probe = Probe(
        duration_seconds=round(float(length), 3),
        width=video.width,
        height=video.height,
        frames_per_second=round(float(packets / length), 3) if length else 0.0,
        video_codec=video.codec_context.name,
        audio_codec=audio.codec_context.name if audio else "",
        bytes=size,
    )
    return Measured(probe, begins_at, length)


def _watched(
    container: InputContainer, video: VideoStream, deadline: Deadline
) -> tuple[Fraction, Fraction, int]:
    """Return when the video begins and how long it runs, in seconds, and its pictures; decode the first of them."""
    starts: list[Fraction] = []
    end, is_seen = Fraction(0), False
    for packet in container.demux(video):
        deadline.check()
        is_seen = is_seen or bool(packet.decode())
        if packet.pts is None:  # the end
            continue
        starts.append(packet.pts * packet.time_base)
        end = max(end, starts[-1] + (packet.duration or 0) * packet.time_base)
    if not is_seen or not starts:
        raise MediaRefused("No picture of the video can be decoded; it is corrupt, upload another.")
    return min(starts), end - min(starts), len(starts)
