"""What the brand never says: its banned claims and other brands' names; and what it has to say: that it is paid."""

from collections.abc import Iterator, Sequence

from agents.definitions.compliance_rules import CheckedText, missing_disclosure
from agents.guardrails.findings import Hit, ScanContext
from agents.guardrails.views import comparable
from agents.skills.captions import find_phrase


def find_banned_claims(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the brand's banned claims in a comparable text, as whole words."""
    return _phrases(text, context.banned_claims, "banned_claim")


def find_competitors(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield names of competitors in a comparable text, as whole words."""
    return _phrases(text, context.competitors, "competitor")


def find_missing_disclosure(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the first sign of a deal in a text, as it was written, that does not say that it is advertising."""
    for hit in missing_disclosure(CheckedText("", text), ()):
        yield Hit(hit.span.offset, hit.span.length, "missing_disclosure", 0.7)


def _phrases(text: str, phrases: Sequence[str], kind: str) -> Iterator[Hit]:
    for phrase in phrases:
        for span in find_phrase(text, comparable(phrase).text):
            yield Hit(span.offset, span.length, kind, 0.9)
