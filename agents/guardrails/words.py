"""A policy in plain words: what is looked for, and what happens then."""

from collections.abc import Iterator
from dataclasses import dataclass

from agents.guardrails.findings import EVERYWHERE, OUTWARD, Detector
from agents.guardrails.policy import DEFAULT_THRESHOLD, Policy, Preset, Verdict
from agents.guardrails.registry import DETECTORS

VERDICT_WORDS = {
    Verdict.ALLOW: "Not looked for",
    Verdict.FLAG: "Noted",
    Verdict.REDACT: "Taken out for the model, held for a person where it would leave",
    Verdict.HOLD: "Kept from the model, held for a person where it would leave",
    Verdict.BLOCK: "Refused",
}
PRESET_WORDS = {
    Preset.STARTER: "Starter: personal data is noted, what could do most harm is held.",
    Preset.STANDARD: "Standard: personal data and secrets are kept from the model, and nothing with them leaves "
    "without a person who has seen them.",
    Preset.REGULATED: "Regulated: as standard, on weaker signs; card numbers, national ids, keys and banned claims "
    "are refused outright.",
    Preset.CUSTOM: "The workspace's own.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a policy: what is looked for, where, what happens, and how sure it has to be."""

    label: str
    looks_for: str
    where: str
    happens: str
    verdict: str
    threshold: str


def lines_of(policy: Policy) -> Iterator[Line]:
    """Yield a line per detector, then one per pattern of the workspace's own."""
    for name, detector in DETECTORS.items():
        rule = policy.rules()[name]
        yield Line(
            detector.label,
            detector.looks_for,
            where_of(detector),
            VERDICT_WORDS[Verdict(rule["verdict"])],
            rule["verdict"],
            _sure(rule["threshold"]),
        )
    for pattern in policy.patterns:
        words = VERDICT_WORDS[pattern.verdict]
        yield Line(pattern.name, f"/{pattern.pattern}/", "everywhere", words, pattern.verdict.value, "")


def where_of(detector: Detector) -> str:
    """Return where a detector is asked, in words."""
    if detector.places == EVERYWHERE:
        return "everywhere"
    return "in what would leave" if detector.places == OUTWARD else "in what agents and people write"


def _sure(threshold: float) -> str:
    return "" if threshold == DEFAULT_THRESHOLD else f"from {threshold:.0%} sure"
