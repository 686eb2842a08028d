"""One record of a file to one post: every cell is checked, and says what is wrong with it."""

import json
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from tiktok_ops.content.imports.facts import PostFact
from tiktok_ops.content.imports.problems import Problems
from tiktok_ops.content.imports.tables import COLUMNS, Record, is_storable

MAX_CELL_CHARS = 8_192
MAX_HANDLE_CHARS = 100
MAX_URL_CHARS = 500
MAX_HASHTAG_CHARS = 150
MAX_COUNT = 2**63 - 1
EARLIEST = datetime(2014, 1, 1, tzinfo=UTC)
# Clocks and time zones of exports disagree by up to a day.
FUTURE_TOLERANCE = timedelta(days=1)

_VIDEO_ID = re.compile(r"[0-9]{1,20}")
_COUNT = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}([,.'’\s][0-9]{3})+")
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)"
    r"\s?(?P<offset>Z|[+-]\d{2}(:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_HASHTAG_BREAK = re.compile(r"[\s,;#]+")

ValueT = TypeVar("ValueT")


class CellError(ValueError):
    """A cell does not hold what its column asks for; the message goes on from "views '-5' …"."""


class Cells:
    """The cells of one record, read one by one; what is wrong goes to `problems`."""

    def __init__(self, record: Record, problems: Problems, *, part: str = "") -> None:
        self._record = record
        self._problems = problems
        self._part = part
        self.is_wrong = False

    def read(self, column: str, reader: Callable[[str], ValueT], *, otherwise: ValueT) -> ValueT:
        """Return what `reader` makes of the cell, or `otherwise` after noting the problem."""
        text = self._record.cells.get(column, "")
        try:
            return reader(_checked(text))
        except CellError as wrong:
            self.is_wrong = True
            self._problems.add(
                row=self._record.row, column=column, value=text, what=str(wrong), part=self._part
            )
            return otherwise

    def extra(self, known: Collection[str] = COLUMNS) -> dict[str, str]:
        """Return the checked cells of the columns that are not in `known` and not empty."""
        names = [name for name, text in self._record.cells.items() if text and name not in known]
        return {name: self.read(name, str, otherwise="") for name in names}


def read_row(record: Record, *, now: datetime, problems: Problems, part: str = "") -> PostFact | None:
    """Return the post of `record`, or None after noting everything that is wrong with it."""
    cells = Cells(record, problems, part=part)
    no_tags: tuple[str, ...] = ()
    post = PostFact(
        row=record.row,
        part=part,
        is_whole=True,
        handle=cells.read("handle", read_handle, otherwise=""),
        video_id=cells.read("video_id", read_video_id, otherwise=""),
        url=cells.read("url", read_url, otherwise=""),
        created_at=cells.read("created_at", lambda text: read_moment(text, now=now), otherwise=EARLIEST),
        caption=cells.read("caption", str, otherwise=""),
        hashtags=cells.read("hashtags", read_hashtags, otherwise=no_tags),
        views=cells.read("views", read_count, otherwise=0),
        likes=cells.read("likes", read_count, otherwise=0),
        comments=cells.read("comments", read_count, otherwise=0),
        shares=cells.read("shares", read_count, otherwise=0),
        extra=cells.extra(),
    )
    return None if cells.is_wrong else post


def fold_handle(written: str) -> str:
    """Return a handle to compare by: lower case, without spaces around it and a leading "@"."""
    return written.strip().removeprefix("@").lower()


def read_handle(text: str) -> str:
    """Return the folded handle."""
    handle = fold_handle(text)
    if not handle:
        raise CellError("is empty; write the account's handle")
    if len(handle) > MAX_HANDLE_CHARS or not handle.isprintable():
        raise CellError(f"is not a handle, a word of at most {MAX_HANDLE_CHARS} characters")
    return handle


def read_video_id(text: str) -> str:
    """Return the id of a video: 1 to 20 digits."""
    video_id = text.strip()
    if not video_id:
        raise CellError("is empty; write the video's id, for example 7183745306993954054")
    if not _VIDEO_ID.fullmatch(video_id):
        raise CellError(
            "is not a video id of 1 to 20 digits; a spreadsheet keeps it whole only in a column of text"
        )
    return video_id


def read_url(text: str) -> str:
    """Return an http or https address, or "" when there is none."""
    url = text.strip()
    if len(url) > MAX_URL_CHARS:
        raise CellError(f"is longer than {MAX_URL_CHARS} characters; shorten it or leave it empty")
    if url and not _is_web_address(url):
        raise CellError(
            "is not an address that begins with https:// or http://; correct it or leave it empty"
        )
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def read_moment(text: str, *, now: datetime) -> datetime:
    """Return an ISO 8601 date and time in UTC; without an offset it already is.

    It must lie between 2014-01-01 and one day after `now`.
    """
    if not text.strip():
        raise CellError("is empty; write the time of posting, for example 2023-06-30T17:02:00Z")
    moment = _moment(text.strip())
    if moment is None:
        raise CellError("is not a date and time; write it as 2023-06-30T17:02:00Z or 2023-06-30 17:02:00")
    if moment > now + FUTURE_TOLERANCE:
        raise CellError(f"is in the future; it is {now:%Y-%m-%d %H:%M} UTC now")
    if moment < EARLIEST:
        raise CellError(f"is before {EARLIEST:%Y-%m-%d}, when there were no such posts")
    return moment


def _moment(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    offset = (match["offset"] or "Z").upper()
    try:
        # fromisoformat cuts what is finer than a microsecond.
        return datetime.fromisoformat(f"{match['day']}T{match['time']}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_hashtags(text: str) -> tuple[str, ...]:
    """Return the hashtags of `#a #b`, `a,b` or a JSON list: lower case, without "#", each once, in order."""
    text = text.strip()
    written = _json_list(text) if text.startswith("[") else [text]
    parts = [part for item in written for part in _HASHTAG_BREAK.split(item.lower())]
    hashtags = tuple(dict.fromkeys(filter(None, parts)))
    if any(len(hashtag) > MAX_HASHTAG_CHARS for hashtag in hashtags):
        raise CellError(f"has a hashtag longer than {MAX_HASHTAG_CHARS} characters")
    return hashtags


def _json_list(text: str) -> list[str]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise CellError('is not a JSON list of texts; write ["a", "b"], #a #b, or a,b')
    return items


def read_count(text: str) -> int:
    """Return a count: a whole number from 0 to 2^63 - 1, in digits only."""
    digits = text.strip()
    if _COUNT.fullmatch(digits):
        significant = digits.lstrip("0") or "0"
        if len(significant) > len(str(MAX_COUNT)) or int(significant) > MAX_COUNT:
            raise CellError(f"is larger than {MAX_COUNT}, the largest count there can be")
        return int(significant)
    if not digits:
        raise CellError("is empty; write a whole number, 0 when there were none")
    if _GROUPED.fullmatch(digits):
        plain = re.sub(r"[^0-9]", "", digits)
        raise CellError(f"has separators between its digits; write the number in digits only, as {plain}")
    if digits.startswith(("-", "−")):
        raise CellError("is negative; write a whole number of 0 or more")
    raise CellError("is not a whole number; write it in digits only, for example 1234")


def _checked(text: str) -> str:
    if len(text) > MAX_CELL_CHARS:
        raise CellError(f"is {len(text):,} characters long; a cell holds at most {MAX_CELL_CHARS:,}")
    if not is_storable(text):
        raise CellError("holds a character no text may hold (NUL or half of a surrogate pair)")
    return text
