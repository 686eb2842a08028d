"""Letters drawn without a text library: a small pixel alphabet, doubled until it is large and round.

A bitmap is rows of bytes, 1 for ink and 0 for paper, all of one length. A letter is 10 pixels high: 2
for the accents of capitals, 7 down to the line it stands on, 1 below it. It is as wide as its ink, and
one pixel of paper.
Limits: Latin letters, digits and the usual signs. Emoji and other symbols are left out.
"""

import unicodedata
from functools import lru_cache

Bitmap = tuple[bytes, ...]

ROWS = 10
_ACCENT_ROWS = 2
_SPACE_COLUMNS = 4
_PITCH = 6  # columns from one letter of a strip to the next
_STRIPS = """
..#.. .#.#. .#.#. ..#.. ##... .##.. ..#.. ...#. .#... ..... ..... ..... ..... ..... ....# .###.
..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....# #...#
..#.. .#.#. ##### #.#.. ...#. #.#.. .#... .#... ...#. #.#.# ..#.. ..... ..... ..... ...#. #..##
..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... .###. ..... ..#.. #.#.#
..... ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..... ..... ..... .#... ##..#
..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#.. .##.. ..... .##.. #.... #...#
..#.. ..... .#.#. ..#.. ...## .##.# ..... ...#. .#... ..... ..... ..#.. ..... .##.. #.... .###.
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... .....

..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... .#... .###. .###.
.##.. #...# ...#. ..##. #.... .#... ....# #...# #...# ..... ..... ..#.. ..... ..#.. #...# #...#
..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# .##.. .##.. .#... ##### ...#. ....# ....#
..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .#### .##.. .##.. #.... ..... ....# ...#. .##.#
..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# ..... ..... .#... ##### ...#. ..#.. #.#.#
..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. .##.. .##.. ..#.. ..... ..#.. ..... #.#.#
.###. ##### .###. ...#. .###. .###. .#... .###. .##.. .##.. ..#.. ...#. ..... .#... ..#.. .###.
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... .....

.###. ####. .###. ###.. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###. ####.
#...# #...# #...# #..#. #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## #...# #...# #...#
#...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...# #...#
##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...# ####.
#...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...# #....
#...# #...# #...# #..#. #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #...# #...# #....
#...# ####. .###. ###.. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###. #....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

.###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. #.... .###. ..#.. ..... .#...
#...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. ..... ..#..
#...# #...# #.... ..#.. #...# #...# #...# .#.#. #...# ...#. .#... .#... ...#. #...# ..... ...#.
#...# ####. .###. ..#.. #...# #...# #.#.# ..#.. .#.#. ..#.. .#... ..#.. ...#. ..... ..... .....
#.#.# #.#.. ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... ..... .....
#..#. #..#. ....# ..#.. #...# .#.#. #.#.# #...# ..#.. #.... .#... ....# ...#. ..... ..... .....
.##.# #...# ####. ..#.. .###. ..#.. .#.#. #...# ..#.. ##### .###. ....# .###. ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ##### .....

..... #.... ..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. ..... ..... ..... .....
..... #.... ..... ....# ..... .#..# ..... #.... ..... ..... #.... ..#.. ..... ..... ..... .....
.###. #.##. .###. .##.# .###. .#... .#### #.##. .##.. ..##. #..#. ..#.. ##.#. #.##. .###. ####.
....# ##..# #.... #..## #...# ###.. #...# ##..# ..#.. ...#. #.#.. ..#.. #.#.# ##..# #...# #...#
.#### #...# #.... #...# ##### .#... #...# #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...# #...#
#...# #...# #...# #...# #.... .#... .#### #...# ..#.. ...#. #.#.. ..#.. #...# #...# #...# ####.
.#### ####. .###. .#### .###. .#... ....# #...# .###. #..#. #..#. .###. #...# #...# .###. #....
..... ..... ..... ..... ..... ..... .###. ..... ..... .##.. ..... ..... ..... ..... ..... #....

..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ...#. ..#.. .#... ..... .##.. ..##.
..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ..#.. ..#.. ..#.. ..... #..#. .#..#
.##.# #.##. .#### ###.. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#... #..#. ###..
#..## ##..# #.... .#... #...# #...# #...# .#.#. #...# ...#. .#... ..#.. ...#. #.#.# #.##. .#...
#...# #.... .###. .#... #...# #...# #.#.# ..#.. #...# ..#.. ..#.. ..#.. ..#.. ...#. #...# ###..
.#### #.... ....# .#..# #..## .#.#. #.#.# .#.#. .#### .#... ..#.. ..#.. ..#.. ..... #...# .#..#
....# #.... ####. ..##. .##.# ..#.. .#.#. #...# ....# ##### ...#. ..#.. .#... ..... #.##. ..##.
....# ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ..... ..... ..... ..... .....
"""
_IN_STRIPS = "".join(map(chr, range(ord("!"), ord("~") + 1))) + "ß€"

