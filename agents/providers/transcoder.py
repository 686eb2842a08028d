"""Videos made and measured with FFmpeg's libraries, which the wheel of `av` (PyAV) brings along.

Nothing here starts a program or fetches anything: the libraries work in this process, on local files.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame

from agents.providers.cards import HEIGHT, WIDTH, Card, draw_cards
from agents.providers.errors import ProviderMisconfigured
from agents.providers.fitting import write_fitted
from agents.providers.media import LONGEST_SECONDS, MediaRefused, Probe, check_duration, check_media
from agents.providers.video_files import Deadline, measure, whole_or_nothing

FRAMES_PER_SECOND = 30
LONGEST_CARD_SECONDS = 60.0
SAMPLE_RATE = 44_100
TIMEOUT_SECONDS = 120.0
FITTING_TIMES = 2
"""Pictures that move take long to encode, about a second of one core for each second of 1080p at 30 frames: what is
made of other videos may take twice the time of what is measured or drawn."""
_SAMPLES_PER_FRAME = 1024  # what AAC packs together
# One thread, so that the same lines make the same bytes on any number of cores.
_X264 = {"preset": "veryfast", "tune": "stillimage", "crf": "26", "threads": "1"}
_MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}


class FfmpegTranscoder:
    """The `transcoder` provider; sandbox and live are the same, nothing leaves this machine.

    The one option is `timeout_seconds`, how long one video may take; one made of others, twice as long.
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
        deadline = Deadline.after(self.timeout_seconds)
        try:
            cards = draw_cards(lines)
        except ValueError as problem:
            raise MediaRefused(str(problem)) from problem
        with whole_or_nothing(out) as part:
            _encode(cards, round(seconds * FRAMES_PER_SECOND), part, deadline)
            return self.probe(part)

    def probe(self, path: Path, *, longest_seconds: float = LONGEST_SECONDS) -> Probe:
        """Return what the video at `path` is, from all of its packets and its first picture.

        Raises `MediaRefused`, saying what is wrong, for a file that is no video, is cut off or corrupt,
        or is outside TikTok's limits, and `MediaOutOfTime`.
        Limit: only the first picture is decoded; damage to a later one may go unseen.
        """
        probe = measure(path, Deadline.after(self.timeout_seconds)).probe
        check_media(probe, longest_seconds=longest_seconds)
        return probe

    def look_into(self, path: Path) -> Probe:
        """Return what the video at `path` is; in any form that `transcode` can make fit.

        Raises `MediaRefused` for a file that cannot be read, or is too large, too short or too long, and
        `MediaOutOfTime`.
        """
        probe = measure(path, Deadline.after(self.timeout_seconds)).probe
        check_duration(probe.duration_seconds)
        return probe

    def transcode(self, source: Path, *, out: Path) -> Probe:
        """Make an MP4 in the profile of `fitting` of any video that can be read, at `out`, and return its probe.

        The whole picture is kept, black bars beside it, never cut or stretched. The file appears when it is whole;
        the same bytes give the same bytes with the same wheel. Raises `MediaRefused` for what is no video, is
        corrupt, encrypted, too large, too short or too long, and `MediaOutOfTime`.
        """
        return self.assemble([source], out=out)

    def assemble(self, clips: Sequence[Path], *, out: Path) -> Probe:
        """Join 1 to 20 clips, one after the other, as `transcode` makes each, and return the probe of the whole.

        They run at the highest of their frame rates and are equally loud. A clip may be short: the whole has
        to be 3 to 600 seconds long. Raises what `transcode` raises, naming the clip where there are several.
        """
        deadline = Deadline.after(self.timeout_seconds * FITTING_TIMES)
        with whole_or_nothing(out) as part:
            write_fitted(clips, part, deadline)
            return self.probe(part)


def _encode(cards: list[Card], frames: int, path: Path, deadline: Deadline) -> None:
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
