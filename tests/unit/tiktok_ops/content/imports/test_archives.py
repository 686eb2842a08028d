"""ZIP archives: what is in them is read in the right order, and nothing hostile gets further than a sentence."""

import io
import stat
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.exports import (
    CONTENT,
    OVERVIEW,
    apify_comment,
    apify_post,
    as_json,
    content_row,
    download_post,
    new_download,
    packed,
    patched,
    studio_csv,
    video_id,
    xlsx,
    zipped,
)
from tests.forms import examples
from tests.unit.tiktok_ops.content.imports.files import csv_file, outcome, read, refusal, rows
from tiktok_ops.content.imports import archives
from tiktok_ops.content.imports.facts import CommentFact, DayFact, PostFact
from tiktok_ops.content.imports.problems import ImportRefused

VIDEO = video_id(1)
DAY = studio_csv(OVERVIEW[:2], [("June 30", "1")])


def _sentence(data: bytes) -> str:
    sentence = str(refusal(data, filename="a.zip"))
    assert len(sentence.splitlines()) == 1
    return sentence


def test_read_archive_reads_every_file_and_comments_last() -> None:
    files = {
        "a/comments.json": as_json([apify_comment(VIDEO)]),
        "b/Overview.csv": DAY,
        "c/Content.csv": studio_csv(CONTENT, [content_row(VIDEO)]),
        "d/tabs.xlsx": xlsx({"Overview": [OVERVIEW[:2], ("June 29", "2")]}),
        "user_data_tiktok.json": as_json(new_download([download_post()])),
    }
    found = read(zipped(files), filename="a.zip")
    kinds = [type(fact) for fact in found.facts]
    assert kinds == [DayFact, PostFact, DayFact, PostFact, DayFact, CommentFact]
    assert [part.name for part in found.reading.parts] == [
        "Overview.csv",
        "Content.csv",
        "tabs.xlsx › Overview",
        "user_data_tiktok.json",
        "comments.json",
    ]


def test_read_archive_leaves_out_what_it_does_not_know_and_says_so() -> None:
    files = {
        "Overview.csv": DAY,
        "Readme.txt": b"Hello there",
        "cover.jpg": b"\xff\xd8\xff\0",
        "empty.csv": b"",
        "__MACOSX/._Overview.csv": b"\0\0",
        ".DS_Store": b"\0",
        "folder/": b"",
    }
    found = read(zipped(files), filename="a.zip")
    assert len(found.facts) == 1
    assert sorted(found.reading.left_out) == [
        "'Readme.txt' is neither CSV nor JSON Lines: it begins with 'Hello there', which names no column we know",
        "'cover.jpg' is not text (a NUL byte at byte offset 3)",
        "'empty.csv' is empty",
    ]


@pytest.mark.parametrize("files", [{}, {"a.txt": b"Hello"}, {"a.jpg": b"\0", "b.bin": b"\xff\0"}])
def test_read_archive_of_nothing_we_read_refuses_naming_it(files: dict[str, bytes]) -> None:
    named = ", ".join(map(repr, files)) or "nothing"
    assert _sentence(zipped(files)).startswith(
        f"The file 'a.zip' is a ZIP archive of {named}, which we do not read; give "
    )


def test_read_archive_with_a_wrong_row_in_one_file_refuses_all_of_it() -> None:
    files = {
        "posts.csv": csv_file(rows(2)),
        "tabs/Overview.csv": studio_csv(OVERVIEW[:2], [("June 30", "many")]),
    }
    assert _sentence(zipped(files)).startswith(
        "'Overview.csv', row 2: Video Views 'many' is not a whole number"
    )


def test_read_archive_with_a_file_that_turns_unreadable_halfway_refuses_it() -> None:
    damaged = csv_file(rows(3_000)) + b"\xff"
    assert "is not UTF-8 text" in _sentence(zipped({"posts.csv": damaged, "Overview.csv": DAY}))


def test_read_archive_in_an_archive_refuses() -> None:
    assert _sentence(zipped({"b.zip": zipped({"Overview.csv": DAY})})) == (
        "The file 'a.zip › b.zip' is a ZIP archive in a ZIP archive; send it by itself."
    )


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x.csv", "a/../../x.csv", "C:x.csv", "c:\\x.csv", "\\\\host\\x.csv", "..\\x.csv"],
)
def test_read_archive_whose_paths_lead_out_of_it_refuses(name: str) -> None:
    assert "which leads out of the archive; pack the files anew." in _sentence(zipped({name: DAY}))


def _entry(change: Callable[[zipfile.ZipInfo], None], content: bytes = DAY) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        entry = packed("Overview.csv")
        change(entry)
        archive.writestr(entry, content)
    return data.getvalue()


