"""XLSX workbooks to rows of text: read piece by piece, formulas not evaluated, documents with a DOCTYPE refused."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any, BinaryIO
from xml.parsers import expat

import openpyxl

from tiktok_ops.content.imports.archives import Allowance, checked_entries, open_entry, opened_archive
from tiktok_ops.content.imports.problems import ImportRefused, Problems
from tiktok_ops.content.imports.tables import MAX_COLUMNS, MAX_ROWS

WORKBOOK_ENTRY = "xl/workbook.xml"
MAX_TABS = 30
MOST_DIGITS = 15
"""A spreadsheet keeps no more digits of a number. Source: ECMA-376, numbers are IEEE 754 doubles."""
MOST_XML_BYTES = 64 * 1024 * 1024

_PIECE_BYTES = 64 * 1024
_FORMULA = "holds a formula, which is not worked out; copy it and paste its value in its place"
_BIG_NUMBER = (
    "is a number of more than 15 digits, of which a spreadsheet loses the last; make the column one of text"
)


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Return whether an archive is an XLSX workbook."""
    return WORKBOOK_ENTRY in archive.namelist()


@contextmanager
def opened_workbook(stream: BinaryIO, *, filename: str) -> Iterator["Workbook"]:
    """Give the tabs of a workbook for the block; raises ImportRefused for what is broken, too large or a trap."""
    _check_xml(stream, filename)
    stream.seek(0)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # whatever openpyxl makes of a document that is not one
        raise _broken(filename) from error
    try:
        yield Workbook(book, filename)
    finally:
        book.close()


def _broken(filename: str) -> ImportRefused:
    return ImportRefused.of(
        filename, "is a broken XLSX workbook; save it again in a spreadsheet, or give CSV"
    )


def _check_xml(stream: BinaryIO, filename: str) -> None:
    """Refuse documents with a DOCTYPE, which may name entities that grow without bound, and too large ones."""
    allowance = Allowance(MOST_XML_BYTES * 2)
    with opened_archive(stream, filename=filename) as archive:
        for entry in checked_entries(archive, filename=filename):
            if entry.file_size > MOST_XML_BYTES:
                megabytes = MOST_XML_BYTES // 1024**2
                raise ImportRefused.of(
                    filename, f"has a tab of more than {megabytes} MB unpacked; give it as CSV"
                )
            _check_prolog(open_entry(archive, entry, filename=filename, allowance=allowance), filename)


class _RootReached(Exception):
    """The document's first element was reached: no DOCTYPE can follow."""


def _check_prolog(document: BinaryIO, filename: str) -> None:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ImportRefused.of(
            filename, "declares a DOCTYPE, which no workbook needs; save it again in a spreadsheet"
        )

    def stop(*_: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while piece := document.read(_PIECE_BYTES):
            parser.Parse(piece, False)
    except (_RootReached, expat.ExpatError, ValueError, LookupError):
        return  # what this parser does not read, openpyxl, which has the same one, will not read either


class Workbook:
    """The tabs of a workbook, each as rows of text."""

    def __init__(self, book: Any, filename: str) -> None:
        self._book = book
        self._filename = filename
        if len(book.sheetnames) > MAX_TABS:
            raise ImportRefused.of(
                filename, f"has more than {MAX_TABS} tabs; give those of the analytics only"
            )

    def tabs(self) -> list[str]:
        """Return the names of the tabs that hold cells."""
        return [sheet.title for sheet in self._book.worksheets]

    def rows(self, tab: str, *, problems: Problems, part: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank with its number; what no cell may be goes to `problems`."""
        sheet = self._book[tab]
        sheet.reset_dimensions()  # what the workbook says of its size is not asked
        rows = sheet.iter_rows(max_col=MAX_COLUMNS + 1)
        number, width, blank = 0, 0, None
        while True:
            try:
                cells = next(rows, None)
            except Exception as error:  # whatever openpyxl makes of a tab that is not one
                raise _broken(self._filename) from error
            if cells is None:
                return
            number += 1
            if number > MAX_ROWS + 1:
                raise ImportRefused.of(
                    self._filename, f"has more than {MAX_ROWS:,} rows; split it into smaller files"
                )
            if cells is blank:  # openpyxl gives the same for every row that is not written
                continue
            if all(cell.value is None for cell in cells):
                blank = cells
                continue
            texts = [_text(cell, number, problems, part) for cell in cells]
            if any(text.strip() for text in texts):
                kept = _without_blank_end(texts)
                width = width or len(kept)  # the header's: cells at the end of a row may be missing
                yield number, kept + [""] * (width - len(kept))


def _without_blank_end(texts: list[str]) -> list[str]:
    last = max(place for place, text in enumerate(texts) if text.strip())
    return texts[: last + 1]


def _text(cell: Any, row: int, problems: Problems, part: str) -> str:
    """Return what a cell holds as text: days and times in ISO 8601, whole numbers in digits."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        problems.add(row=row, value=str(value), what=_FORMULA, part=part)
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and len(str(abs(value))) > MOST_DIGITS:
        problems.add(row=row, value=str(value), what=_BIG_NUMBER, part=part)
        return ""
    return str(value)
