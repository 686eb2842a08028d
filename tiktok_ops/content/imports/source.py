"""Untrusted bytes to lines of text, in bounded memory."""

import codecs
import hashlib
import io
from collections.abc import Iterator
from typing import Protocol

from tiktok_ops.content.imports.problems import FormatUnknown, ImportRefused

MAX_FILE_BYTES = 100 * 1024 * 1024
# Room for 100 cells of 8,192 characters, quotes and commas.
MAX_LINE_CHARS = 1024 * 1024

_UTF8_REMEDY = "export it as CSV in UTF-8 (in Excel: 'CSV UTF-8') or as JSON Lines"
_NOT_TEXT = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
}


class Readable(Protocol):
    """Where bytes come from: an open file, an upload."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        ...


class CheckedBytes(io.BufferedIOBase):
    """A byte stream that refuses, while it is read, what is too large or is not UTF-8 text.

    `digest` is the SHA-256 of what was read so far, in hexadecimal. The stream below is not closed.
    """

    def __init__(self, stream: Readable, *, filename: str) -> None:
        super().__init__()
        self._stream = stream
        self._filename = filename
        self._read_bytes = 0
        self._sha256 = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the bytes read so far, in hexadecimal."""
        return self._sha256.hexdigest()

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self._filename

    def readable(self) -> bool:
        """Return True: this is a stream to read."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Return the next bytes, b"" at the end; raise ImportRefused for bytes that are refused."""
        try:
            chunk = self._stream.read(size)
        except OSError as error:
            raise self._refusal(f"cannot be read: {error.strerror or error}") from error
        self._check(chunk)
        self._read_bytes += len(chunk)
        self._sha256.update(chunk)
        return chunk

    def _check(self, chunk: bytes) -> None:
        if self._read_bytes + len(chunk) > MAX_FILE_BYTES:
            megabytes = MAX_FILE_BYTES // 1024**2
            raise self._refusal(f"is larger than {megabytes} MB; split it into smaller files")
        if self._read_bytes == 0:
            self._check_start(chunk)
        if b"\0" in chunk:
            offset = self._read_bytes + chunk.index(b"\0")
            raise self._unknown(f"is not text (a NUL byte at byte offset {offset})")
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            offset = self._read_bytes - pending + error.start
            raise self._unknown(f"is not UTF-8 text (at byte offset {offset})") from error

    def _check_start(self, chunk: bytes) -> None:
        for start, what in _NOT_TEXT.items():
            if chunk.startswith(start):
                raise self._unknown(f"looks like {what} (from byte offset 0), not text")

    def _refusal(self, what: str) -> ImportRefused:
        return ImportRefused.of(self._filename, what)

    def _unknown(self, what: str) -> FormatUnknown:
        return FormatUnknown(self._filename, what, _UTF8_REMEDY)


def lines_of(checked: CheckedBytes) -> Iterator[str]:
    """Yield the lines with their line ends, without a byte order mark.

    Raises ImportRefused for a line of more than 1,048,576 characters.
    """
    text = io.TextIOWrapper(checked, encoding="utf-8-sig", newline="")
    number = 0
    while line := text.readline(MAX_LINE_CHARS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARS:
            raise ImportRefused.whole(
                f"Line {number} of the file is longer than {MAX_LINE_CHARS:,} characters."
            )
        yield line
