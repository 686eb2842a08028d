"""Small real videos of every kind: any size, rate, codec, turn and sound, with a corner one can find again."""

import math
import random
import struct
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame

from tests.factories.media import HURRIED

CORNER, GROUND = 220, 90
"""The brightness of the upper left quarter of a picture, and of the rest of it."""

_TURNS = {
    90: (0, 1, -1, 0),  # as a phone that is held upright writes it: to be turned clockwise
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


@dataclass(frozen=True, slots=True)
class Tone:
    """Sound for as long as the pictures and so many seconds more: a sine of 997 Hz, 1.0 is full scale."""

    amplitude: float = 0.1
    codec: str = "aac"
    rate: int = 44_100
    layout: str = "stereo"
    more: float = 0


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip is to be like; `turned` are degrees clockwise a player has to turn it by."""

    seconds: float = 3
    rate: int = 24
    size: tuple[int, int] = (160, 90)
    codec: str = "libx264"
    pixels: str = "yuv420p"
    container: str = "mp4"
    tone: Tone | None = None
    turned: int = 0
    is_noise: bool = False
    pixel_shape: Fraction = Fraction(1)
    metadata: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Encode it to `path`, and return that."""
        options = {"movflags": "use_metadata_tags"} if self.metadata else {}
        with av.open(str(path), "w", format=self.container, options=options) as output:
            output.metadata.update(self.metadata)
            self._mux(output)
        if self.turned:
            path.write_bytes(turned(path.read_bytes(), self.turned))
        return path

    def _mux(self, output: OutputContainer) -> None:
        video = output.add_stream(self.codec, rate=self.rate, options=HURRIED.get(self.codec, {}))
        assert isinstance(video, av.VideoStream)
        video.width, video.height = self.size
        video.pix_fmt = self.pixels
        video.codec_context.sample_aspect_ratio = self.pixel_shape
        tone = self.tone
        audio = output.add_stream(tone.codec, rate=tone.rate, layout=tone.layout) if tone else None
        output.start_encoding()
        for number in range(round(self.seconds * self.rate)):
            shown = noise(self.size, number) if self.is_noise else picture(self.size)
            frame = shown.reformat(format=self.pixels)
            frame.pts, frame.time_base = number, Fraction(1, self.rate)
            output.mux(video.encode(frame))
        output.mux(video.encode())
        if tone and isinstance(audio, av.AudioStream):
            _mux_tone(output, audio, tone, round((self.seconds + tone.more) * tone.rate))


def picture(size: tuple[int, int]) -> VideoFrame:
    """Return a grey picture whose upper left quarter is bright."""
    width, height = size
    frame = VideoFrame(width, height, "yuv420p")
    for number, plane in enumerate(frame.planes):
        rest = bytes([128 if number else GROUND]) * plane.line_size
        corner = bytes([128 if number else CORNER]) * (plane.width // 2) + rest[plane.width // 2 :]
        half = plane.height // 2
        plane.update(corner * half + rest * (plane.height - half))
    return frame


def noise(size: tuple[int, int], number: int) -> VideoFrame:
    """Return a picture of which every byte tells something; the same number, the same picture."""
    width, height = size
    frame = VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(random.Random(number).randbytes(plane.buffer_size))
    return frame


def turned(content: bytes, degrees: int) -> bytes:
    """Return an MP4 whose display matrix (ISO/IEC 14496-12, 8.3.2) says it is to be turned clockwise."""
    a, b, c, d = (value << 16 for value in _TURNS[degrees])
    at = content.index(b"tkhd") + 44
    return content[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + content[at + 36 :]


def _mux_tone(output: OutputContainer, audio: av.AudioStream, tone: Tone, samples: int) -> None:
    for start in range(0, samples, 960):
        length = min(960, samples - start)
        step = 2 * math.pi * 997 / tone.rate
        wave = array("f", (tone.amplitude * math.sin(step * at) for at in range(start, start + length)))
        frame = AudioFrame("fltp", tone.layout, length)
        for plane in frame.planes:
            plane.update(wave.tobytes() + bytes(plane.buffer_size - 4 * length))
        frame.sample_rate, frame.pts, frame.time_base = tone.rate, start, Fraction(1, tone.rate)
        output.mux(audio.encode(frame))
    output.mux(audio.encode())
