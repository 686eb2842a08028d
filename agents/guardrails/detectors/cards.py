"""Payment cards: the length and the first digits of a scheme, and the check digit of Luhn (ISO/IEC 7812-1).

The ranges are those the schemes publish; a number of another scheme is not looked for.
"""

import re
from collections.abc import Iterator

from stdnum import luhn

from agents.guardrails.detectors.digits import runs_of_digits
from agents.guardrails.findings import Hit, ScanContext

KIND = "card"
_SCHEMES = (
    (re.compile(r"4"), frozenset({13, 16, 19})),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset({16})),  # Mastercard
    (re.compile(r"3[47]"), frozenset({15})),  # American Express
    (re.compile(r"6011|65|64[4-9]"), frozenset({16, 19})),  # Discover
    (re.compile(r"30[0-5]|36|38|39"), frozenset({14})),  # Diners Club
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16})),  # JCB
    (re.compile(r"62"), frozenset({16, 17, 18, 19})),  # UnionPay
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]"), frozenset({16, 18, 19})),  # Maestro
)
_LENGTHS = frozenset().union(*(lengths for _, lengths in _SCHEMES))


def find_cards(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the card numbers of a comparable text."""
    for run in runs_of_digits(text):
        if len(run.digits) < min(_LENGTHS):
            continue
        for offset, length, digits in run.windows(_LENGTHS):
            if _is_card(digits):
                yield Hit(offset, length, KIND, 0.95)


def _is_card(digits: str) -> bool:
    is_of_scheme = any(begins.match(digits) and len(digits) in lengths for begins, lengths in _SCHEMES)
    return is_of_scheme and len(set(digits)) > 1 and bool(luhn.is_valid(digits))
