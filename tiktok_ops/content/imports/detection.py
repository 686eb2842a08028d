"""What a file is, by what is in it, and its facts; its name is asked only for a window's first day."""

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from tiktok_ops.content.imports.comments import (
    COMMENT_COLUMNS,
    is_of_comments,
    missing_columns,
    read_comment,
)
from tiktok_ops.content.imports.comments import WHAT as COMMENTS_WHAT
from tiktok_ops.content.imports.documents import list_items, whole_object
from tiktok_ops.content.imports.download import SECTIONS, is_download, read_download
from tiktok_ops.content.imports.download import WHAT as DOWNLOAD_WHAT
from tiktok_ops.content.imports.facts import Fact
from tiktok_ops.content.imports.parts import Part
from tiktok_ops.content.imports.posts import read_posts
from tiktok_ops.content.imports.problems import FormatUnknown, ImportRefused, listed, storable
from tiktok_ops.content.imports.reading import PartSeen, Reading
from tiktok_ops.content.imports.scrapers import FAILED, SHAPES, Shape, is_failure, read_scraped, shape_of
from tiktok_ops.content.imports.source import CheckedBytes, lines_of
from tiktok_ops.content.imports.studio import named, read_tab
from tiktok_ops.content.imports.studio_tabs import VOCABULARY, tab_of
from tiktok_ops.content.imports.tables import (
    CAN_BE_GIVEN,
    COLUMNS,
    Grid,
    Objects,
    Record,
    as_text,
    bounded,
    check_columns,
    column_key,
    json_value,
    open_lines,
    plain_records,
    text_cells,
)

HEAD_BYTES = 256 * 1024
LISTS = ("entries", "itemList", "items", "videos")
"""Under what names scrapers keep their records in one object."""

_POSTS_WHAT = "a file of posts"
_FIRST_NAME = re.compile(r'\{\s*"((?:[^"\\]|\\.){1,200})"')
_KNOWN = frozenset(
    {column_key(name) for shape in SHAPES for names in shape.columns.values() for name in names}
    | {column_key(name) for name in (*COLUMNS, *COMMENT_COLUMNS)}
    | VOCABULARY
)


def is_known(names: Collection[str]) -> bool:
    """Return whether rows with columns of these names can be of a format we read."""
    return any(column_key(name) in _KNOWN for name in names)


def read_text(part: Part, reading: Reading) -> Iterator[Fact]:
    """Yield the facts of a file of text, whatever format it has; raises ImportRefused where none fits."""
    with part.open() as stream:
        head = stream.read(HEAD_BYTES)
    start = head.decode("utf-8", errors="ignore").lstrip("\ufeff").lstrip()
    with part.open() as stream:
        checked = CheckedBytes(stream, filename=part.name)
        if start.startswith("["):
            yield from _read_list(checked, part, reading)
        elif start.startswith("{") and _is_document(start, is_whole=len(head) < HEAD_BYTES):
            yield from _read_document(checked, part, reading)
        else:
            table = open_lines(
                lines_of(checked),
                filename=part.name,
                problems=reading.problems,
                part=part.label,
                vocabulary=_KNOWN,
            )
            yield from read_table(table, part=part, label=part.label, reading=reading)


def _is_document(start: str, *, is_whole: bool) -> bool:
    """Return whether a text that begins with a brace is one object, rather than one on each line."""
    first, _, rest = start.partition("\n")
    name = _FIRST_NAME.match(start)
    if (name is not None and name[1] in SECTIONS) or first.rstrip().endswith(("{", "[")):
        return True
    if not rest:
        return not is_whole
    return not rest.lstrip().startswith("{") and not _is_json(first)


def _is_json(line: str) -> bool:
    try:
        json_value(line)
    except (ValueError, RecursionError):
        return False
    return True


