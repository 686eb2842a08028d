"""What we ask of whoever handles video, what a probe tells, and what TikTok takes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from agents.providers.errors import ProviderError, ProviderMisconfigured
from agents.providers.registry import get_provider

SHORTEST_SECONDS = 3.0
LONGEST_SECONDS = 600.0
SMALLEST_SIDE, LARGEST_SIDE = 360, 4096
FEWEST_FRAMES_PER_SECOND, MOST_FRAMES_PER_SECOND = 23.0, 60.0
MOST_BYTES = 4 * 1024**3
LARGEST_SOURCE_SIDE = 8192
"""What is made fit may be as large as 8K: one of its pictures is 100 MB of memory."""
MOST_CLIPS = 20
"""How many videos are joined at most."""
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9")
"""TikTok, Content Posting API, media limits; 3 seconds is the Business API's least.

A creator may have less than 600 seconds: `max_video_post_duration_sec` says how much.
"""

FRAME_RATE_SLACK = 0.05  # 59.94 and 23.976 are what cameras mean by 60 and 24; rates are measured


class MediaRefused(ProviderError):
    """This file is not a video TikTok takes; choose another."""


class MediaOutOfTime(ProviderError):
    """The video took longer to handle than it may; try a shorter one."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a video file is, measured, not believed.

    Sides are in pixels as stored, before any rotation; `frames_per_second` is the mean;
    `audio_codec` is empty where there is no sound.
    """

    duration_seconds: float
    width: int
    height: int
    frames_per_second: float
    video_codec: str
    audio_codec: str
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object an asset keeps."""
        return asdict(self)


@runtime_checkable
class Transcoder(Protocol):
    """Someone who makes and measures videos."""

    @property
    def simulated(self) -> bool:
        """Return whether the provider stands in for a real one."""

    def render_card_video(self, lines: tuple[str, ...], *, seconds: float, out: Path) -> Probe:
        """Make a video of these lines, one after the other, at `out`, and return its probe."""

    def probe(self, path: Path, *, longest_seconds: float = LONGEST_SECONDS) -> Probe:
        """Return what the video at `path` is. Raises `MediaRefused` for what TikTok does not take."""

    def look_into(self, path: Path) -> Probe:
        """Return what the video at `path` is. Raises `MediaRefused` for what cannot even be made fit for TikTok."""

    def transcode(self, source: Path, *, out: Path) -> Probe:
        """Make a video TikTok takes of any that can be read, at `out`, and return its probe."""

    def assemble(self, clips: Sequence[Path], *, out: Path) -> Probe:
        """Join 1 to 20 clips in order to a video TikTok takes, at `out`, and return its probe."""


def get_transcoder(alias: str = "transcoder") -> Transcoder:
    """Return the provider `alias` as one that handles video. Raises `ProviderMisconfigured`."""
    provider = get_provider(alias)
    if not isinstance(provider, Transcoder):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['BACKEND'] is {type(provider).__qualname__!r}, which cannot handle video; "
            "name a transcoder."
        )
    return provider


def probe_video(path: Path) -> dict[str, Any]:
    """Return the figures of the video at `path` as an asset keeps them; raises `ProviderError`.

    With `unfit`, why TikTok would not take it, where `fit_video` can make a copy that it takes.
    """
    probe = get_transcoder().look_into(path)
    why = misfit(probe)
    return probe.as_json() | ({"unfit": why} if why else {})


def fit_video(source: Path, out: Path) -> dict[str, Any]:
    """Make a copy TikTok takes at `out`, and return its figures; `changed` says in sentences what is another.

    Raises `ProviderError`.
    """
    transcoder = get_transcoder()
    before = transcoder.look_into(source)
    after = transcoder.transcode(source, out=out)
    return after.as_json() | {"changed": list(changes(before, after))}


def changes(before: Probe, after: Probe) -> Iterator[str]:
    """Yield a sentence for each thing that was changed to make a video fit."""
    if (before.width, before.height) != (after.width, after.height):
        yield (
            f"The picture is {after.width} × {after.height} pixels, upright and black where the video does not reach; "
            f"it was stored as {before.width} × {before.height}."
        )
    if abs(before.frames_per_second - after.frames_per_second) > FRAME_RATE_SLACK:
        yield f"It has {after.frames_per_second:g} pictures a second; it had {before.frames_per_second:g}."
    if before.video_codec != after.video_codec:
        yield f"It is encoded as {after.video_codec}; it was {before.video_codec}."
    if before.audio_codec:
        yield "Its sound is brought to -14 LUFS, as loud as TikTok plays it, as far as its peaks allow."
    else:
        yield "It had no sound; it has silence."
    yield "Places, devices and other facts written into the file are left out."


def check_media(probe: Probe, *, longest_seconds: float = LONGEST_SECONDS) -> None:
    """Raise `MediaRefused`, naming the figure, for a video outside TikTok's limits."""
    if why := misfit(probe):
        raise MediaRefused(why)
    check_duration(probe.duration_seconds, longest_seconds=longest_seconds)


def misfit(probe: Probe) -> str:
    """Return why TikTok does not take a video that can be made fit, naming the figure; nothing where it does."""
    if probe.video_codec not in VIDEO_CODECS:
        return f"The video is encoded as {probe.video_codec!r}; TikTok takes {', '.join(VIDEO_CODECS)}."
    for name, side in (("width", probe.width), ("height", probe.height)):
        if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
            return (
                f"The {name} is {side} pixels; TikTok takes {SMALLEST_SIDE} to {LARGEST_SIDE} on each side."
            )
    least, most = FEWEST_FRAMES_PER_SECOND, MOST_FRAMES_PER_SECOND
    if not least - FRAME_RATE_SLACK <= probe.frames_per_second <= most + FRAME_RATE_SLACK:
        return f"The video has {probe.frames_per_second:g} frames per second; TikTok takes {least:g} to {most:g}."
    return ""


def check_duration(seconds: float, *, longest_seconds: float = LONGEST_SECONDS) -> None:
    """Raise `MediaRefused` for a video that is too short or too long."""
    if seconds < SHORTEST_SECONDS:
        raise MediaRefused(
            f"The video is {seconds:g} seconds long, which is too short; TikTok takes "
            f"{SHORTEST_SECONDS:g} seconds or more."
        )
    check_longest(seconds, longest_seconds=longest_seconds)


def check_longest(seconds: float, *, longest_seconds: float = LONGEST_SECONDS) -> None:
    """Raise `MediaRefused` for a video that is too long."""
    if seconds > longest_seconds:
        raise MediaRefused(
            f"The video is {seconds:g} seconds long, which is too long; at most {longest_seconds:g} "
            "seconds are taken."
        )


def check_size(size_bytes: int) -> None:
    """Raise `MediaRefused` for an empty file or one that is too large."""
    if not size_bytes:
        raise MediaRefused("The file is empty; choose a video.")
    if size_bytes > MOST_BYTES:
        raise MediaRefused(f"The file has {size_bytes:,} bytes; TikTok takes at most {MOST_BYTES:,}.")
