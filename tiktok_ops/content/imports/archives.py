"""ZIP archives, within bounds: nothing in them is trusted, nothing is written to a path they name.

Sizes are counted while bytes come out, whatever the archive says of them.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, BinaryIO

from tiktok_ops.content.imports.problems import ImportRefused, shown

MAX_ENTRIES = 500
MAX_TOTAL_BYTES = 300 * 1024 * 1024
MAX_ENTRY_BYTES = 100 * 1024 * 1024
MAX_RATIO = 200
RATIO_FREE_BYTES = 1024 * 1024
"""Below this size a high ratio harms nobody: a short file of zeros is packed well."""

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DRIVE = re.compile(r"[A-Za-z]:")
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
)


@dataclass(slots=True)
class Allowance:
    """How many bytes may still come out of an archive."""

    left: int = MAX_TOTAL_BYTES


@contextmanager
def opened_archive(stream: BinaryIO, *, filename: str) -> Iterator[zipfile.ZipFile]:
    """Give the archive of a stream for the block; raises ImportRefused for a broken one, and closes nothing."""
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise ImportRefused.of(
            filename, "is a broken ZIP archive or workbook; download it again, and send it as it came"
        ) from error
    with archive:
        yield archive


def checked_entries(archive: zipfile.ZipFile, *, filename: str) -> list[zipfile.ZipInfo]:
    """Return the files in an archive, without what operating systems add; raises ImportRefused for a bad one."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ImportRefused.of(
            filename, f"holds {len(entries):,} files; at most {MAX_ENTRIES} can be read: send fewer"
        )
    for entry in entries:
        if wrong := _wrong_with(entry):
            raise ImportRefused.of(filename, f"holds {shown(entry.filename)}, which {wrong}")
    if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise _too_large(filename)
    return [entry for entry in entries if not entry.is_dir() and not _JUNK.search(entry.filename)]


def _wrong_with(entry: zipfile.ZipInfo) -> str:
    """Return why an entry cannot be taken, or ""."""
    name = entry.orig_filename.replace("\\", "/")
    if "\0" in name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "leads out of the archive; pack the files anew"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link to another file; pack the file itself"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted; pack it without a password"
    if entry.compress_type not in _METHODS:
        return "is packed in a way we do not read; pack it as a usual ZIP"
    if entry.file_size > MAX_ENTRY_BYTES:
        return f"is larger than {MAX_ENTRY_BYTES // 1024**2} MB unpacked; split it"
    if entry.file_size > RATIO_FREE_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return f"unpacks to more than {MAX_RATIO} times its size; that is no file of TikTok's"
    return ""


def _too_large(filename: str) -> ImportRefused:
    megabytes = MAX_TOTAL_BYTES // 1024**2
    return ImportRefused.of(filename, f"unpacks to more than {megabytes} MB; send the files one by one")


class BoundedEntry(io.RawIOBase):
    """The bytes of one file in an archive, counted; what is broken or too large refuses the archive."""

    def __init__(
        self, stream: IO[bytes], *, filename: str, entry: zipfile.ZipInfo, allowance: Allowance
    ) -> None:
        super().__init__()
        self._stream = stream
        self._filename = filename
        self._entry = entry
        self._allowance = allowance
        self._given = 0

    def readable(self) -> bool:
        """Return True: this is a stream to read."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes and return how many; raises ImportRefused."""
        try:
            piece = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise ImportRefused.of(
                self._filename, f"holds {shown(self._entry.filename)}, which is broken; download it again"
            ) from error
        self._given += len(piece)
        self._allowance.left -= len(piece)
        if self._given > MAX_ENTRY_BYTES or self._allowance.left < 0:
            raise _too_large(self._filename)
        buffer[: len(piece)] = piece
        return len(piece)


def open_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, filename: str, allowance: Allowance
) -> BinaryIO:
    """Return the bytes of a file in an archive, to read once; raises ImportRefused where they cannot be had."""
    try:
        stream = archive.open(entry)
    except (*_BROKEN, KeyError) as error:
        raise ImportRefused.of(
            filename, f"holds {shown(entry.filename)}, which cannot be opened; pack it anew"
        ) from error
    bounded = BoundedEntry(stream, filename=filename, entry=entry, allowance=allowance)
    return io.BufferedReader(bounded)


def made_on(entry: zipfile.ZipInfo) -> date | None:
    """Return the day the archive says a file was made, or None where it says none that can be."""
    try:
        day = date(*entry.date_time[:3])
    except ValueError:
        return None
    return day if day.year > 1980 else None  # the first day of the format stands for none
