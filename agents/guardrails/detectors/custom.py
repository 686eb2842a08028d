"""A workspace's own patterns, and which of them may be one.

Python's `re` goes back and forth, so that a pattern may take for ever on a text made for it: what repeats a
repetition is refused, and what is let through still runs in the process that can be interrupted.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from re import _constants as opcodes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from agents.guardrails.findings import Category, Detector, Hit, ScanContext
from agents.guardrails.registry import CUSTOM
from agents.skills.severity import Severity

LONGEST_PATTERN = 200
MOST_PATTERNS = 50
_REPEATS = {opcodes.MAX_REPEAT, opcodes.MIN_REPEAT, opcodes.POSSESSIVE_REPEAT}
_REFUSED = {opcodes.GROUPREF, opcodes.GROUPREF_EXISTS}


class PatternRefused(ValueError):
    """This pattern cannot be used."""


def check_pattern(pattern: str) -> None:
    """Raise `PatternRefused` with one sentence unless the pattern may be a workspace's own."""
    if not 0 < len(pattern) <= LONGEST_PATTERN:
        raise PatternRefused(f"it has {len(pattern)} characters and may have 1 to {LONGEST_PATTERN}")
    try:
        parsed = parser.parse(pattern)
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternRefused(f"it is no regular expression: {error}") from None
    if compiled.search(""):
        raise PatternRefused("it matches no text at all, so it would be found everywhere")
    _check_repeats(parsed, within=False)


def _check_repeats(parsed: Any, *, within: bool) -> None:
    for opcode, argument in parsed:
        if opcode in _REFUSED:
            raise PatternRefused("it refers back to a group, which can take for ever: write the words out")
        repeats = opcode in _REPEATS and argument[1] != 1
        if repeats and within:
            raise PatternRefused(
                "it repeats a repetition, as in (a+)+, which can take for ever: take one away"
            )
        for part in _parts(argument):
            _check_repeats(part, within=within or repeats)


def _parts(argument: Any) -> Iterator[Any]:
    """Yield the patterns within an argument of the parser's."""
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for one in argument:
            yield from _parts(one)


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
