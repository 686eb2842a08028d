"""Files of posts made by hand, for the tests of the import."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tiktok_ops.content.imports.facts import Fact, PostFact
from tiktok_ops.content.imports.parsing import facts_in, opened_file
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import fold_handle
from tiktok_ops.content.imports.tables import COLUMNS

NOW = datetime(2025, 7, 1, 12, 0, tzinfo=UTC)
HEADER = ",".join(COLUMNS)


def row(number: int = 1, **changes: str) -> dict[str, str]:
    """Return the cells of one good row; `number` makes it another post."""
    cells = {
        "handle": "demo",
        "video_id": str(7_000_000_000_000_000_000 + number),
        "url": f"https://www.tiktok.com/@demo/video/{number}",
        "created_at": "2025-06-30T17:02:00+00:00",
        "caption": f"Post {number}",
        "hashtags": "#news #snow",
        "views": "1000",
        "likes": "50",
        "comments": "5",
        "shares": "2",
    }
    return cells | changes


def rows(count: int, **changes: str) -> list[dict[str, str]]:
    """Return the cells of `count` good rows."""
    return [row(number, **changes) for number in range(1, count + 1)]


def csv_file(
    cells: Iterable[Mapping[str, str]],
    *,
    columns: Sequence[str] = COLUMNS,
    header: Sequence[str] | None = None,
    delimiter: str = ",",
    line_end: str = "\r\n",
) -> bytes:
    """Return a CSV file of the rows, with `columns` in this order under `header`."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    if line_end != "\r\n":  # Python's writer would leave a lone carriage return unquoted
        writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(header or columns)
    writer.writerows([each.get(column, "") for column in columns] for each in cells)
    return text.getvalue().encode()


def json_file(values: Iterable[Mapping[str, object]], *, is_ascii: bool = False) -> bytes:
    """Return a JSON Lines file of the rows."""
    return "".join(json.dumps(each, ensure_ascii=is_ascii) + "\n" for each in values).encode()


@dataclass(frozen=True)
class Read:
    """What one reading of a file gave."""

    facts: tuple[Fact, ...]
    reading: Reading
    digest: str

    @property
    def rows(self) -> tuple[PostFact, ...]:
        """The posts."""
        return tuple(fact for fact in self.facts if isinstance(fact, PostFact))

    @property
    def left_out(self) -> dict[str, int]:
        """Rows of other accounts by handle."""
        return dict(self.reading.others)


def read(
    data: bytes, *, handle: str = "demo", filename: str = "posts.csv", zone: str = "UTC", now: datetime = NOW
) -> Read:
    """Read the bytes as an import would at NOW, up to the check at the end."""
    reading = Reading(handle=fold_handle(handle), zone=ZoneInfo(zone), now=now, filename=filename)
    with opened_file(io.BytesIO(data), filename=filename) as file:
        facts = tuple(facts_in(file, reading))
        reading.check_end()
        return Read(facts, reading, file.digest)


def refusal(data: bytes, *, handle: str = "demo", filename: str = "posts.csv") -> ImportRefused:
    """Return the refusal of the bytes; fail when they are not refused."""
    try:
        read(data, handle=handle, filename=filename)
    except ImportRefused as refused:
        return refused
    raise AssertionError("The file was not refused.")


def outcome(data: bytes, *, filename: str = "posts.csv") -> list[str]:
    """Return the sentences the bytes are refused with, none when they are read; anything else is raised."""
    try:
        read(data, filename=filename)
    except ImportRefused as refused:
        return [problem.sentence for problem in refused.problems]
    return []
