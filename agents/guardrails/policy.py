"""What a workspace makes of findings: a verdict per detector, decided here and nowhere else. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from agents.guardrails.findings import OUTWARD, Category, Finding, Place
from agents.guardrails.registry import CUSTOM, DETECTORS


class Verdict(StrEnum):
    """What becomes of content in which something was found, the mildest first."""

    ALLOW = "allow"
    FLAG = "flag"
    REDACT = "redact"
    HOLD = "hold"
    BLOCK = "block"


MILDEST_FIRST = tuple(Verdict)
DEFAULT_THRESHOLD = 0.5


class Preset(StrEnum):
    """How strict a policy is as it comes; one that was changed afterwards is "custom"."""

    STARTER = "starter"
    STANDARD = "standard"
    REGULATED = "regulated"
    CUSTOM = "custom"


DEFAULT_PRESET = Preset.STANDARD


@dataclass(frozen=True, slots=True)
class CustomPattern:
    """A pattern of the workspace's own, and what becomes of content in which it is found."""

    name: str
    pattern: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a workspace; `version` 0 is the standard preset of one that never adopted any."""

    version: int = 0
    preset: Preset = DEFAULT_PRESET
    verdicts: Mapping[str, Verdict] = field(default_factory=lambda: PRESETS[DEFAULT_PRESET])
    thresholds: Mapping[str, float] = field(default_factory=dict)
    patterns: tuple[CustomPattern, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()

    @classmethod
    def of_preset(cls, preset: Preset) -> Self:
        """Return a preset as it comes."""
        return cls(preset=preset, verdicts=PRESETS[preset], thresholds=_THRESHOLDS[preset])

    def verdict_of(self, finding: Finding, place: Place) -> Verdict:
        """Return what becomes of content for this finding at this place.

        A fault holds: what could not be checked passes nowhere. What a person decides on, and what they decided,
        stands as it is: there nothing is redacted, and what would be is held.
        """
        if finding.category is Category.FAULT:
            return Verdict.HOLD
        verdict = self._verdict_by_name(finding.detector)
        if finding.score < self.thresholds.get(finding.detector, DEFAULT_THRESHOLD):
            return Verdict.ALLOW
        return Verdict.HOLD if verdict is Verdict.REDACT and place in OUTWARD else verdict

    def _verdict_by_name(self, name: str) -> Verdict:
        if name.startswith(f"{CUSTOM}:"):
            own = {pattern.name: pattern.verdict for pattern in self.patterns}
            return own.get(name.partition(":")[2], Verdict.HOLD)
        return self.verdicts.get(name, Verdict.HOLD)

    def asked_at(self, place: Place) -> tuple[str, ...]:
        """Return the names of the detectors that are asked at a place: those whose findings are not just allowed."""
        return tuple(
            name
            for name, detector in DETECTORS.items()
            if place in detector.places and self._verdict_by_name(name) is not Verdict.ALLOW
        )

    def rules(self) -> dict[str, dict[str, Any]]:
        """Return verdict and threshold per detector, as JSON keeps them."""
        return {
            name: {
                "verdict": self._verdict_by_name(name).value,
                "threshold": self.thresholds.get(name, DEFAULT_THRESHOLD),
            }
            for name in DETECTORS
        }


def gravest(verdicts: list[Verdict]) -> Verdict:
    """Return the gravest of these verdicts; of none, `allow`."""
    return max(verdicts, key=MILDEST_FIRST.index, default=Verdict.ALLOW)


def _preset(verdicts: str) -> MappingProxyType[str, Verdict]:
    """Read "email:flag …"; raises `ValueError` unless every detector is named, each once."""
    pairs = [pair.partition(":") for pair in verdicts.split()]
    read = {name: Verdict(verdict) for name, _, verdict in pairs}
    if set(read) != set(DETECTORS) or len(pairs) != len(read):
        raise ValueError(f"The preset names {sorted(set(read) ^ set(DETECTORS))} wrongly, or one twice.")
    return MappingProxyType(read)


PRESETS: Mapping[Preset, Mapping[str, Verdict]] = MappingProxyType(
    {
        Preset.STARTER: _preset(
            "email:flag phone:flag card:hold iban:hold national_id:hold key_shape:hold assigned_secret:redact"
            " injection:flag hidden:redact link:flag banned_claim:hold competitor:flag missing_disclosure:flag"
            " promise:flag tiktok_rule:flag"
        ),
        Preset.STANDARD: _preset(
            "email:redact phone:redact card:redact iban:redact national_id:redact key_shape:hold"
            " assigned_secret:redact injection:hold hidden:redact link:flag banned_claim:hold competitor:flag"
            " missing_disclosure:flag promise:flag tiktok_rule:flag"
        ),
        Preset.REGULATED: _preset(
            "email:redact phone:redact card:block iban:hold national_id:block key_shape:block"
            " assigned_secret:hold injection:hold hidden:hold link:hold banned_claim:block competitor:hold"
            " missing_disclosure:hold promise:hold tiktok_rule:hold"
        ),
    }
)
"""Verdicts per detector. `standard` keeps personal data from the model and from what goes out without a look;
`regulated` also refuses what no person may wave through."""

_THRESHOLDS: Mapping[Preset, Mapping[str, float]] = MappingProxyType(
    {
        Preset.STARTER: MappingProxyType(dict.fromkeys(DETECTORS, 0.7)),
        Preset.STANDARD: MappingProxyType({}),
        Preset.REGULATED: MappingProxyType(dict.fromkeys(DETECTORS, 0.3)),
    }
)
