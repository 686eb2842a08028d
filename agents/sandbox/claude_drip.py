"""An answer whose body drips in: what a slow stream looks like to a client that reads it to its end."""

import time
from collections.abc import Iterator

import httpx2

PIECES = 8


class _Drip(httpx2.SyncByteStream):
    """A body in pieces with a pause before each; a client that waits for less than a pause times out."""

    def __init__(self, content: bytes, request: httpx2.Request, pause_seconds: float) -> None:
        self._content, self._request, self._pause = content, request, pause_seconds

    def __iter__(self) -> Iterator[bytes]:
        patience = self._request.extensions.get("timeout", {}).get("read")
        size = -(-len(self._content) // PIECES)
        for at in range(0, len(self._content), size):
            if patience is not None and self._pause > patience:
                time.sleep(patience)
                raise httpx2.ReadTimeout("The read operation timed out", request=self._request)
            time.sleep(self._pause)
            yield self._content[at : at + size]


def dripping(answer: httpx2.Response, request: httpx2.Request, *, seconds: float) -> httpx2.Response:
    """Return the answer with its body dripping in for so many seconds."""
    return httpx2.Response(
        answer.status_code,
        headers=answer.headers,
        stream=_Drip(answer.content, request, seconds / PIECES),
        request=request,
    )
