"""Whatever the bytes are, a file of any format is read or refused in sentences: never anything else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.exports import (
    ACTIVITY,
    CONTENT,
    GENDER,
    OVERVIEW,
    VIEWERS,
    apify_comment,
    apify_post,
    as_json,
    content_row,
    download_post,
    new_download,
    old_download,
    studio_csv,
    video_id,
    web_post,
    yt_dlp_post,
)
from tests.forms import examples
from tests.unit.tiktok_ops.content.imports.files import outcome
from tiktok_ops.content.imports.problems import MAX_PROBLEMS

VIDEO = video_id(1)
FILES = {
    "overview": studio_csv(
        OVERVIEW, [("June 29", "1", "2", "3", "4", "5"), ("June 30", "1", "2", "3", "4", "5")]
    ),
    "content": studio_csv(CONTENT, [content_row(VIDEO)]),
    "activity": studio_csv(ACTIVITY, [("June 29", "0", "5")]),
    "download": as_json(new_download([download_post()]), indent=1),
    "old download": as_json(old_download([download_post()])),
    "apify": as_json([apify_post(VIDEO), apify_post(video_id(2))]),
    "comments": as_json([apify_comment(VIDEO)]),
    "yt-dlp": as_json({"entries": [yt_dlp_post(VIDEO)]}, indent=1),
    "web": as_json({"itemList": [web_post(VIDEO)]}),
}


def _check(data: bytes) -> None:
    sentences = outcome(data, filename="file")
    assert len(sentences) <= MAX_PROBLEMS
    for sentence in sentences:
        assert sentence.endswith(".")
        assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize("name", FILES)
def test_read_made_file_of_each_format_is_read(name: str) -> None:
    assert outcome(FILES[name]) == []


@settings(max_examples=examples(150))
@given(st.data())
def test_read_damaged_file_of_any_format_raises_nothing_but_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(FILES[data.draw(st.sampled_from(list(FILES)))])
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=5)):
        changed[place] = data.draw(st.integers(0, 255))
    _check(bytes(changed[: data.draw(st.integers(0, len(changed)))]))


@given(
    st.sampled_from(list(FILES)),
    st.sampled_from(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-7"]),
)
def test_read_file_in_another_encoding_raises_nothing_but_a_refusal(name: str, encoding: str) -> None:
    _check(FILES[name].decode("utf-8-sig").encode(encoding, errors="replace"))


@given(
    st.sampled_from([OVERVIEW, CONTENT, VIEWERS, ACTIVITY, GENDER]),
    st.lists(st.lists(st.text(max_size=12), min_size=8, max_size=8), max_size=4),
)
def test_read_tab_of_random_cells_raises_nothing_but_a_refusal(header: Any, rows: list[list[str]]) -> None:
    _check(studio_csv(header, [row[: len(header)] for row in rows]).replace(b"\0", b"") if rows else b"x")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=examples(60))
@given(
    st.sampled_from(
        [apify_post(VIDEO), apify_comment(VIDEO), yt_dlp_post(VIDEO), web_post(VIDEO), download_post()]
    ),
    st.data(),
)
def test_read_item_with_random_values_raises_nothing_but_a_refusal(
    item: dict[str, Any], data: st.DataObject
) -> None:
    changed = {name: data.draw(_json) if data.draw(st.booleans()) else value for name, value in item.items()}
    _check(as_json([changed]).decode().encode(errors="replace"))
    _check(as_json(new_download([changed])))