# The accents that decomposed letters carry, each as the two rows above the letter.
_ACCENTS = {
    "\u0300": (".#...", "..#.."),
    "\u0301": ("...#.", "..#.."),
    "\u0302": ("..#..", ".#.#."),
    "\u0303": (".##.#", "#.##."),
    "\u0304": (".###.", "....."),
    "\u0306": (".#.#.", "..#.."),
    "\u0307": ("..#..", "....."),
    "\u0308": (".#.#.", "....."),
    "\u030a": ("..#..", ".#.#."),
    "\u030b": ("..#.#", ".#.#."),
    "\u030c": (".#.#.", "..#.."),
}
_CEDILLAS = "\u0326\u0327\u0328"
_SPELLED = str.maketrans(
    {
        **dict.fromkeys("‘’‚ʼ", "'"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict(zip("•·×⁄ıøØłŁđĐðÐ", "**x/ioOlLdDdD", strict=True)),
        **dict(zip("…ẞæÆœŒþÞ", ("...", "SS", "ae", "AE", "oe", "OE", "th", "Th"), strict=True)),
    }
)


class Undrawable(ValueError):
    """The text holds a letter that is not in the alphabet."""


def spell(text: str) -> str:
    """Return a text as it can be drawn: one space between words, accents apart from their letters (NFKD).

    Symbols without a sign of their own (emoji), controls and marks we have not are left out. Raises
    `Undrawable`, naming it, for a letter or digit of another script.
    """
    apart = unicodedata.normalize("NFKD", text.translate(_SPELLED)).translate(_SPELLED)
    kept = "".join(character for character in apart if character.isspace() or _is_drawn(character))
    return " ".join(kept.split())


def width_of(text: str) -> int:
    """Return how many columns a spelled text takes."""
    return sum(len(letter[0]) for letter in _letters(text))


def wrap(text: str, *, columns: int) -> list[str] | None:
    """Return a spelled text as rows of at most `columns`; None where a word is wider than that."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and width_of(longer) <= columns:
            rows[-1] = longer
        elif width_of(word) <= columns:
            rows.append(word)
        else:
            return None
    return rows


def draw(text: str, *, doublings: int) -> Bitmap:
    """Return a spelled text as one row of letters, `ROWS * 2**doublings` pixels high.

    Raises `ValueError` for a text of nothing.
    """
    letters = [_enlarged(letter, doublings) for letter in _letters(text)]
    if not letters:
        raise ValueError("There is no letter to draw; give a text.")
    return tuple(b"".join(parts) for parts in zip(*letters, strict=True))


def doubled(bitmap: Bitmap) -> Bitmap:
    """Return a bitmap twice as large with its stairs smoothed.

    Each pixel becomes four; one of the four takes the ink of its two outer neighbours where these agree
    with each other and not with the two opposite ones.
    Source: Scale2x (Andrea Mazzoleni, 2001), also known as EPX (Eric Johnston, 1992).
    """
    blank = bytes(len(bitmap[0]))
    framed = [blank, *bitmap, blank]
    rows: list[bytes] = []
    for above, row, below in zip(framed, framed[1:], framed[2:], strict=False):
        rows += _two_rows(above, row, below)
    return tuple(rows)


def _two_rows(above: bytes, row: bytes, below: bytes) -> tuple[bytes, bytes]:
    upper, lower = bytearray(), bytearray()
    for at, ink in enumerate(row):
        up, down = above[at], below[at]
        left = row[at - 1] if at else 0
        right = row[at + 1] if at + 1 < len(row) else 0
        if up != down and left != right:
            upper += bytes((left if left == up else ink, right if right == up else ink))
            lower += bytes((left if left == down else ink, right if right == down else ink))
        else:
            upper += bytes((ink, ink))
            lower += bytes((ink, ink))
    return bytes(upper), bytes(lower)


def _is_drawn(character: str) -> bool:
    if character in _ALPHABET or character in _ACCENTS or character in _CEDILLAS:
        return True
    if unicodedata.category(character)[0] in "LN":
        raise Undrawable(
            f"The letter {character!r} cannot be drawn: the alphabet of card videos is Latin; "
            "upload a video of your own."
        )
    return False


def _letters(text: str) -> list[Bitmap]:
    """Return the letters of a spelled text, accents on them."""
    found: list[tuple[str, str]] = []
    for character in text:
        if character in _ACCENTS or character in _CEDILLAS:
            if found:
                found[-1] = (found[-1][0], found[-1][1] + character)
        else:
            found.append((character, ""))
    return [_letter(character, marks) for character, marks in found]


@lru_cache(maxsize=512)
def _letter(character: str, marks: str) -> Bitmap:
    """Return one letter with its marks, cut to its ink and one column of paper."""
    rows = [0] * _ACCENT_ROWS + list(_ALPHABET[character])
    is_low = character in "ij" or not any(rows[_ACCENT_ROWS : 2 * _ACCENT_ROWS])
    top = 1 if is_low else 0
    if marks and character in "ij":
        rows[_ACCENT_ROWS] = 0  # the accent takes the dot's place
    for mark in marks:
        if mark in _CEDILLAS:
            rows[-1] |= _bits("..#..")
        else:
            rows[top : top + _ACCENT_ROWS] = map(_bits, _ACCENTS[mark])
    return _cut(rows)


def _cut(rows: list[int]) -> Bitmap:
    ink = [column for column in range(_PITCH - 1) if any(_is_inked(row, column) for row in rows)]
    if not ink:
        return (bytes(_SPACE_COLUMNS),) * ROWS
    columns = range(ink[0], ink[-1] + 1)
    return tuple(bytes([*(_is_inked(row, column) for column in columns), 0]) for row in rows)


def _is_inked(row: int, column: int) -> bool:
    return bool(row >> (_PITCH - 2 - column) & 1)


@lru_cache(maxsize=512)
def _enlarged(letter: Bitmap, doublings: int) -> Bitmap:
    for _ in range(doublings):
        letter = doubled(letter)
    return letter


def _bits(art: str) -> int:
    """Return five columns of art as a number, the leftmost column its highest bit."""
    return int(art.replace(".", "0").replace("#", "1"), 2)


def _alphabet() -> dict[str, tuple[int, ...]]:
    """Return the rows of every letter in the strips, by its character; a space has no ink."""
    found = {" ": (0,) * (ROWS - _ACCENT_ROWS)}
    letters = iter(_IN_STRIPS)
    for strip in _STRIPS.strip().split("\n\n"):
        rows = [row.split() for row in strip.splitlines()]
        for column in zip(*rows, strict=True):
            found[next(letters)] = tuple(map(_bits, column))
    return found


_ALPHABET = _alphabet()
