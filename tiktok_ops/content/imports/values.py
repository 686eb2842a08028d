"""Cells as exports write them: counts grouped by locale, shares, moments in seconds."""

import re
from datetime import UTC, datetime

from tiktok_ops.content.imports.rows import CellError, read_count, read_moment

MISSING = frozenset({"", "undefined", "n/a", "null", "none", "nan", "-", "–", "—"})
"""What exports write where there is no figure: it is missing, never 0."""

_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,'’\u00a0\u202f ])[0-9]{3})(?:\1[0-9]{3})*")
_WITH_ZEROS = re.compile(
    r"(?P<point>[0-9]{1,3}(?:,[0-9]{3})*|[0-9]+)\.0{1,2}|(?P<comma>[0-9]{1,3}(?:\.[0-9]{3})*|[0-9]+),0{1,2}"
)
_INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_NOT_DIGITS = re.compile(r"[^0-9]")
_SECONDS = re.compile(r"[0-9]{9,10}")
_MILLISECONDS = re.compile(r"[0-9]{12,13}")
_SHARE = re.compile(r"(?P<number>[0-9]{1,3}(?:[.,][0-9]{1,17})?)\s?(?P<percent>%)?")


def is_missing(text: str) -> bool:
    """Return whether a cell says that there is no figure."""
    return text.strip().lower() in MISSING


def read_local_count(text: str) -> int | None:
    """Return a count in digits that may be grouped as any locale does; None where there is no figure.

    `1,234`, `1.234`, `1 234`, `1’234` and `12,34,567` are whole numbers: counts have no fractions, so
    that three digits behind one separator are always a group. `12.0` and `1.234,00` lose their zeros.
    """
    written = text.strip()
    if is_missing(written):
        return None
    if match := _WITH_ZEROS.fullmatch(written):
        written = match["point"] or match["comma"]
    if _GROUPED.fullmatch(written) or _INDIAN.fullmatch(written):
        written = _NOT_DIGITS.sub("", written)
    return read_count(written)


def read_share(text: str) -> float | None:
    """Return a share from 0 to 1, written as `0.59`, `0,59`, `59%` or `59,3 %`; None where there is none."""
    written = text.strip()
    if is_missing(written):
        return None
    match = _SHARE.fullmatch(written)
    if match is None:
        raise CellError("is not a share; write it as 0.59 or 59%")
    share = float(match["number"].replace(",", ".")) / (100 if match["percent"] else 1)
    if share > 1:
        raise CellError("is a share of more than the whole; write 0.59 for 59%")
    return share


def read_when(text: str, *, now: datetime) -> datetime:
    """Return a moment in UTC, written in ISO 8601 or as seconds or milliseconds since 1970."""
    written = text.strip().removesuffix(" UTC")
    if _SECONDS.fullmatch(written) or _MILLISECONDS.fullmatch(written):
        seconds = int(written) / (1 if len(written) <= 10 else 1000)
        written = datetime.fromtimestamp(seconds, UTC).isoformat()
    return read_moment(written, now=now)
