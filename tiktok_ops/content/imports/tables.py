"""Lines of text to records: which format a file has, its columns, and the cells of each row as text."""

import csv
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NoReturn, TypeVar

from tiktok_ops.content.imports.problems import ImportRefused, Problems, listed, shown

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
DELIMITERS = (",", ";", "\t")
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_NAME_CHARS = 200
MAX_NUMBER_CHARS = 100

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it was written: `row` as a spreadsheet counts, and text by column name."""

    row: int
    cells: dict[str, str]


def read_records(lines: Iterator[str], *, filename: str, problems: Problems) -> Iterator[Record]:
    """Yield the records of CSV (comma, semicolon or tab) or JSON Lines, whichever the content is.

    Blank rows are skipped but counted. What is wrong with a single row goes to `problems`. Raises
    ImportRefused when the file is empty, of another format, too long, or lacks a column.
    """
    row, first = _first_line(lines, filename)
    every = chain([first], lines)
    start = first.lstrip()[0]
    if start == "{":
        return _json_records(every, row, filename, problems)
    if start == "[":
        raise _refusal(
            filename, "is a JSON array; write JSON Lines: one object per line, no brackets around them"
        )
    delimiter = _delimiter_of(first)
    if delimiter is None:
        raise _unknown_format(filename, first)
    return _csv_records(csv.reader(every, delimiter=delimiter, strict=True), row, filename, problems)


def _first_line(lines: Iterator[str], filename: str) -> tuple[int, str]:
    for row, line in enumerate(lines, start=1):
        if line.strip():
            return row, line
    raise _refusal(filename, "is empty")


def _delimiter_of(header: str) -> str | None:
    """Return the delimiter that finds the most of our columns in the header, or None if none finds any."""
    known = {delimiter: _known_columns(header, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=known.__getitem__)
    return best if known[best] else None


def _known_columns(header: str, delimiter: str) -> int:
    try:
        cells = next(csv.reader([header], delimiter=delimiter))
    except csv.Error:  # a cell of more than 131,072 characters
        return 0
    return len({_folded(cell) for cell in cells} & set(COLUMNS))


def _unknown_format(filename: str, first: str) -> ImportRefused:
    begins = f"it begins with {shown(first.strip())}"
    if filename.lower().endswith((".jsonl", ".ndjson", ".json")):
        return _refusal(filename, f"is not JSON Lines: {begins}, not with an object")
    return _refusal(
        filename,
        f"is neither CSV nor JSON Lines: {begins}, which names none of the columns {', '.join(COLUMNS)} "
        "(separated by commas, semicolons or tabs)",
    )


def _csv_records(
    reader: Iterator[list[str]], row: int, filename: str, problems: Problems
) -> Iterator[Record]:
    rows = _csv_rows(reader, row, problems)
    header = next(rows, None)
    if header is None:
        return
    try:
        names = column_names(tuple(header[1]))
    except ValueError as error:
        raise _refusal(filename, f"has a header that {error}") from error
    _check_columns(names, names, filename)
    for number, cells in _bounded(rows, filename):
        surplus = [cell for cell in cells[len(names) :] if cell.strip()]
        if len(cells) < len(names) or surplus:
            shape = f"has {len(cells)} cells where the header has {len(names)}"
            what = f"{shape}; put text that holds a separator or a line break in quotes"
            problems.add(row=number, what=what)
        else:
            yield Record(number, dict(zip(names, cells, strict=False)))


def _csv_rows(reader: Iterator[list[str]], row: int, problems: Problems) -> Iterator[tuple[int, list[str]]]:
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
        )


def _json_records(lines: Iterator[str], row: int, filename: str, problems: Problems) -> Iterator[Record]:
    missing = set(COLUMNS)
    found: tuple[str, ...] = ()
    for number, line in _bounded(_json_rows(lines, row), filename):
        try:
            cells = _json_cells(line)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            problems.add(row=number, value=line.strip(), what=f"is not a JSON object we can read: {why}")
            continue
        found = found or tuple(cells)
        missing -= cells.keys()
        yield Record(number, cells)
    if found:
        _check_columns(found, set(COLUMNS) - missing, filename)


def _json_rows(lines: Iterator[str], row: int) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, start=row) if line.strip())


def _json_cells(line: str) -> dict[str, str]:
    """Return the object's values as text; raises ValueError or RecursionError when that cannot be done."""
    value = json.loads(
        line, object_pairs_hook=_once_each, parse_int=_whole_number, parse_constant=_refuse_constant
    )
    if not isinstance(value, dict):
        raise ValueError("it is another JSON value")
    names = column_names(tuple(value))
    return {name: _as_text(cell) for name, cell in zip(names, value.values(), strict=True)}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is in it twice")
    return value


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_NUMBER_CHARS:
        raise ValueError(f"a number has more than {MAX_NUMBER_CHARS} digits")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _bounded(rows: Iterator[RowT], filename: str) -> Iterator[RowT]:
    for count, row in enumerate(rows):
        if count == MAX_ROWS:
            raise _refusal(filename, f"has more than {MAX_ROWS:,} rows; split it into smaller files")
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
    folded = _folded(written)
    return folded if folded in COLUMNS else written.strip() or f"column {place}"


def _folded(name: str) -> str:
    return "_".join(name.lower().split())


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can hold `text`: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _check_columns(written: Sequence[str], known: Collection[str], filename: str) -> None:
    missing = [name for name in COLUMNS if name not in known]
    if missing:
        noun = "column" if len(missing) == 1 else "columns"
        raise _refusal(filename, f"has no {noun} {listed(missing)}; it has {listed(written, at_most=20)}")


def _refusal(filename: str, what: str) -> ImportRefused:
    return ImportRefused.whole(f"The file {shown(filename)} {what}.")