def _text_of(checked: CheckedBytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(checked, encoding="utf-8-sig")


def _read_list(checked: CheckedBytes, part: Part, reading: Reading) -> Iterator[Fact]:
    def objects() -> Iterator[tuple[int, dict[str, Any]]]:
        for row, item in list_items(_text_of(checked), filename=part.name):
            if isinstance(item, dict):
                yield row, item
            else:
                reading.problems.add(row=row, what="is not a JSON object", part=part.label)

    table = Objects(bounded(objects(), part.name))
    return read_table(table, part=part, label=part.label, reading=reading)


def _read_document(checked: CheckedBytes, part: Part, reading: Reading) -> Iterator[Fact]:
    document = whole_object(_text_of(checked), filename=part.name)
    if is_download(document):
        return _counted(
            read_download(document, part=part, reading=reading), part.label, DOWNLOAD_WHAT, reading
        )
    return read_table(Objects(iter([(1, document)])), part=part, label=part.label, reading=reading)


def read_table(table: Grid | Objects, *, part: Part, label: str, reading: Reading) -> Iterator[Fact]:
    """Yield the facts of rows, told by the names of their columns."""
    if isinstance(table, Grid):
        return _read_grid(table, part, label, reading)
    return _read_objects(table, part, label, reading)


def _read_grid(grid: Grid, part: Part, label: str, reading: Reading) -> Iterator[Fact]:
    if set(COLUMNS) <= set(grid.names):  # whatever else is in it, it is a table of posts
        return _counted(read_posts(grid.records, label=label, reading=reading), label, _POSTS_WHAT, reading)
    if tab := tab_of(grid.names):
        facts = read_tab(tab, grid.records, part=part, label=label, reading=reading)
        return _counted(facts, label, named(tab), reading)
    if shape := shape_of(grid.names):
        flat = ((record.row, record.cells) for record in grid.records)
        return _counted(_scraped(flat, label, reading, shape), label, shape.name, reading)
    keys = [column_key(name) for name in grid.names]
    if is_of_comments(keys):
        return _read_comments(grid, keys, part, label, reading)
    if grid.names:
        check_columns(grid.names, grid.names, part.name)
    return iter(())


def _read_comments(
    grid: Grid, keys: Sequence[str], part: Part, label: str, reading: Reading
) -> Iterator[Fact]:
    if missing := missing_columns(keys):
        noun = "column" if len(missing) == 1 else "columns"
        has = listed(grid.names, at_most=20)
        raise ImportRefused.of(part.name, f"has no {noun} {listed(missing)}; it has {has}")
    names = dict(zip(grid.names, keys, strict=True))
    records = (
        Record(record.row, {names[name]: text for name, text in record.cells.items()})
        for record in grid.records
    )
    return _counted(_commented(records, label, reading), label, COMMENTS_WHAT, reading)


def _commented(records: Iterator[Record], label: str, reading: Reading) -> Iterator[Fact]:
    for record in records:
        comment = read_comment(record, label=label, reading=reading)
        if comment is not None:
            yield comment


def _scraped(
    records: Iterator[tuple[int, Mapping[str, Any]]], label: str, reading: Reading, first: Shape
) -> Iterator[Fact]:
    for row, record in records:
        if is_failure(record):
            reading.leave_out(FAILED)
            continue
        shape = first if first.fits(record) else shape_of(record)
        if shape is None:
            what = f"is none of the {first.name}, as those before it are; leave it out"
            reading.problems.add(row=row, what=what, part=label)
            continue
        fact = read_scraped(shape, record, row=row, label=label, reading=reading)
        if fact is not None:
            yield fact


def _read_objects(table: Objects, part: Part, label: str, reading: Reading) -> Iterator[Fact]:
    items = _unpacked(table.items)
    skipped: list[tuple[int, dict[str, Any]]] = []
    for row, record in items:
        skipped.append((row, record))
        if not is_failure(record):
            break
    if not skipped or is_failure(skipped[-1][1]):
        reading.leave_out(FAILED, rows=len(skipped))
        return iter(())
    every = chain(skipped, items)
    names = skipped[-1][1].keys()
    keys = {column_key(name) for name in names}
    is_ours = keys >= set(COLUMNS)
    if not is_ours and (shape := shape_of(names)):
        return _counted(_scraped(every, label, reading, shape), label, shape.name, reading)
    if not is_ours and is_of_comments(keys):
        records = _as_records(every, label, reading)
        return _counted(_commented(records, label, reading), label, COMMENTS_WHAT, reading)
    if not keys & set(COLUMNS):
        what = f"holds objects with {listed(names, at_most=8)}, which are of no format we know"
        raise FormatUnknown(part.name, what, f"give {CAN_BE_GIVEN}")
    records = plain_records(Objects(every), filename=part.name, problems=reading.problems, part=label)
    return _counted(read_posts(records, label=label, reading=reading), label, _POSTS_WHAT, reading)


def _unpacked(items: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records, those of a list in an object for the object."""
    for row, item in items:
        found = next((item[name] for name in LISTS if isinstance(item.get(name), list)), None)
        if found is None or shape_of(item) is not None:
            yield row, item
        else:
            yield from ((place, each) for place, each in enumerate(found, start=1) if isinstance(each, dict))


def _as_records(
    items: Iterator[tuple[int, dict[str, Any]]], label: str, reading: Reading
) -> Iterator[Record]:
    for row, item in items:
        try:
            cells = text_cells(item)
        except ValueError as error:
            what = f"is not a JSON object we can read: {error}"
            reading.problems.add(row=row, value=as_text(item), what=what, part=label)
            continue
        yield Record(row, {column_key(name): text for name, text in cells.items()})


def _counted(facts: Iterator[Fact], label: str, what: str, reading: Reading) -> Iterator[Fact]:
    """Yield the facts, counting them as those of one part."""
    part = PartSeen(storable(label or reading.filename), what)
    reading.parts.append(part)
    for fact in facts:
        part.facts += 1
        reading.facts += 1
        yield fact
