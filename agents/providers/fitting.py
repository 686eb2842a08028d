"""Any video that can be read, in the one form we hand to TikTok: 1080x1920, H.264 and AAC, evenly loud.

TikTok takes H.264 (preferred), 23 to 60 frames a second, 3 to 600 seconds (Content Posting API, media limits).
The picture keeps its shape and all of it, in the middle, black beside it; it is shown upright as its rotation says.
Of a file's other facts (place, device, title, cover, subtitles) nothing is taken over.

Limits: HDR is not mapped to SDR (the wheel has no `zscale`), its colours come out pale; interlaced video is not
deinterlaced; a mirrored display matrix is not mirrored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from agents.providers.filters import Filter, Filters
from agents.providers.loudness import SAMPLE_RATE, STEREO, Loudness, loudness_of
from agents.providers.media import (
    FEWEST_FRAMES_PER_SECOND,
    FRAME_RATE_SLACK,
    MOST_CLIPS,
    MOST_FRAMES_PER_SECOND,
    MediaRefused,
    check_duration,
    check_longest,
)
from agents.providers.video_files import Deadline, Measured, measure, opened, picture_of, sound_of

WIDTH, HEIGHT = 1080, 1920
_STANDARD_RATES = tuple(
    Fraction(*rate)
    for rate in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
# The same number of threads everywhere, so that the same file makes the same bytes on any number of cores.
# At 12 Mbit/s at most, 600 seconds stay below the gigabyte that the Business API takes.
_X264 = {
    "preset": "veryfast",
    "profile": "high",
    "crf": "21",
    "maxrate": "12M",
    "bufsize": "24M",
    "threads": "2",
    "flags": "+bitexact",
}
_AAC = {"b": "192k", "flags": "+bitexact"}
_MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was looked into, and how loud it is; None without sound."""

    path: Path
    measured: Measured
    loudness: Loudness | None

    @property
    def rate(self) -> Fraction:
        """The even frame rate for it alone."""
        return rate_for(self.measured.probe.frames_per_second)

    def pictures_at(self, rate: Fraction) -> int:
        """Return how many pictures it has at a frame rate, of which WebM rounds its times to milliseconds."""
        return max(1, round(self.measured.length * rate))


def write_fitted(sources: Sequence[Path], out: Path, deadline: Deadline) -> None:
    """Write these clips, one after the other, to the MP4 `out`.

    Raises `MediaRefused`, naming the clip where there are several, and `MediaOutOfTime`.
    """
    if not 1 <= len(sources) <= MOST_CLIPS:
        raise MediaRefused(f"There are {len(sources)} clips; join 1 to {MOST_CLIPS} of them.")
    clips = [_looked_into(sources, number, deadline) for number in range(len(sources))]
    rate = max(clip.rate for clip in clips)
    check_duration(round(float(sum(clip.pictures_at(rate) for clip in clips) / rate), 3))
    with _Film(out, rate) as film:
        for clip in clips:
            film.add(clip, deadline)


def rate_for(measured: float) -> Fraction:
    """Return the even frame rate for one that was measured.

    Between 23 and 60 it is kept, as the standard rate it is within 0.05 of where it is; a slower one becomes the
    slowest standard rate in which each picture is shown equally often, else the slowest; a faster one 60.
    """
    near = min(_STANDARD_RATES, key=lambda rate: abs(float(rate) - measured))
    if abs(float(near) - measured) <= FRAME_RATE_SLACK or measured > MOST_FRAMES_PER_SECOND:
        return near
    if measured >= FEWEST_FRAMES_PER_SECOND:
        return Fraction(measured).limit_denominator(100)
    multiples = (rate for rate in _STANDARD_RATES if measured > 0 and _is_multiple(float(rate) / measured))
    return next(multiples, Fraction(24))


def _is_multiple(quotient: float) -> bool:
    return abs(quotient - round(quotient)) < 0.001


def _looked_into(sources: Sequence[Path], number: int, deadline: Deadline) -> Clip:
    try:
        measured = measure(sources[number], deadline)
        check_longest(measured.probe.duration_seconds)
        return Clip(sources[number], measured, _loudness(sources[number], measured, deadline))
    except MediaRefused as refused:
        if len(sources) == 1:
            raise
        raise MediaRefused(f"Clip {number + 1} of {len(sources)}: {refused}") from refused


def _loudness(path: Path, measured: Measured, deadline: Deadline) -> Loudness | None:
    with opened(path, deadline) as container:
        stream = sound_of(container)
        if stream is None:
            return None
        return loudness_of(frame for _, frame in _decoded(container, [stream], measured, deadline))


def _decoded(
    container: InputContainer, streams: list[Any], measured: Measured, deadline: Deadline
) -> Iterator[tuple[Any, Any]]:
    """Yield each frame with its stream, its time counted from the first picture; sound after the last is left out."""
    for packet in container.demux(streams):
        deadline.check()
        frames: Sequence[Any] = packet.decode()
        for frame in frames:
            if frame.is_corrupt:
                raise MediaRefused(
                    f"The file is damaged at {float(frame.time or 0):.1f} seconds; upload it again, or another."
                )
            frame.pts -= round(measured.begins_at / frame.time_base)
            if frame.pts * frame.time_base <= measured.length:
                yield packet.stream, frame


