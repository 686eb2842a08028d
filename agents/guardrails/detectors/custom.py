"""A workspace's own patterns, as detectors; which may be one, `agents.guardrails.patterns` says."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from agents.guardrails.findings import Category, Detector, Hit, ScanContext
from agents.guardrails.registry import CUSTOM
from agents.skills.severity import Severity


def pattern_detectors(patterns: Mapping[str, str]) -> Iterator[Detector]:
    """Yield a detector for each of a workspace's own patterns."""
    for name, pattern in patterns.items():
        yield Detector(
            name=f"{CUSTOM}:{name}",
            category=Category.CUSTOM,
            label=name,
            looks_for="What the workspace's own pattern says.",
            fix="Leave it out.",
            severity=Severity.MEDIUM,
            find=partial(_matches, re.compile(pattern, re.IGNORECASE)),
            replacement="PATTERN",
        )


def _matches(pattern: re.Pattern[str], text: str, context: ScanContext) -> Iterator[Hit]:
    for match in pattern.finditer(text):
        if match.group():
            yield Hit(match.start(), len(match.group()), "pattern")
