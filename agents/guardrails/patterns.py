"""Which regular expressions may be a workspace's own.

Python's `re` goes back and forth, so that a pattern may take for ever on a text made for it. What repeats a
repetition is refused, what is let through is tried on texts that are hard for it, and it always runs in the process
that can be interrupted.
"""

import re
from collections.abc import Iterator
from re import _constants as opcodes
from re import _parser as parser
from typing import Any

from agents.guardrails.checker import CHECKER, Checker, CheckFailed
from agents.guardrails.findings import Category, ScanContext

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


TRIAL_SECONDS = 0.25
TRIAL_CHARACTERS = 3_000
MOST_TRIED = 12


def try_pattern(pattern: str, *, checker: Checker = CHECKER) -> None:
    """Raise `PatternRefused` where the pattern takes too long on texts of the signs it is made of."""
    signs = dict.fromkeys([*"a1 .", *(sign for sign in pattern if sign not in "\\()[]{}|^$*+?")])
    texts = {sign: sign * TRIAL_CHARACTERS + "\N{BULLET}" for sign in list(signs)[:MOST_TRIED]}
    texts["mixed"] = "".join(list(signs)[:MOST_TRIED]) * (TRIAL_CHARACTERS // max(len(signs), 1))
    try:
        found = checker.check(texts, (), ScanContext(patterns={"tried": pattern}), seconds=TRIAL_SECONDS)
    except CheckFailed as failed:
        raise PatternRefused(f"it could not be tried: {failed}") from None
    for one in found:
        if one.category is Category.FAULT and "more than" not in one.kind:
            raise PatternRefused(
                f"it was tried on {TRIAL_CHARACTERS:,} characters, and {one.kind}: make it simpler"
            )
