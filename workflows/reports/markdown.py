"""Markdown written from values: text by other people cannot become markup."""

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")
_AT_START = re.compile(r"^(\d*)([#+=-]|(?<=\d)[.)](?= |$))")  # what begins a heading, a list or a rule
_SPACE = re.compile(r"\s+")


def text(value: object, *, longest: int = 300) -> str:
    """Return `value` as plain text within a line: what Markdown would read as markup is escaped."""
    line = _SPACE.sub(" ", str(value)).strip()
    short = line if len(line) <= longest else f"{line[: longest - 1]}…"
    return _MARKUP.sub(r"\\\1", short)


def paragraph(value: object, *, longest: int = 700) -> str:
    """Return `value` as a line of its own: it begins no heading, list or rule either."""
    return _AT_START.sub(r"\1\\\2", text(value, longest=longest))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table, a blank line after it; nothing at all when there are no rows."""
    lines = ["| " + " | ".join(text(cell) for cell in row) + " |" for row in rows]
    if not lines:
        return []
    return ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *lines, ""]


def number(value: float | None) -> str:
    """Return a number as people read it: thousands apart, no trailing zeros; a dash for none."""
    if value is None:
        return "–"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    """Return a share or a change as a percentage with its sign where it is a fall; a dash for none."""
    return "–" if value is None else f"{value * 100:,.1f} %"