def _as_link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def _as_lzma(entry: zipfile.ZipInfo) -> None:
    entry.compress_type = zipfile.ZIP_LZMA


def test_read_archive_with_a_link_in_it_refuses() -> None:
    assert "'Overview.csv', which is a link to another file" in _sentence(_entry(_as_link, b"/etc/passwd"))


def test_read_archive_packed_in_another_way_refuses() -> None:
    assert "which is packed in a way we do not read; pack it as a usual ZIP." in _sentence(_entry(_as_lzma))


def test_read_encrypted_archive_refuses() -> None:
    assert "which is encrypted; pack it without a password." in _sentence(
        patched(zipped({"Overview.csv": DAY}), 8, b"\x01\x00")
    )


def test_read_archive_that_unpacks_to_far_more_than_it_is_refuses() -> None:
    assert "which unpacks to more than 200 times its size" in _sentence(
        zipped({"Overview.csv": b"0" * 3_000_000})
    )
    small = zipped({"Overview.csv": DAY, "zeros.csv": b"0" * 900_000})
    assert len(read(small).facts) == 1


def test_read_archive_that_lies_about_its_size_refuses() -> None:
    # The entry says 10 bytes and holds more: what comes out is cut there, and its check sum is wrong.
    data = patched(zipped({"Overview.csv": DAY}), 24, (10).to_bytes(4, "little"))
    assert "broken" in _sentence(data) or "cannot be opened" in _sentence(data)


@pytest.mark.parametrize(
    ("size", "what"), [(2**31, "is larger than 100 MB unpacked"), (99 * 2**20, "200 times its size")]
)
def test_read_archive_that_says_it_is_huge_refuses_before_unpacking(size: int, what: str) -> None:
    data = patched(zipped({"Overview.csv": DAY}), 24, size.to_bytes(4, "little"))
    assert what in _sentence(data)


def test_read_archive_whose_file_is_not_where_it_says_refuses() -> None:
    data = zipped({"Overview.csv": DAY, "b.csv": DAY})
    second = data.index(b"PK\x03\x04", 4)
    assert "holds 'b.csv', which cannot be opened; pack it anew." in _sentence(
        data[:second] + b"XX" + data[second + 2 :]
    )


def test_read_archive_of_too_many_files_refuses() -> None:
    files = {f"{number}.csv": b"" for number in range(501)}
    assert "holds 501 files; at most 500 can be read: send fewer." in _sentence(zipped(files))


def test_read_archive_that_says_it_unpacks_to_too_much_altogether_refuses() -> None:
    data = io.BytesIO(zipped({str(number): b"x" for number in range(4)}))
    with archives.opened_archive(data, filename="a.zip") as archive:
        for entry in archive.infolist():
            entry.file_size, entry.compress_size = 80 * 2**20, 2**20
        with pytest.raises(ImportRefused, match="unpacks to more than 300 MB; send the files one by one"):
            archives.checked_entries(archive, filename="a.zip")


def test_unpack_more_than_allowed_stops() -> None:
    data = io.BytesIO(zipped({"a": b"x" * 5_000}))
    with archives.opened_archive(data, filename="a.zip") as archive:
        [entry] = archives.checked_entries(archive, filename="a.zip")
        allowance = archives.Allowance(4_999)
        with (
            archives.open_entry(archive, entry, filename="a.zip", allowance=allowance) as stream,
            pytest.raises(ImportRefused, match="unpacks to more than 300 MB; send the files one by one"),
        ):
            stream.read()


def test_read_archive_with_names_in_odd_encodings_reads_the_files() -> None:
    files = {"Обзор.csv": DAY, "Ü\udcff.csv".encode("cp437", "replace").decode("cp437"): b"", "名前.csv": b""}
    assert len(read(zipped(files)).facts) == 1


def test_read_file_twice_by_the_day_it_was_made_where_that_is_none_goes_on() -> None:
    entry = packed("a.csv")
    entry.date_time = (2025, 13, 40, 0, 0, 0)
    assert archives.made_on(entry) is None


WHOLE = zipped({
    "Overview.csv": DAY,
    "posts.json": as_json([apify_post(VIDEO)]),
    "a.xlsx": xlsx({"Overview": [OVERVIEW[:2], ("June 29", "2")]}),
})  # fmt: skip


@settings(max_examples=examples(60))
@given(st.data())
def test_read_damaged_archive_raises_nothing_but_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))
    damaged = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    sentences = outcome(damaged, filename="a.zip")
    assert all(sentence.endswith(".") for sentence in sentences)
