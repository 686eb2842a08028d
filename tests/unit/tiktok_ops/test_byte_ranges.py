"""Files given out whole or in part: which bytes, under which headers, to whom and how."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpRequest
from django.test import AsyncRequestFactory, RequestFactory

from tiktok_ops.byte_ranges import (
    BLOCK_BYTES,
    GUARDS,
    ByteRange,
    RangeUnsatisfiable,
    StretchResponse,
    read_range,
    serve_file,
)

CONTENT = bytes(range(256)) * 4
SIZE = len(CONTENT)


@pytest.fixture(autouse=True)
def _no_connection_is_closed() -> Iterator[None]:
    """Let an answer that is closed be no request that ended, as Django's own test client does."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of 1,024 bytes."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def _serve(path: Path, header: str = "", *, method: str = "get") -> Any:
    headers = {"Range": header} if header else {}
    request: HttpRequest = getattr(RequestFactory(), method)("/", headers=headers)
    return serve_file(request, path, media_type="video/mp4", name="a.mp4")


def _body(response: Any) -> bytes:
    try:
        return b"".join(response.streaming_content)
    finally:
        response.close()


# Which bytes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 1023),
        ("bytes=1023-", 1023, 1023),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-9999", 1000, 1023),
        ("bytes=-1", 1023, 1023),
        ("bytes=-9999", 0, 1023),
        (" BYTES=5-5 ", 5, 5),
    ],
)
def test_read_range_within_the_file_gives_its_bytes(header: str, first: int, last: int) -> None:
    found = read_range(header, SIZE)
    assert found == ByteRange(first, last)
    assert found.size == last - first + 1


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=1_0-20"),
        *("bytes=+1-2", "bytes= 1-2", f"bytes={'9' * 5000}-", "bytes=٣-٤"),
    ],
)
def test_read_range_that_says_nothing_usable_gives_the_whole_file(header: str) -> None:
    assert read_range(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_read_range_behind_the_end_is_unsatisfiable(header: str) -> None:
    with pytest.raises(RangeUnsatisfiable):
        read_range(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-5"])
def test_read_range_of_an_empty_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(RangeUnsatisfiable):
        read_range(header, 0)


# The answer -----------------------------------------------------------------------------------------


def test_serve_without_a_range_gives_all_of_it(file: Path) -> None:
    answer = _serve(file)
    assert (answer.status_code, answer["Content-Length"], answer["Accept-Ranges"]) == (200, "1024", "bytes")
    assert answer["Content-Type"] == "video/mp4"
    assert answer["Content-Disposition"] == 'inline; filename="a.mp4"'
    assert "Content-Range" not in answer
    assert _body(answer) == CONTENT


@pytest.mark.parametrize(
    ("header", "told", "content"),
    [
        ("bytes=0-0", "bytes 0-0/1024", CONTENT[:1]),
        ("bytes=300-599", "bytes 300-599/1024", CONTENT[300:600]),
        ("bytes=-10", "bytes 1014-1023/1024", CONTENT[-10:]),
    ],
)
def test_serve_a_range_gives_its_bytes_and_says_which(
    file: Path, header: str, told: str, content: bytes
) -> None:
    answer = _serve(file, header)
    assert (answer.status_code, answer["Content-Range"]) == (206, told)
    assert answer["Content-Length"] == str(len(content))
    assert _body(answer) == content


def test_serve_a_range_behind_the_end_says_how_long_the_file_is(file: Path) -> None:
    answer = _serve(file, "bytes=1024-")
    assert (answer.status_code, answer["Content-Range"], answer.content) == (416, "bytes */1024", b"")


def test_serve_several_ranges_gives_the_whole_file(file: Path) -> None:
    answer = _serve(file, "bytes=0-1,4-5")
    assert (answer.status_code, _body(answer)) == (200, CONTENT)


def test_serve_head_tells_the_length_without_a_body(file: Path) -> None:
    answer = _serve(file, "bytes=0-1", method="head")
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "1024", b"")
    assert answer["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    ("header", "method"), [("", "get"), ("", "head"), ("bytes=1-2", "get"), ("bytes=9999-", "get")]
)
def test_serve_guards_every_answer_against_scripts(file: Path, header: str, method: str) -> None:
    with closing(_serve(file, header, method=method)) as answer:
        pass
    assert {name: answer[name] for name in GUARDS} == GUARDS
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_serve_a_name_that_would_break_the_header_keeps_it_one_header(file: Path) -> None:
    request = RequestFactory().get("/")
    answer = serve_file(request, file, media_type="video/mp4", name='a"; x="ä.mp4')
    assert answer["Content-Disposition"].startswith("inline; filename*=utf-8''a%22%3B")
    answer.close()


def test_serve_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    answer = _serve(tmp_path / "empty")
    assert (answer.status_code, answer["Content-Length"], _body(answer)) == (200, "0", b"")


def test_serve_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _serve(tmp_path / "gone")


# How it is read -------------------------------------------------------------------------------------


def _blocks(response: StretchResponse) -> list[bytes]:
    """Return what an ASGI server would be given, block by block."""

    async def read() -> list[bytes]:
        return [block async for block in response]

    try:
        return asyncio.run(read())
    finally:
        response.close()


def test_serve_to_an_asgi_server_reads_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (2 * BLOCK_BYTES + 5))
    request = AsyncRequestFactory().get("/", headers={"Range": "bytes=1-"})
    answer = serve_file(request, path, media_type="video/mp4", name="a.mp4")
    assert isinstance(answer, StretchResponse)
    assert [len(block) for block in _blocks(answer)] == [BLOCK_BYTES, BLOCK_BYTES, 4]


def test_serve_closes_the_file_with_the_answer(file: Path) -> None:
    answer = _serve(file)
    opened = answer.file_to_stream._file
    assert not opened.closed
    answer.close()
    assert opened.closed
