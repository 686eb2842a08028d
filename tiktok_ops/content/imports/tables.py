"""Lines of text to records: which format a file has, its columns, and the cells of each row as text."""

import csv
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NoReturn, TypeVar

from tiktok_ops.content.imports.problems import FormatUnknown, ImportRefused, Problems, listed, shown
from tiktok_ops.content.imports.words import folded

COLUMNS = (
    "handle",
    "video_id",
    "url",
    "created_at",
    "caption",
    "hashtags",
    "views",
    "likes",
    "comments",
    "shares",
)
CAN_BE_GIVEN = (
    "TikTok's 'Download your data' as JSON, tabs of TikTok Studio's analytics (CSV or XLSX), what Apify or yt-dlp "
    "wrote (JSON, JSON Lines or CSV), a CSV, XLSX or JSON Lines file of posts or of comments, or a ZIP of these"
)
DELIMITERS = (",", ";", "\t")
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_NAME_CHARS = 200
MAX_NUMBER_CHARS = 100

RowT = TypeVar("RowT")

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it was written: `row` as a spreadsheet counts, and text by column name."""

    row: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows below a header: the names of the columns, and the records."""

    names: tuple[str, ...]
    records: Iterator[Record]


@dataclass(frozen=True, slots=True)
class Objects:
    """JSON objects, each with the row (line, or place in a list) it is in."""

    items: Iterator[tuple[int, dict[str, Any]]]


def open_lines(
    lines: Iterator[str],
    *,
    filename: str,
    problems: Problems,
    part: str = "",
    vocabulary: Collection[str] = COLUMNS,
) -> Grid | Objects:
    """Return the rows of CSV (comma, semicolon or tab) or JSON Lines, whichever the content is.

    `vocabulary` holds the names of columns, folded, by which CSV is known. Blank rows are skipped but
    counted. What is wrong with a single row goes to `problems`. Raises ImportRefused when the file is
    empty, of another format, or too long.
    """
    row, first = _first_line(lines, filename)
    every = chain([first], lines)
    if first.lstrip()[0] == "{":
        return Objects(bounded(_json_objects(every, row, problems, part), filename))
    delimiter = _delimiter_of(first, vocabulary)
    if delimiter is None:
        raise _unknown_format(filename, first)
    reader = csv.reader(every, delimiter=delimiter, strict=True)
    return open_grid(_csv_rows(reader, row, problems, part), filename=filename, problems=problems, part=part)


def open_grid(
    rows: Iterator[tuple[int, list[str]]], *, filename: str, problems: Problems, part: str = ""
) -> Grid:
    """Return rows whose first names the columns; a row of another width goes to `problems`."""
    _, header = next(rows, (0, []))
    try:
        names = column_names(tuple(header))
    except ValueError as error:
        raise ImportRefused.of(filename, f"has a header that {error}") from error
    return Grid(names, _records(names, bounded(rows, filename), problems, part))


def plain_records(
    table: Grid | Objects, *, filename: str, problems: Problems, part: str = ""
) -> Iterator[Record]:
    """Yield the records of a file of posts with our own columns; raises ImportRefused when one is missing."""
    if isinstance(table, Grid):
        if table.names:
            check_columns(table.names, table.names, filename)
        return table.records
    return _plain_objects(table, filename, problems, part)


def _plain_objects(table: Objects, filename: str, problems: Problems, part: str) -> Iterator[Record]:
    missing = set(COLUMNS)
    found: tuple[str, ...] = ()
    for row, value in table.items:
        try:
            cells = text_cells(value)
        except ValueError as error:
            what = f"is not a JSON object we can read: {error}"
            problems.add(row=row, value=as_text(value), what=what, part=part)
            continue
        found = found or tuple(cells)
        missing -= cells.keys()
        yield Record(row, cells)
    if found:
        check_columns(found, set(COLUMNS) - missing, filename)


def text_cells(value: Mapping[str, object]) -> dict[str, str]:
    """Return an object's values as text by the names of its columns; raises ValueError as `column_names` does."""
    names = column_names(tuple(value))
    return {name: as_text(cell) for name, cell in zip(names, value.values(), strict=True)}


def _records(
    names: Sequence[str], rows: Iterator[tuple[int, list[str]]], problems: Problems, part: str
) -> Iterator[Record]:
    for number, cells in rows:
        surplus = [cell for cell in cells[len(names) :] if cell.strip()]
        if len(cells) < len(names) or surplus:
            shape = f"has {len(cells)} cells where the header has {len(names)}"
            what = f"{shape}; put text that holds a separator or a line break in quotes"
            problems.add(row=number, what=what, part=part)
        else:
            yield Record(number, dict(zip(names, cells, strict=False)))


def _first_line(lines: Iterator[str], filename: str) -> tuple[int, str]:
    for row, line in enumerate(lines, start=1):
        if line.strip():
            return row, line
    raise FormatUnknown(filename, "is empty", "choose one with a header and at least one row")


