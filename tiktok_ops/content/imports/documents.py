"""JSON that is not one object per line: a list, read item by item, and one object, read whole within a bound."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.tables import json_value, refuse_constant, whole_number, why

MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
"""One object has to be read whole, and takes about ten times its size in memory."""
MAX_ITEM_CHARS = 2 * 1024 * 1024
PIECE_CHARS = 64 * 1024

_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder(parse_int=whole_number, parse_constant=refuse_constant)


class _ListReader:
    """Takes the items of a JSON list out of a text, a piece at a time."""

    def __init__(self, text: TextIO, filename: str) -> None:
        self._text = text
        self._filename = filename
        self._buffer = ""
        self._at = 0

    def _more(self) -> bool:
        """Read another piece behind what is not taken yet; return False at the end."""
        piece = self._text.read(PIECE_CHARS)
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return bool(piece)

    def _skip_blank(self) -> bool:
        """Go on to the next sign that is not blank; return False at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _BLANK:
                    return True
                self._at += 1
            if not self._more():
                return False

    def next_sign(self) -> str:
        """Return the next sign that is not blank, without taking it; "" at the end."""
        return self._buffer[self._at] if self._skip_blank() else ""

    def take_sign(self) -> str:
        """Take the next sign that is not blank; "" at the end."""
        sign = self.next_sign()
        self._at += len(sign)
        return sign

    def take_item(self, row: int) -> Any:
        """Take the next value; raises ImportRefused where there is none, or it is too long."""
        self._skip_blank()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) - self._at <= MAX_ITEM_CHARS and self._more():
                    continue
                raise self.refusal(row, why(error)) from error
            if end < len(self._buffer) or not self._more():
                self._at = end
                return value

    def refusal(self, row: int, what: str) -> ImportRefused:
        """Return the refusal of the list at one of its items."""
        return ImportRefused.of(
            self._filename,
            f"is a JSON list that cannot be read at item {row} ({what}); give it whole, as it was made",
        )


def list_items(text: TextIO, *, filename: str) -> Iterator[tuple[int, Any]]:
    """Yield the items of a JSON list with their places, from 1, holding one at a time.

    Raises ImportRefused for what is no list of JSON values, ends too early, or has an item of more than
    2 million characters.
    """
    reader = _ListReader(text, filename)
    reader.take_sign()  # the bracket it was known by
    row, sign = 0, reader.next_sign()
    while sign != "]":
        row += 1
        yield row, reader.take_item(row)
        sign = reader.take_sign()
        if sign not in (",", "]"):
            raise reader.refusal(row, "no comma follows it" if sign else "the list has no end")
    if row == 0:
        reader.take_sign()
    if reader.take_sign():
        raise reader.refusal(row, "something follows the list")


def whole_object(text: TextIO, *, filename: str) -> dict[str, Any]:
    """Return the one object of a text; raises ImportRefused for more than 50 MB and for what is no object."""
    written = text.read(MAX_DOCUMENT_BYTES + 1)
    if len(written) > MAX_DOCUMENT_BYTES:
        megabytes = MAX_DOCUMENT_BYTES // 1024**2
        raise ImportRefused.of(
            filename,
            f"is one JSON object of more than {megabytes} MB, which must be read whole; ask TikTok for less "
            "of your data (posts and profile are enough), or have a scraper write JSON Lines",
        )
    try:
        value = json_value(written)
    except (ValueError, RecursionError) as error:
        where = (
            f" in line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise ImportRefused.of(
            filename, f"is not JSON ({why(error)}{where}); give it whole, as it was made"
        ) from error
    if not isinstance(value, dict):
        raise ImportRefused.of(filename, "is JSON, but no object with a name for each value")
    return value
