"""Characters nobody sees, and what is smuggled in them. Reads the text as it was written.

What is legitimate (joiners in emoji and in scripts that need them, direction marks in right-to-left text, flags)
is told apart by the compliance rule this stands on.
"""

import re
from collections.abc import Iterator

from agents.definitions.compliance_rules import CheckedText, hidden_characters
from agents.guardrails.findings import Hit, ScanContext
from agents.skills.severity import Severity

_SELECTOR_ON_LETTER = re.compile("(?<=[A-Za-z])[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SMUGGLES = re.compile("[\U000e0000-\U000e007f]{2,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_REORDERS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def find_hidden(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield runs of hidden characters; those that can carry a message, or reorder the text, are grave."""
    for hit in hidden_characters(CheckedText("", text), ()):
        run = hit.span.of(text)
        if _SMUGGLES.search(run):
            yield Hit(hit.span.offset, hit.span.length, "smuggled_text", 0.95, Severity.CRITICAL)
        elif _REORDERS.search(run):
            yield Hit(hit.span.offset, hit.span.length, "reordering", 0.9, Severity.HIGH)
        else:
            yield Hit(hit.span.offset, hit.span.length, "invisible", 0.7)
    for match in _SELECTOR_ON_LETTER.finditer(text):
        yield Hit(match.start(), 1, "smuggled_text", 0.95, Severity.CRITICAL)