def _delimiter_of(header: str, vocabulary: Collection[str]) -> str | None:
    """Return the delimiter that finds the most known columns in the header, or None if none finds any."""
    known = {delimiter: _known_columns(header, delimiter, vocabulary) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=known.__getitem__)
    return best if known[best] else None


def _known_columns(header: str, delimiter: str, vocabulary: Collection[str]) -> int:
    try:
        cells = next(csv.reader([header], delimiter=delimiter))
    except csv.Error:  # a cell of more than 131,072 characters
        return 0
    return len({key for cell in cells if (key := column_key(cell)) in vocabulary})


def _unknown_format(filename: str, first: str) -> FormatUnknown:
    begins = f"it begins with {shown(first.strip())}"
    if filename.lower().endswith((".jsonl", ".ndjson", ".json")):
        return FormatUnknown(
            filename, f"is not JSON Lines: {begins}, not with an object", f"give {CAN_BE_GIVEN}"
        )
    what = f"is neither CSV nor JSON Lines: {begins}, which names no column we know"
    return FormatUnknown(filename, what, f"give {CAN_BE_GIVEN}")


def _csv_rows(
    reader: Iterator[list[str]], row: int, problems: Problems, part: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with its number; stop where the text is not CSV any more."""
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield row, cells
            row += 1
    except csv.Error as error:
        problems.add(
            row=row,
            what=f"cannot be read as CSV ({error}); close every quote and write a quote in quotes twice",
            part=part,
        )


def _json_objects(
    lines: Iterator[str], first_row: int, problems: Problems, part: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, line in enumerate(lines, start=first_row):
        if not line.strip():
            continue
        try:
            value = json_value(line)
        except (ValueError, RecursionError) as error:
            problems.add(
                row=row, value=line.strip(), what=f"is not a JSON object we can read: {why(error)}", part=part
            )
            continue
        if isinstance(value, dict):
            yield row, value
        else:
            what = "is not a JSON object we can read: it is another JSON value"
            problems.add(row=row, value=line.strip(), what=what, part=part)


def json_value(text: str) -> Any:
    """Return the value of a JSON text; raises ValueError or RecursionError when there is none we can take."""
    return json.loads(
        text, object_pairs_hook=_once_each, parse_int=whole_number, parse_constant=refuse_constant
    )


def why(error: Exception) -> str:
    """Return in words why a text is no JSON."""
    if isinstance(error, RecursionError):
        return "its objects stand too deep within each other"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def as_text(value: object) -> str:
    """Return a JSON value as the text of a cell: null as "", a text as it is, all else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else _ENCODER.encode(value)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is in it twice")
    return value


def whole_number(digits: str) -> int:
    """Return a JSON number without a fraction; raises ValueError for one of more than 100 digits."""
    if len(digits) > MAX_NUMBER_CHARS:
        raise ValueError(f"a number has more than {MAX_NUMBER_CHARS} digits")
    return int(digits)


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which JSON does not have: raises ValueError."""
    raise ValueError(f"{name} is not a JSON number")


def bounded(rows: Iterator[RowT], filename: str) -> Iterator[RowT]:
    """Yield at most 100,000 rows; raises ImportRefused for more."""
    for count, row in enumerate(rows):
        if count == MAX_ROWS:
            raise ImportRefused.of(filename, f"has more than {MAX_ROWS:,} rows; split it into smaller files")
        yield row


@lru_cache(maxsize=64)  # JSON Lines repeat their names on every line
def column_names(written: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names to know the columns by: ours in our spelling, others as written.

    A column without a name is called after its place, `column 3`. Raises ValueError, its message to be
    continued from "the header", when there are too many, one is there twice or cannot be stored.
    """
    if len(written) > MAX_COLUMNS:
        raise ValueError(f"has {len(written)} columns; at most {MAX_COLUMNS} can be read")
    names = [_column_name(name, place) for place, name in enumerate(written, start=1)]
    for name in names:
        if len(name) > MAX_NAME_CHARS:
            raise ValueError(f"has a name longer than {MAX_NAME_CHARS} characters: {shown(name)}")
        if not is_storable(name):
            raise ValueError(f"has a name with a character no text may hold: {shown(name)}")
        if names.count(name) > 1:
            raise ValueError(f"has the column {shown(name)} twice")
    return tuple(names)


def _column_name(written: str, place: int) -> str:
    folded = column_key(written)
    return folded if folded in COLUMNS else written.strip() or f"column {place}"


def column_key(name: str) -> str:
    """Return the name of a column to compare by: lower case, without accents, "_" between words."""
    return "_".join(folded(name).split())


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can hold `text`: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def check_columns(written: Sequence[str], known: Collection[str], filename: str) -> None:
    """Refuse a file of posts that lacks one of our columns."""
    missing = [name for name in COLUMNS if name not in known]
    if missing:
        noun = "column" if len(missing) == 1 else "columns"
        raise ImportRefused.of(
            filename, f"has no {noun} {listed(missing)}; it has {listed(written, at_most=20)}"
        )
