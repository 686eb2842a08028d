"""Checking texts against a workspace's policy: what was found, and what becomes of the content."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agents.guardrails.checker import CHECKER, Checker, CheckFailed, fault
from agents.guardrails.findings import Category, Finding, Place, ScanContext
from agents.guardrails.policy import Policy, Verdict, gravest
from agents.guardrails.registry import CUSTOM, DETECTORS
from tiktok_ops.errors import Refused


class ContentBlocked(Refused):
    """The guardrails refuse this content."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding and what becomes of the content for it."""

    finding: Finding
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Scan:
    """What was checked, where, under which version of the policy, and what was found; texts are by field."""

    place: Place
    texts: Mapping[str, str]
    policy_version: int = 0
    judged: tuple[Judged, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What becomes of the content: the gravest of all verdicts."""
        return gravest([one.verdict for one in self.judged])

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What could not be checked."""
        return tuple(one.finding for one in self.judged if one.finding.category is Category.FAULT)

    def with_verdict(self, *verdicts: Verdict) -> tuple[Finding, ...]:
        """Return the findings with one of these verdicts."""
        return tuple(one.finding for one in self.judged if one.verdict in verdicts)

    def check_not_blocked(self) -> None:
        """Raise `ContentBlocked` where the policy refuses the content for something that was found."""
        if blocking := self.with_verdict(Verdict.BLOCK):
            raise ContentBlocked(
                f"The guardrails refuse this: {in_words(blocking)}. Take it out, or have an owner of the workspace "
                "change the guardrail policy."
            )


def scan(
    texts: Mapping[str, str],
    *,
    place: Place,
    policy: Policy,
    context: ScanContext,
    checker: Checker = CHECKER,
) -> Scan:
    """Check texts; without any there is nothing to ask. What cannot be checked is a finding that holds."""
    filled = {name: text for name, text in texts.items() if text}
    if not filled:
        return Scan(place, texts, policy.version)
    told = replace(
        context,
        allowed_domains=policy.allowed_domains,
        competitors=policy.competitors,
        patterns={one.name: one.pattern for one in policy.patterns if one.verdict is not Verdict.ALLOW},
    )
    try:
        findings = checker.check(filled, policy.asked_at(place), told)
    except CheckFailed as failed:
        findings = [fault("all", str(failed))]
    judged = (Judged(one, policy.verdict_of(one, place)) for one in findings)
    kept = tuple(one for one in judged if one.verdict is not Verdict.ALLOW)
    return Scan(place, texts, policy.version, kept)


def label_of(finding: Finding) -> str:
    """Return what the finding is about, in words, without what was found."""
    if finding.category is Category.FAULT:
        about = DETECTORS[finding.detector].label.lower() if finding.detector in DETECTORS else "the text"
        return f"{about} could not be checked, for {finding.kind}"
    name, _, own = finding.detector.partition(":")
    return f"the pattern {own!r}" if name == CUSTOM else DETECTORS[name].label.lower()


def in_words(findings: tuple[Finding, ...]) -> str:
    """Return what was found, each kind once, such as "e-mail addresses in 'caption'"."""
    told = [
        label_of(one) if one.category is Category.FAULT else f"{label_of(one)} in {one.field!r}"
        for one in findings
    ]
    return "; ".join(dict.fromkeys(told))
