"""Videos made and measured with FFmpeg's libraries, which the wheel of `av` (PyAV) brings along.

Nothing here starts a program or fetches anything: the libraries work in this process, on local files.
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from agents.providers.cards import HEIGHT, WIDTH, Card, draw_cards
from agents.providers.errors import ProviderMisconfigured
from agents.providers.media import (
    LONGEST_SECONDS,
    MediaOutOfTime,
    MediaRefused,
    Probe,
    check_duration,
    check_media,
    check_size,
)

FRAMES_PER_SECOND = 30
LONGEST_CARD_SECONDS = 60.0
SAMPLE_RATE = 44_100
TIMEOUT_SECONDS = 120.0
_SAMPLES_PER_FRAME = 1024  # what AAC packs together
# One thread, so that the same lines make the same bytes on any number of cores.
_X264 = {"preset": "veryfast", "tune": "stillimage", "crf": "26", "threads": "1"}
_MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}

# What a file begins with decides who reads it; FFmpeg is never left to guess, because some of the
# formats it knows (playlists) are lists of other files to open.
_READERS: tuple[tuple[slice, frozenset[bytes], str], ...] = (
    (slice(4, 8), frozenset([b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"]), "mov"),
    (slice(0, 4), frozenset([b"\x1aE\xdf\xa3"]), "matroska"),
)


class FfmpegTranscoder:
    """The `transcoder` provider; sandbox and live are the same, nothing leaves this machine.

    The one option is `timeout_seconds`, how long one video may take.
    """

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        self.simulated = mode == "sandbox"
        timeout = options.get("timeout_seconds", TIMEOUT_SECONDS)
        if set(options) - {"timeout_seconds"} or not isinstance(timeout, int | float) or timeout <= 0:
            raise ProviderMisconfigured(
                f"The transcoder's OPTIONS have {sorted(options)!r}; the only one is 'timeout_seconds', a "
                "number above 0."
            )
        self.timeout_seconds = float(timeout)

    def render_card_video(self, lines: tuple[str, ...], *, seconds: float, out: Path) -> Probe:
        """Make an MP4 (1080x1920, H.264 and silent AAC, 30 frames a second) of these lines at `out`.

        Each line is shown for its equal part of `seconds` (3 to 60) above a bar of progress. The file
        appears when it is whole; the same arguments give the same bytes with the same wheel. Returns its
        probe. Raises `MediaRefused` for lines that cannot be drawn or do not fit and for a duration out
        of range, and `MediaOutOfTime`.
        """
        check_duration(seconds, longest_seconds=LONGEST_CARD_SECONDS)
        deadline = _Deadline.after(self.timeout_seconds)
        try:
            cards = draw_cards(lines)
        except ValueError as problem:
            raise MediaRefused(str(problem)) from problem
        with _whole_or_nothing(out) as part:
            _encode(cards, round(seconds * FRAMES_PER_SECOND), part, deadline)
            return self.probe(part)

    def probe(self, path: Path, *, longest_seconds: float = LONGEST_SECONDS) -> Probe:
        """Return what the video at `path` is, from all of its packets and its first picture.

        Raises `MediaRefused`, saying what is wrong, for a file that is no video, is cut off or corrupt,
        or is outside TikTok's limits, and `MediaOutOfTime`.
        Limit: only the first picture is decoded; damage to a later one may go unseen.
        """
        size = _size_of(path)
        deadline = _Deadline.after(self.timeout_seconds)
        try:
            probe = self._measured(path, size, deadline)
        except FFmpegError as error:
            deadline.check()  # what was interrupted looks corrupt to the library
            raise MediaRefused(
                f"The file cannot be read as a video ({error.strerror}); it may be cut off or corrupt."
            ) from error
        check_media(probe, longest_seconds=longest_seconds)
        return probe

    def _measured(self, path: Path, size: int, deadline: "_Deadline") -> Probe:
        with av.open(
            str(path.absolute()),
            "r",
            format=_reader_of(path),
            options={"protocol_whitelist": "file"},
            timeout=self.timeout_seconds,
        ) as container:
            return _measure(container, size, deadline)


@dataclass(frozen=True, slots=True)
class _Deadline:
    """When a video has to be done, on the monotonic clock."""

    at: float
    timeout_seconds: float

    @classmethod
    def after(cls, timeout_seconds: float) -> "_Deadline":
        """Return the deadline so many seconds from now."""
        return cls(time.monotonic() + timeout_seconds, timeout_seconds)

    def check(self) -> None:
        """Raise `MediaOutOfTime` when it has passed."""
        if time.monotonic() > self.at:
            raise _out_of_time(self.timeout_seconds)


def _out_of_time(timeout_seconds: float) -> MediaOutOfTime:
    return MediaOutOfTime(f"The video was not done after {timeout_seconds:g} seconds; try a shorter one.")


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[Path]:
    """Give a name next to `out` to write to; it becomes `out` when all went well, else it goes away."""
    part = out.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _encode(cards: list[Card], frames: int, path: Path, deadline: _Deadline) -> None:
    with av.open(str(path.absolute()), "w", format="mp4", options=_MP4) as container:
        video = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=_X264)
        audio = container.add_stream("aac", rate=SAMPLE_RATE, options={"flags": "+bitexact"}, layout="mono")
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.time_base = Fraction(1, FRAMES_PER_SECOND)
        for number in range(frames):
            deadline.check()
            card = cards[number * len(cards) // frames]
            container.mux(video.encode(_picture(card, number, share=(number + 1) / frames)))
        container.mux(video.encode())
        _mux_silence(container, audio, samples=frames * SAMPLE_RATE // FRAMES_PER_SECOND)


def _picture(card: Card, number: int, *, share: float) -> VideoFrame:
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, content in zip(frame.planes, (card.with_progress(share), card.u, card.v), strict=True):
        plane.update(_padded(content, plane.width, plane.line_size))
    frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
    return frame


def _padded(content: bytes, width: int, line_size: int) -> bytes:
    """Return a plane with its rows filled up to the length FFmpeg keeps them in."""
    padding = bytes(line_size - width)
    return b"".join(content[at : at + width] + padding for at in range(0, len(content), width))


def _mux_silence(container: OutputContainer, audio: AudioStream, *, samples: int) -> None:
    for start in range(0, samples, _SAMPLES_PER_FRAME):
        frame = AudioFrame("fltp", "mono", min(_SAMPLES_PER_FRAME, samples - start))
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(frame))
    container.mux(audio.encode())


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


def _measure(container: InputContainer, size: int, deadline: _Deadline) -> Probe:
    video = container.streams.best("video")
    audio = container.streams.best("audio")
    if not isinstance(video, VideoStream):
        raise MediaRefused("The file has no video stream; choose a video.")
    length, packets = _watched(container, video, deadline)
    if packets < video.frames:
        raise MediaRefused(
            f"The file is cut off: it should have {video.frames} pictures and has {packets}; upload it again."
        )
    return Probe(
        duration_seconds=round(float(length), 3),
        width=video.width,
        height=video.height,
        frames_per_second=round(float(packets / length), 3) if length else 0.0,
        video_codec=video.codec_context.name,
        audio_codec=audio.codec_context.name if isinstance(audio, AudioStream) else "",
        bytes=size,
    )


def _watched(container: InputContainer, video: VideoStream, deadline: _Deadline) -> tuple[Fraction, int]:
    """Return how long the video runs, in seconds, and its pictures, and decode the first of them."""
    first, last, packets, is_seen = None, Fraction(0), 0, False
    for packet in container.demux(video):
        deadline.check()
        is_seen = is_seen or bool(packet.decode())
        if packet.pts is None:  # the end
            continue
        start = packet.pts * packet.time_base
        first = start if first is None else min(first, start)
        last = max(last, start + (packet.duration or 0) * packet.time_base)
        packets += 1
    if not is_seen:
        raise MediaRefused("No picture of the video can be decoded; it is corrupt, upload another.")
    return last - (first or Fraction(0)), packets
