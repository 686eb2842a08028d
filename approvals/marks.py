"""Findings at the phrases they are about: the text in pieces, each with the findings that cover it.

Offsets are of the text as it was written, so a text is cut first; each piece is escaped when it is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agents.definitions.compliance import Finding
from agents.definitions.compliance_rules import Severity

GRAVEST_FIRST = tuple(reversed(Severity))
_findings = TypeAdapter(tuple[Finding, ...])


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding with its number on the page; `is_placed` is whether its phrase stands in the text."""

    number: int
    finding: Finding
    is_placed: bool

    @property
    def end(self) -> int:
        """The offset just behind the phrase."""
        return self.finding.offset + self.finding.length


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `severity` is that of the gravest finding on it, empty where there is none.

    `ending` are the marks whose phrase ends with this piece.
    """

    text: str
    severity: str = ""
    ending: tuple[Mark, ...] = ()


def marks_on(text: str, facts: Mapping[str, Any]) -> list[Mark] | None:
    """Return the findings among the facts, numbered from 1, as they stand; None where there are none to read.

    A finding whose quote does not stand where it says is listed, not placed.
    """
    try:
        findings = _findings.validate_python(facts["findings"])
    except (KeyError, ValidationError):
        return None
    return [Mark(number, found, _stands(found, text)) for number, found in enumerate(findings, start=1)]


def with_more(marks: list[Mark] | None, more: Iterable[Finding], text: str) -> list[Mark] | None:
    """Return the marks with more findings behind them, numbered on; None where there is neither."""
    first = len(marks or ()) + 1
    added = [Mark(number, found, _stands(found, text)) for number, found in enumerate(more, start=first)]
    return [*(marks or ()), *added] if added else marks


def _stands(found: Finding, text: str) -> bool:
    start, end = found.offset, found.offset + found.length
    return found.length > 0 and start >= 0 and end <= len(text) and text[start:end] == found.quote


def pieces_of(text: str, marks: Iterable[Mark]) -> list[Piece]:
    """Cut a text where the phrase of a placed mark begins or ends; the pieces put together are the text."""
    placed = [mark for mark in marks if mark.is_placed]
    cuts = {0, len(text)}.union(*({mark.finding.offset, mark.end} for mark in placed))
    return [_piece(text, start, end, placed) for start, end in pairwise(sorted(cuts))]


def _piece(text: str, start: int, end: int, placed: Sequence[Mark]) -> Piece:
    over = [mark for mark in placed if mark.finding.offset <= start and end <= mark.end]
    return Piece(
        text=text[start:end],
        severity=min((mark.finding.severity for mark in over), key=GRAVEST_FIRST.index, default=""),
        ending=tuple(mark for mark in over if mark.end == end),
    )
