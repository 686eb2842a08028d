"""Figures in texts, and whether somebody was told them: a model may repeat a figure, never make one.

A figure of a text is told where it is a number of what was given (or in a text or a name of it) as it stands,
rounded half up or down to the decimals it is written with, without its sign, or as a per cent of a ratio; or how
many items a list of it has, or how many of these carry a flag. Thousands may be set apart by a comma, a point, an
apostrophe or a space, decimals begin with a comma or a point, and `12k` is 12 or about 12,000: where a figure can be
read in two ways, one is enough. Of a date, each number is looked for. A full hour (`18:00`) is its hour.

Looser than the same digits, for a summary rounds; it does not understand what a figure is said of. Number words
("three") are not looked at: in most languages they are also articles and idioms. The rule is ours.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from agents.skills.captions import is_invisible

LARGEST_RATIO = 10.0
"""A number that is not whole and no larger than this may be told as a per cent."""

_GROUPED = r"\d{1,3}(?: \d{3})+(?!\d)"
_FIGURE = re.compile(rf"(?:{_GROUPED}|\d+(?:[.,'’]\d+)*)(?:\s?[km](?!\w))?")
_DIGIT = re.compile(r"\d")
_FULL_HOUR = re.compile(r"(?<=\d):00\b")
_SEPARATOR = re.compile(r"[ .,'’]")
_SCALES = {"k": 1_000, "m": 1_000_000}


def figures_in(text: str) -> list[str]:
    """Return the figures of a text as a reader sees them (NFKC, without hidden characters), in lower case, in order."""
    seen = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if not _DIGIT.search(seen):
        return []
    if not seen.isascii():
        seen = "".join(character for character in seen if not is_invisible(character))
    return [found.strip() for found in _FIGURE.findall(_FULL_HOUR.sub("", seen.lower()))]


@dataclass(frozen=True, slots=True)
class Told:
    """The numbers somebody was given, without their signs, and the figures as they stood in texts."""

    numbers: frozenset[float]
    written: frozenset[str]

    @classmethod
    def by(cls, *given: object) -> "Told":
        """Return what these values tell: models, JSON values and texts, however deep."""
        numbers: set[float] = set()
        written: set[str] = set()
        for value in given:
            for found in _leaves(value):
                if isinstance(found, str):
                    written.update(figures_in(found))
                elif found - found == 0:  # not infinite, nor none
                    numbers.update({abs(found), *_per_cent(found)})
        for figure in written:
            numbers.update(number for number, _, _ in readings(figure))
            numbers.update(float(part) for part in _parts(figure))
        return cls(frozenset(numbers), frozenset(written))

    def holds(self, figure: str) -> bool:
        """Tell whether a figure, as `figures_in` returns it, was told."""
        meant = list(readings(figure))
        if figure in self.written or any(self._is_near(*reading) for reading in meant):
            return True
        is_of_several = not meant or " " in figure.rstrip("km").rstrip()  # a date, or figures side by side
        return is_of_several and all(self._is_near(float(part), 0.5, 1) for part in _parts(figure))

    def untold(self, text: str) -> list[str]:
        """Return the figures of a text that were not told, in order."""
        return [figure for figure in figures_in(text) if not self.holds(figure)]

    def _is_near(self, number: float, half: float, scale: int) -> bool:
        margin = half * scale * (1 + 1e-9)
        return any(abs(known - number) <= margin for known in self.numbers)


def readings(figure: str) -> Iterator[tuple[float, float, int]]:
    """Yield what a figure may be meant as: the number, half of its last decimal's step, and the scale of that."""
    scale = _scale(figure)
    parts = _parts(figure)
    signs = _SEPARATOR.findall(figure.rstrip("km").rstrip())
    scales = (1, scale) if scale else (1,)
    if len(parts) == 1 or (len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])):
        whole = float("".join(parts))
        yield from ((whole * factor, 0.5, factor) for factor in scales)
    if signs and signs[-1] in ".," and signs.count(signs[-1]) == 1:
        number = float(f"{''.join(parts[:-1])}.{parts[-1]}")
        yield from ((number * factor, 0.5 * 10.0 ** -len(parts[-1]), factor) for factor in scales)


def _scale(figure: str) -> int:
    return _SCALES.get(figure[-1], 0)


def _parts(figure: str) -> list[str]:
    return _SEPARATOR.split(figure.rstrip("km").rstrip())


def _per_cent(number: int | float) -> set[float]:
    return {abs(number) * 100} if isinstance(number, float) and abs(number) <= LARGEST_RATIO else set()


def _leaves(value: Any) -> Iterator[str | float]:
    """Yield the numbers, texts and names of a value, and how long its lists are."""
    if isinstance(value, BaseModel):
        yield from _leaves(value.model_dump())
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _leaves(part)
    elif isinstance(value, list | tuple | set | frozenset):
        yield len(value)
        yield from _flags_of(value)
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, Decimal):
        yield float(value)
    elif isinstance(value, int | float):
        yield from () if isinstance(value, bool) else (value,)
    elif value is not None:
        yield str(value)


def _flags_of(items: Any) -> list[int]:
    """Return of how many items each yes-or-no of theirs is so."""
    flags = [
        name for item in items if isinstance(item, Mapping) for name, is_so in item.items() if is_so is True
    ]
    return list(Counter(flags).values())
