"""Cards: a line of text on a colour gradient, as the planes of a video frame.

Planes are YUV 4:2:0 in limited range (BT.709): one byte of brightness per pixel, one of each colour
difference per four.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.providers.lettering import ROWS, Bitmap, draw, spell, wrap

WIDTH, HEIGHT = 1080, 1920
_MARGIN = 90
_TEXT_MARGIN = 150  # the app's buttons cover the picture up to here
_TALLEST_TEXT = 1280
_ROW_GAP = 2  # rows of the alphabet between two rows of text
_SIZES = (3, 2)  # doublings of the alphabet: letters of 80 and of 40 pixels

_TOP, _BOTTOM = 46, 92  # brightness of the gradient
_PAPER_U, _PAPER_V = 150, 112  # its colour, a dusk blue
_INK, _GREY = 235, 128
_BAR_TOP, _BAR_HEIGHT = 1784, 12
_BAR_LEFT, _BAR_WIDTH = _MARGIN, WIDTH - 2 * _MARGIN


class TooMuchText(ValueError):
    """A line does not fit on a card; shorten it."""


@dataclass(frozen=True, slots=True)
class Card:
    """One picture: its planes, row by row without padding."""

    y: bytes
    u: bytes
    v: bytes

    def with_progress(self, share: float) -> bytes:
        """Return the brightness plane with a bar at the bottom filled to `share`, 0 to 1."""
        plane = bytearray(self.y)
        inked = bytes([_INK]) * round(_BAR_WIDTH * share)
        for row in range(_BAR_TOP, _BAR_TOP + _BAR_HEIGHT):
            start = row * WIDTH + _BAR_LEFT
            plane[start : start + len(inked)] = inked
        return bytes(plane)


def draw_cards(lines: Sequence[str]) -> list[Card]:
    """Return a card per line, all in the largest letters that fit every line.

    Raises `Undrawable` for a letter there is none of, `TooMuchText` for a line that does not fit or has
    nothing to draw, and `ValueError` for no lines.
    """
    if not lines:
        raise ValueError("There are no lines to draw; give at least one.")
    spelled = [spell(line) for line in lines]
    for line, text in zip(lines, spelled, strict=True):
        if not text:
            raise TooMuchText(f"The line {line!r} has nothing that can be drawn; give it words.")
    for doublings in _SIZES:
        wrapped = [_fitted(text, doublings) for text in spelled]
        if all(wrapped):
            return [_card(rows or [], doublings) for rows in wrapped]
    line = lines[[bool(rows) for rows in wrapped].index(False)]
    raise TooMuchText(f"The line {line!r} does not fit on a card; shorten it.")


def _fitted(text: str, doublings: int) -> list[str] | None:
    """Return the rows of a text in letters of this size, or None where there is no room for them."""
    rows = wrap(text, columns=(WIDTH - 2 * _TEXT_MARGIN) >> doublings)
    tall = len(rows or ()) * ((ROWS + _ROW_GAP) << doublings)
    return rows if tall <= _TALLEST_TEXT else None


def _card(rows: Sequence[str], doublings: int) -> Card:
    mask = _mask([draw(row, doublings=doublings) for row in rows], gap=_ROW_GAP << doublings)
    half = [row[::2] for row in mask[::2]]
    return Card(
        y=b"".join(_brightness(number, row) for number, row in enumerate(mask)),
        u=b"".join(_tinted(row, _PAPER_U) for row in half),
        v=b"".join(_tinted(row, _PAPER_V) for row in half),
    )


def _mask(bitmaps: Sequence[Bitmap], *, gap: int) -> list[bytes]:
    """Return the whole card as rows of ink and paper, the text in its middle."""
    blank = bytes(WIDTH)
    text: list[bytes] = []
    for bitmap in bitmaps:
        text += [row.center(WIDTH, b"\0") for row in bitmap] + [blank] * gap
    above = (HEIGHT - len(text)) // 2
    return [blank] * above + text + [blank] * (HEIGHT - above - len(text))


def _brightness(number: int, row: bytes) -> bytes:
    paper = _TOP + (_BOTTOM - _TOP) * number // (HEIGHT - 1)
    return row.translate(_table(paper, _INK))


def _tinted(row: bytes, paper: int) -> bytes:
    return row.translate(_table(paper, _GREY))


def _table(paper: int, ink: int) -> bytes:
    return bytes([paper, ink]) + bytes(254)
