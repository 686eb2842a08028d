"""Bytes to lines: what is refused before anything is parsed, in bounded memory."""

import hashlib
import io
from typing import BinaryIO

import pytest

from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.source import MAX_FILE_BYTES, MAX_LINE_CHARS, CheckedBytes, lines_of


class Drip(io.BytesIO):
    """A stream that gives at most `step` bytes at a time, as a slow upload does."""

    def __init__(self, data: bytes, *, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `step` bytes."""
        return super().read(self._step if size is None or size < 0 else min(size, self._step))


class Endless(io.BytesIO):
    """A stream of one character without end."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, always."""
        assert size is not None
        assert size > 0
        self.given += size
        return b"x" * (size - 1) + b"\n"


class Broken(io.BytesIO):
    """A stream whose disk fails."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail as a disk does."""
        raise OSError(5, "Input/output error")


def _lines(stream: BinaryIO) -> list[str]:
    return list(lines_of(CheckedBytes(stream, filename="posts.csv")))


def test_read_lines_keeps_every_kind_of_line_end() -> None:
    assert _lines(io.BytesIO(b"a\nb\r\nc\rd")) == ["a\n", "b\r\n", "c\r", "d"]


def test_read_lines_splits_at_no_other_character() -> None:
    text = "a\x0b\x0c\x1c\u2028\x85b"
    assert _lines(io.BytesIO(text.encode())) == [text]


def test_read_lines_with_byte_order_mark_drops_it() -> None:
    assert _lines(io.BytesIO(b"\xef\xbb\xbfhandle\n")) == ["handle\n"]


def test_read_lines_of_nothing_gives_none() -> None:
    assert _lines(io.BytesIO(b"")) == []


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_read_lines_in_small_pieces_joins_characters(step: int) -> None:
    text = "é😀ü\n€ende"
    assert "".join(_lines(Drip(text.encode(), step=step))) == text


@pytest.mark.parametrize("step", [1, 2, 3, 4, 100])
def test_read_lines_with_a_wrong_byte_names_its_offset(step: int) -> None:
    data = "é😀".encode() + b"\xff" + b"abc"
    with pytest.raises(ImportRefused, match=r"'posts\.csv' is not UTF-8 text \(at byte offset 6\)"):
        _lines(Drip(data, step=step))


@pytest.mark.parametrize("step", [1, 2, 100])
def test_read_lines_with_a_cut_character_at_the_end_names_where_it_began(step: int) -> None:
    with pytest.raises(ImportRefused, match="at byte offset 2"):
        _lines(Drip(b"ab" + "😀".encode()[:3], step=step))


@pytest.mark.parametrize("step", [1, 4, 100])
def test_read_lines_with_a_nul_byte_names_its_offset(step: int) -> None:
    with pytest.raises(ImportRefused, match="NUL byte at byte offset 5"):
        _lines(Drip(b"abcde\0fg", step=step))


def test_read_lines_with_a_late_nul_byte_counts_from_the_start_of_the_file() -> None:
    with pytest.raises(ImportRefused, match="NUL byte at byte offset 100000"):
        _lines(io.BytesIO(b"x" * 100_000 + b"\0"))


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\xff\xfeh\0a\0", "UTF-16 text"),
        (b"\xfe\xff\0h\0a", "UTF-16 text"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"%PDF-1.7\n", "a PDF document"),
    ],
)
def test_read_lines_of_a_known_binary_format_says_what_it_is_and_the_remedy(start: bytes, what: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        _lines(io.BytesIO(start + b"rest"))
    assert str(caught.value).startswith(f"The file 'posts.csv' looks like {what}")
    assert "CSV UTF-8" in str(caught.value)


def test_read_lines_with_a_binary_mark_in_the_middle_takes_it_as_text() -> None:
    assert _lines(io.BytesIO(b"handle\n%PDF\n")) == ["handle\n", "%PDF\n"]


def test_read_lines_of_an_endless_stream_stops_at_the_limit() -> None:
    stream = Endless()
    with pytest.raises(ImportRefused, match="larger than 100 MB; split it"):
        for _ in lines_of(CheckedBytes(stream, filename="posts.csv")):
            pass
    assert stream.given < MAX_FILE_BYTES + 100_000


def test_read_lines_of_the_largest_file_is_accepted() -> None:
    line = b"x" * 999 + b"\n"
    data = line * (MAX_FILE_BYTES // 1000) + b"y" * (MAX_FILE_BYTES % 1000)
    count = sum(1 for _ in lines_of(CheckedBytes(io.BytesIO(data), filename="posts.csv")))
    assert len(data) == MAX_FILE_BYTES
    assert count == MAX_FILE_BYTES // 1000 + 1
    with pytest.raises(ImportRefused, match="larger than 100 MB"):
        _lines(io.BytesIO(data + b"z"))


def test_read_lines_with_the_longest_line_is_accepted() -> None:
    assert len(_lines(io.BytesIO(b"x" * (MAX_LINE_CHARS - 1) + b"\ny"))) == 2


def test_read_lines_with_too_long_a_line_names_it() -> None:
    with pytest.raises(ImportRefused, match=r"Line 2 of the file is longer than 1,048,576 characters\."):
        _lines(io.BytesIO(b"a\n" + b"x" * (MAX_LINE_CHARS + 1)))


def test_read_lines_from_a_failing_disk_refuses_with_its_words() -> None:
    with pytest.raises(ImportRefused, match=r"'posts\.csv' cannot be read: Input/output error\."):
        _lines(Broken())


def test_read_to_the_end_gives_the_digest_of_the_bytes() -> None:
    data = "\ufeffhandle\r\né\n".encode() * 5_000
    checked = CheckedBytes(Drip(data, step=1_000), filename="posts.csv")
    assert sum(len(line) for line in lines_of(checked)) == len(data.decode()) - 1
    assert checked.digest == hashlib.sha256(data).hexdigest()


def test_read_to_the_end_leaves_the_stream_open() -> None:
    stream = io.BytesIO(b"a\nb\n")
    _lines(stream)
    assert not stream.closed


def test_name_of_the_checked_stream_is_the_name_of_the_file() -> None:
    assert CheckedBytes(io.BytesIO(), filename="posts.csv").name == "posts.csv"
