"""TikTok's rules and the law's, for a caption: those of the compliance agent, checked again on what goes out."""

from collections.abc import Iterator

from agents.definitions.compliance_rules import (
    CheckedText,
    caption_too_long,
    health_claim,
    income_claim,
    too_many_hashtags,
)
from agents.guardrails.findings import Hit, ScanContext

CAPTION = "caption"


def find_broken_rules(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield where a caption, as it was written, is longer or carries more hashtags than TikTok takes."""
    if context.field.rpartition(".")[2] != CAPTION:
        return
    for rule in (caption_too_long, too_many_hashtags):
        for hit in rule(CheckedText("", text), ()):
            yield Hit(hit.span.offset, hit.span.length, rule.__name__, 0.9)


def find_promises(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield promises of health or income as certain, in a text as it was written."""
    for rule in (health_claim, income_claim):
        for hit in rule(CheckedText("", text), ()):
            yield Hit(hit.span.offset, hit.span.length, rule.__name__, 0.8)