class _Film:
    """An MP4 that clips are added to, one after the other."""

    def __init__(self, out: Path, rate: Fraction) -> None:
        self._container: OutputContainer = av.open(str(out.absolute()), "w", format="mp4", options=_MP4)
        self._rate = rate
        self._pictures, self._samples = 0, 0
        self._video = self._container.add_stream("libx264", rate=rate, options=_X264)
        self._audio = self._container.add_stream("aac", rate=SAMPLE_RATE, options=_AAC, layout="stereo")
        self._video.width, self._video.height, self._video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._video.codec_context.time_base = 1 / rate

    def __enter__(self) -> "_Film":
        return self

    def __exit__(self, kind: Any, *problem: Any) -> None:
        """Write what is left, unless it went wrong, and close the file."""
        try:
            if kind is None:
                self._container.mux(self._video.encode())
                self._container.mux(self._audio.encode())
        finally:
            self._container.close()

    def add(self, clip: Clip, deadline: Deadline) -> None:
        """Add a clip: as many pictures as its length has at our rate, and sound for exactly as long."""
        pictures = clip.pictures_at(self._rate)
        heard_until = int((self._pictures + pictures) * SAMPLE_RATE / self._rate)
        with opened(clip.path, deadline) as container:
            video, audio = picture_of(container), sound_of(container)
            video.thread_type = "AUTO"
            seen = Filters(lambda first: _seen(first, video, self._rate, pictures))
            heard = Filters(lambda first: _heard(clip.loudness, heard_until - self._samples))
            streams = [video, audio] if audio else [video]
            for stream, frame in _decoded(container, streams, clip.measured, deadline):
                if stream is video:
                    self._show(seen.push(frame), deadline)
                else:
                    self._play(heard.push(frame), deadline)
            self._show(seen.end(), deadline)
            self._play(heard.end(), deadline)
        self._play(_silence(heard_until - self._samples), deadline)

    def _show(self, frames: Iterator[VideoFrame], deadline: Deadline) -> None:
        for frame in frames:
            deadline.check()
            frame.pts, frame.time_base = self._pictures, 1 / self._rate
            frame.pict_type = 0
            self._pictures += 1
            self._container.mux(self._video.encode(frame))

    def _play(self, frames: Iterator[AudioFrame], deadline: Deadline) -> None:
        for frame in frames:
            deadline.check()
            frame.pts, frame.time_base = self._samples, Fraction(1, SAMPLE_RATE)
            self._samples += frame.samples
            self._container.mux(self._audio.encode(frame))


def _seen(first: VideoFrame, stream: VideoStream, rate: Fraction, pictures: int) -> list[Filter]:
    """Return what makes upright pictures of our size of frames like the first: exactly so many, at our rate."""
    width, height = _fitted_sides(first, stream)
    return [
        *_turned(first.rotation),
        ("scale", f"{width}:{height}:flags=bicubic:out_color_matrix=bt709:out_range=tv"),
        ("setsar", "1"),
        ("pad", f"{WIDTH}:{HEIGHT}:(ow-iw)/2:(oh-ih)/2:black"),
        ("fps", f"{rate}:start_time=0"),
        ("format", "yuv420p"),
        ("tpad", "stop_mode=clone:stop=-1"),
        ("trim", f"end_frame={pictures}"),
    ]


def _turned(degrees: int) -> list[Filter]:
    """Return what turns a picture as its display matrix says, which counts counter-clockwise."""
    turns: dict[int, list[Filter]] = {
        90: [("transpose", "cclock")],
        180: [("hflip", ""), ("vflip", "")],
        270: [("transpose", "clock")],
    }
    return turns.get(round(degrees / 90) * 90 % 360, [])


def _fitted_sides(first: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Return the largest even sides within ours in the shape the picture is meant to have."""
    shape = Fraction(first.width, first.height) * (stream.sample_aspect_ratio or 1)
    if round(first.rotation / 90) % 2:
        shape = 1 / shape
    width, height = min(Fraction(WIDTH), HEIGHT * shape), min(Fraction(HEIGHT), WIDTH / shape)
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)


def _heard(loudness: Loudness | None, samples: int) -> list[Filter]:
    """Return what makes sound evenly loud stereo of ours, at most so many samples."""
    evened = loudness.filters if loudness else ()
    return [*STEREO, *evened, *STEREO, ("atrim", f"end_sample={samples}")]


def _silence(samples: int) -> Iterator[AudioFrame]:
    """Yield so many samples of nothing."""
    for start in range(0, samples, SAMPLE_RATE):
        frame = AudioFrame("fltp", "stereo", min(SAMPLE_RATE, samples - start))
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = SAMPLE_RATE
        yield frame
