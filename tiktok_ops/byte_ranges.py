"""Files given out whole or in part (RFC 9110, section 14): a browser seeks in a video by its bytes.

Ours, for what there is does not do: whitenoise refuses a range of one byte, and Django's `FileResponse`
alone reads the whole file into memory before its first byte leaves an ASGI server.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

BLOCK_BYTES = 256 * 1024
# What the file says is never run: not as a script, not as a page of ours, not inside another page.
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; img-src 'self'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class RangeUnsatisfiable(Exception):
    """The file ends before the range begins."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A stretch of a file, from its first byte to its last, both included and counted from 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.last - self.first + 1


def read_range(header: str, size_bytes: int) -> ByteRange | None:
    """Return the stretch of a file of `size_bytes` that a `Range` header asks for.

    None stands for the whole file: there is no header, or one that may be ignored (another unit, more
    than one range, an end before its beginning). Raises `RangeUnsatisfiable`.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    begin, end = match.groups()
    if not begin:
        first, last = max(size_bytes - int(end), 0), size_bytes - 1
    else:
        first, last = int(begin), min(int(end), size_bytes - 1) if end else size_bytes - 1
        if end and int(end) < first:
            return None
    if first >= size_bytes:
        raise RangeUnsatisfiable
    return ByteRange(first, last)


class _Stretch:
    """The bytes of a range, as a file that can only be read on."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        file.seek(part.first)
        self._file = file
        self._left = part.size

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class StretchResponse(FileResponse):
    """The bytes of a range, read block by block whoever serves them."""

    block_size = BLOCK_BYTES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give block after block; Django would collect all of them before the first."""
        assert self.file_to_stream is not None
        read = sync_to_async(self.file_to_stream.read)
        while piece := await read(self.block_size):
            yield piece


def serve_file(request: HttpRequest, path: Path, *, media_type: str, name: str) -> HttpResponseBase:
    """Return the answer to a GET or HEAD for the file at `path`: all of it, or the range that is asked for.

    It is shown in place under `name` as `media_type`, and whatever it holds cannot run as a script.
    Raises `FileNotFoundError`.
    """
    size = path.stat().st_size
    headers = {
        **GUARDS,
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition_header(as_attachment=False, filename=name) or "inline",
    }
    if request.method == "HEAD":  # a range is for GET only
        return HttpResponse(content_type=media_type, headers={**headers, "Content-Length": str(size)})
    try:
        part = read_range(request.headers.get("Range", ""), size)
    except RangeUnsatisfiable:
        return HttpResponse(status=416, headers={**GUARDS, "Content-Range": f"bytes */{size}"})
    shown = part or ByteRange(0, size - 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    return StretchResponse(
        _Stretch(path.open("rb"), shown),
        status=200 if part is None else 206,
        content_type=media_type,
        headers={**headers, "Content-Length": str(shown.size)},
    )
