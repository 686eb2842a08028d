"""A file of any format we read, opened, and its facts, as often as they are asked for; no database."""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import IO, BinaryIO, cast

from tiktok_ops.content.imports.archives import (
    ZIP_STARTS,
    Allowance,
    checked_entries,
    made_on,
    open_entry,
    opened_archive,
)
from tiktok_ops.content.imports.detection import is_known, read_table, read_text
from tiktok_ops.content.imports.facts import Fact
from tiktok_ops.content.imports.parts import Part
from tiktok_ops.content.imports.problems import FormatUnknown, ImportRefused, shown, storable
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.source import MAX_FILE_BYTES, Readable
from tiktok_ops.content.imports.tables import CAN_BE_GIVEN, open_grid
from tiktok_ops.content.imports.workbooks import is_workbook, opened_workbook

PIECE_BYTES = 1024 * 1024
IN_MEMORY_BYTES = 8 * 1024 * 1024
PEEKED_BYTES = 4096

_OF_COMMENTS = re.compile(rb"\b(?:cid|comment_id|comment id)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file to read as often as needed; `digest` is the SHA-256 of its bytes in hexadecimal."""

    stream: BinaryIO
    filename: str
    digest: str


@contextmanager
def opened_file(stream: Readable, *, filename: str) -> Iterator[ImportFile]:
    """Give the file of a stream for the block; the stream is not closed.

    One that can only be read once is copied to disk first. Raises ImportRefused for more than 100 MB.
    """
    if getattr(stream, "seekable", lambda: False)():
        file = cast(BinaryIO, stream)
        file.seek(0)
        yield ImportFile(file, filename, _digest(file, filename))
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as copy:
        digest = _digest(stream, filename, copy=copy)
        yield ImportFile(cast(BinaryIO, copy), filename, digest)


def _digest(stream: Readable, filename: str, *, copy: IO[bytes] | None = None) -> str:
    sha256, read_bytes = hashlib.sha256(), 0
    try:
        while piece := stream.read(PIECE_BYTES):
            sha256.update(piece)
            read_bytes += len(piece)
            if read_bytes > MAX_FILE_BYTES:
                megabytes = MAX_FILE_BYTES // 1024**2
                raise ImportRefused.of(
                    filename, f"is larger than {megabytes} MB; split it into smaller files"
                )
            if copy is not None:
                copy.write(piece)
    except OSError as error:
        raise ImportRefused.of(filename, f"cannot be read: {error.strerror or error}") from error
    return sha256.hexdigest()


def facts_in(file: ImportFile, reading: Reading) -> Iterator[Fact]:
    """Yield what the file tells of the account, in bounded memory; its comments come last.

    What is wrong with rows goes to the reading, and refuses the file at the end (`Reading.check_end`).
    Raises ImportRefused for what cannot be read at all, and nothing else, whatever the bytes are.
    """

    def opened() -> AbstractContextManager[BinaryIO]:
        file.stream.seek(0)
        return nullcontext(file.stream)

    whole = Part(name=file.filename, label="", names=(file.filename,), open=opened)
    yield from _facts_of(whole, reading, is_in_archive=False)


def _facts_of(part: Part, reading: Reading, *, is_in_archive: bool) -> Iterator[Fact]:
    with part.open() as stream:
        start = stream.read(4)
    if start not in ZIP_STARTS:
        yield from read_text(part, reading)
        return
    with part.open() as stream, _on_disk(stream) as seekable:
        with opened_archive(seekable, filename=part.name) as archive:
            is_book = is_workbook(archive)
            if not is_book and is_in_archive:
                raise ImportRefused.of(part.name, "is a ZIP archive in a ZIP archive; send it by itself")
            if not is_book:
                yield from _archive_facts(archive, part, reading)
        if is_book:
            seekable.seek(0)
            yield from _workbook_facts(seekable, part, reading)


@contextmanager
def _on_disk(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Give a stream that can be read at any place: a file in an archive is copied out, within its bounds."""
    if stream.seekable():
        yield stream
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as copy:
        while piece := stream.read(PIECE_BYTES):
            copy.write(piece)
        copy.seek(0)
        yield cast(BinaryIO, copy)


def _archive_facts(archive: zipfile.ZipFile, whole: Part, reading: Reading) -> Iterator[Fact]:
    entries = checked_entries(archive, filename=whole.name)
    allowance = Allowance()
    parts = [_part_of(archive, entry, whole, allowance) for entry in entries]
    unread: list[FormatUnknown] = []
    for part in sorted(parts, key=_is_of_comments):
        facts_before = reading.facts
        try:
            yield from _facts_of(part, reading, is_in_archive=True)
        except FormatUnknown as unknown:
            if reading.facts > facts_before:
                raise
            unread.append(unknown)
            reading.leave_out(f"{shown(part.label)} {unknown.what}", rows=1)
    if len(unread) == len(parts):
        names = ", ".join(shown(part.label) for part in parts[:5]) or "nothing"
        raise FormatUnknown(
            whole.name, f"is a ZIP archive of {names}, which we do not read", f"give {CAN_BE_GIVEN}"
        )


def _part_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, whole: Part, allowance: Allowance) -> Part:
    label = storable(entry.filename.rpartition("/")[2])
    return Part(
        name=f"{whole.name} › {label}",
        label=label,
        names=(*whole.names, entry.filename),
        open=partial(open_entry, archive, entry, filename=whole.name, allowance=allowance),
        made_on=made_on(entry),
    )


def _is_of_comments(part: Part) -> bool:
    """Return whether a file seems to hold comments: they are read after the posts they are under."""
    with part.open() as stream:
        return bool(_OF_COMMENTS.search(stream.read(PEEKED_BYTES)))


def _workbook_facts(stream: BinaryIO, part: Part, reading: Reading) -> Iterator[Fact]:
    unread = []
    with opened_workbook(stream, filename=part.name) as book:
        tabs = book.tabs()
        for tab in tabs:
            label = part.below(storable(tab))
            rows = book.rows(tab, problems=reading.problems, part=label)
            grid = open_grid(rows, filename=f"{part.name} › {tab}", problems=reading.problems, part=label)
            if not grid.names or not is_known(grid.names):
                unread.append(tab)
                continue
            yield from read_table(grid, part=part, label=label, reading=reading)
    if len(unread) == len(tabs):
        named = ", ".join(shown(tab) for tab in unread[:5])
        raise FormatUnknown(
            part.name,
            f"is a workbook with the tabs {named}, whose columns we do not know",
            f"give {CAN_BE_GIVEN}",
        )
    for tab in unread:
        reading.leave_out(f"the tab {shown(tab)} has no columns we know", where="")
