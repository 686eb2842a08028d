"""A text made comparable, with the way back: what a reader takes for an address is one, however it is written.

Undone are full-width and other compatibility forms (NFKC), marks on letters and digits (accents, keycaps),
invisible characters, digits of other scripts, and look-alikes of other scripts, by Unicode's own table
(Technical Standard 39, confusables.txt). Letters keep their case. Further forms of a text, each made only
where it differs: letters set apart by spaces put together, and Base64 decoded.
"""

import base64
import importlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from agents.skills.captions import Span, is_invisible

LIKE_BY_HAND = {"đ": "d", "Đ": "D", "ð": "d", "ø": "o", "Ø": "O", "ł": "l", "。": ".", "｡": ".", "・": "."}
_LIKENESS = re.compile(r"[A-Za-z0-9@._+:/-]")
_SET_APART = re.compile(r"(?<!\S)(?:\S ){5,}\S(?=[\s.,;:!?)]|$)")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,4000}={0,2}(?![A-Za-z0-9+/=_-])")
_WORD = re.compile(r"[^\W\d_]+")
MOST_DECODED = 20


@dataclass(frozen=True, slots=True)
class View:
    """A form of a text: character `i` of `text` stands for `original[starts[i]:ends[i]]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, offset: int, length: int) -> Span:
        """Return the stretch of the original that a stretch of this form stands for; an empty one at its place."""
        if length == 0:
            return Span(self.starts[offset] if offset < len(self.starts) else 0, 0)
        start = self.starts[offset]
        return Span(start, self.ends[offset + length - 1] - start)

    def cut(self, start: int, end: int) -> "View":
        """Return a stretch of this form."""
        return View(self.text[start:end], self.starts[start:end], self.ends[start:end])


def as_written(text: str) -> View:
    """Return the text itself."""
    return View(text, range(len(text)), range(1, len(text) + 1))


def comparable(text: str) -> View:
    """Return the text made comparable."""
    if text.isascii() and text.isprintable():
        return as_written(text)
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, character in enumerate(text):
        plain = _plain(character)
        if not plain and ends:
            ends[-1] = at + 1  # what has no form of its own goes with the character before it
        for letter in plain:
            letters.append(letter)
            starts.append(at)
            ends.append(at + 1)
    view = View("".join(letters), starts, ends)
    # Look-alikes are read as Latin only where the word has Latin letters or digits beside them, or nothing else
    # but look-alikes: a Russian or Greek word stays what it is.
    return _with_likenesses(view)


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    """Return what a character comes to on its own; nothing for what is invisible or a mark."""
    if character in "\t\n\r" or character.isspace():
        return " " if character not in "\n\r" else "\n"
    if is_invisible(character):
        return ""
    whole = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", character))
    decomposed = unicodedata.normalize("NFKD", whole)
    return "".join(_bare(one) for one in decomposed)


def _bare(character: str) -> str:
    if unicodedata.category(character) in ("Mn", "Me") or is_invisible(character):
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return LIKE_BY_HAND.get(character, character)


def _with_likenesses(view: View) -> View:
    if view.text.isascii():
        return view
    letters = list(view.text)
    for at, character in enumerate(letters):
        if not character.isascii() and not character.isalpha():
            letters[at] = _likeness(character) or character
    for word in _WORD.finditer(view.text):
        part = word.group()
        if part.isascii():
            continue
        likes = [one if one.isascii() else _likeness(one) for one in part]
        if all(likes):
            letters[word.start() : word.end()] = likes
    return View("".join(letters), view.starts, view.ends)


@cache
def _confusables() -> dict[str, list[dict[str, str]]]:
    """Return Unicode's table; it is read where a text needs it, for that takes longer than a check."""
    table: dict[str, list[dict[str, str]]] = importlib.import_module(
        "confusable_homoglyphs.confusables"
    ).confusables_data
    return table


@lru_cache(maxsize=8192)
def _likeness(character: str) -> str:
    """Return the Latin letter, digit or sign a character is taken for, or nothing."""
    for other in _confusables().get(character, ()):
        like = other["c"]
        if len(like) == 1 and _LIKENESS.match(like):
            return like
    return ""


def further_forms(view: View) -> Iterator[View]:
    """Yield the other forms of a comparable text: set-apart letters put together, Base64 decoded."""
    together = put_together(view)
    if together is not None:
        yield together
    yield from decoded(view)


def put_together(view: View) -> View | None:
    """Return the text with letters that spaces set apart ("a n a @") put together; None where there are none."""
    dropped = {
        at for run in _SET_APART.finditer(view.text) for at in range(run.start() + 1, run.end() - 1, 2)
    }
    if not dropped:
        return None
    kept = [at for at in range(len(view.text)) if at not in dropped]
    return View(
        "".join(view.text[at] for at in kept),
        [view.starts[at] for at in kept],
        [view.ends[at] for at in kept],
    )


def decoded(view: View) -> Iterator[View]:
    """Yield what Base64 in the text says, each character standing for the whole of its Base64."""
    for number, match in enumerate(_BASE64.finditer(view.text)):
        if number == MOST_DECODED:
            return
        said = _decode(match.group())
        if said:
            whole = view.span(match.start(), len(match.group()))
            yield View(said, [whole.offset] * len(said), [whole.end] * len(said))


def _decode(written: str) -> str:
    """Return the text that Base64 stands for; nothing where it is no text."""
    body = written.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        said = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode()
    except ValueError:
        return ""
    return said if said.isprintable() and len(said) >= 8 else ""
