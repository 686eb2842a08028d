"""IBANs: the country's length and structure, and the check digits of ISO 13616 (mod 97-10)."""

import re
from collections.abc import Iterator

from stdnum import iban

from agents.guardrails.detectors.digits import LOOKALIKES
from agents.guardrails.findings import Hit, ScanContext

KIND = "iban"
SHORTEST, LONGEST = 15, 34
_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}[ .-]?[0-9OIl]{1}[ .-]?[0-9OIl]{1}(?:[ \t\n.\-_/]{0,2}[A-Za-z0-9]){11,44}",
    re.IGNORECASE,
)


def find_ibans(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the IBANs of a comparable text; what follows one without a gap of more than two signs does not hide it."""
    at = 0
    while match := _CANDIDATE.search(text, at):
        length = _length_of_iban(match.group())
        if length:
            yield Hit(match.start(), length, KIND, 0.97)
        at = match.start() + (length or 2)


def _length_of_iban(written: str) -> int:
    """Return how many characters, from the first on, are an IBAN; 0 where none are."""
    places = [at for at, character in enumerate(written) if character.isalnum()]
    compact = "".join(written[at] for at in places).upper()
    for count in range(SHORTEST, min(LONGEST, len(compact)) + 1):
        start = compact[:count]
        if not _ends_a_word(written, places, count):
            continue
        if iban.is_valid(start) or iban.is_valid(start[:2] + start[2:].translate(LOOKALIKES)):
            return places[count - 1] + 1
    return 0


def _ends_a_word(written: str, places: list[int], count: int) -> bool:
    """Return whether the first `count` characters end where a word ends."""
    return count == len(places) or places[count] - places[count - 1] > 1
