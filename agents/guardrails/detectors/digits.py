"""Runs of digits as people write them: in groups, and with letters that pass for digits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

LOOKALIKES = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "S": "5", "B": "8"})
LEAST_REAL_SHARE = 0.7
"""Of the characters read as digits so many have to be: "Oslo" holds no number."""

_SEPARATOR = r"[ \t\n.\-_/·–]{0,3}"
_BESIDE_LETTERS = re.compile(rf"(?<![0-9])[0-9](?:{_SEPARATOR}[0-9]){{12,60}}(?![0-9])")
_RUN = re.compile(rf"(?<![^\W_])[0-9OoIlSB](?:{_SEPARATOR}[0-9OoIlSB]){{6,60}}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits that stand together: `places[i]` is where digit `i` stands; `firsts` and `lasts` mark groups."""

    digits: str
    places: tuple[int, ...]
    firsts: frozenset[int]
    lasts: frozenset[int]

    def windows(self, lengths: frozenset[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (offset, length, digits) of each stretch of whole groups that has one of these many digits."""
        longest = max(lengths)
        for first in sorted(self.firsts):
            for last in sorted(self.lasts):
                count = last - first + 1
                if count in lengths:
                    start = self.places[first]
                    yield start, self.places[last] + 1 - start, self.digits[first : last + 1]
                elif count > longest:
                    break


def runs_of_digits(text: str) -> Iterator[Digits]:
    """Yield the runs of seven digits or more of a comparable text, at most three signs between two of them."""
    for match in chain(_RUN.finditer(text), _BESIDE_LETTERS.finditer(text)):  # "VISA4111…" ends no word
        places = tuple(at for at in range(match.start(), match.end()) if text[at].isalnum())
        written = "".join(text[at] for at in places)
        if sum(character.isdigit() for character in written) < LEAST_REAL_SHARE * len(written):
            continue
        last = len(places) - 1
        firsts = {at for at in range(len(places)) if at == 0 or places[at] - places[at - 1] > 1}
        lasts = {at for at in range(len(places)) if at == last or places[at + 1] - places[at] > 1}
        yield Digits(written.translate(LOOKALIKES), places, frozenset(firsts), frozenset(lasts))
