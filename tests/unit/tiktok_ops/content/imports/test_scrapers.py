"""What scrapers write: Apify, yt-dlp, web items; as lists, lines, one object or CSV."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.exports import (
    MADE_AT,
    apify_comment,
    apify_post,
    as_json,
    link_to,
    video_id,
    web_post,
    yt_dlp_post,
)
from tests.unit.tiktok_ops.content.imports.files import read, refusal
from tiktok_ops.content.imports.facts import CommentFact
from tiktok_ops.content.imports.scrapers import FAILED, NOT_SAID

VIDEO = video_id(1)
MAKERS = [apify_post, yt_dlp_post, web_post]


def _lines(items: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(item) for item in items).encode()


def _in_entries(items: list[dict[str, Any]]) -> bytes:
    return as_json({"_type": "playlist", "title": "demo", "entries": [*items, None]}, indent=2)


def _in_item_list(items: list[dict[str, Any]]) -> bytes:
    return as_json({"itemList": items, "hasMore": False})


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("pack", [as_json, _lines, _in_entries, _in_item_list])
def test_read_items_of_any_scraper_in_any_form_gives_the_posts(
    make: Callable[..., dict[str, Any]], pack: Callable[[list[dict[str, Any]]], bytes]
) -> None:
    posts = read(pack([make(VIDEO), make(video_id(2))])).rows
    assert [post.video_id for post in posts] == [VIDEO, video_id(2)]
    for post in posts:
        assert (post.created_at, post.handle) == (MADE_AT, "demo")
        assert (post.likes, post.comments, post.shares) == (120, 7, 4)
        assert (post.hashtags or ())[0] == "lamp"


def test_read_apify_item_gives_every_value() -> None:
    post = read(as_json([apify_post(VIDEO)])).rows[0]
    assert (post.views, post.url, post.caption) == (5_300, link_to(VIDEO), "A lamp #Lamp #home")
    assert post.hashtags == ("lamp", "home")
    assert post.extra["collectCount"] == "9"
    assert post.extra["videoMeta.duration"] == "15"


def test_read_web_item_prefers_the_exact_counts() -> None:
    assert read(as_json([web_post(VIDEO)])).rows[0].views == 5_301


def test_read_yt_dlp_item_takes_the_whole_caption_and_the_saves() -> None:
    post = read(as_json(yt_dlp_post(VIDEO))).rows[0]
    assert (post.caption, post.extra["save_count"]) == ("A lamp #lamp with all its words", "9")


def test_read_flat_csv_of_apify_gives_the_same_posts() -> None:
    text = io.StringIO()
    header = ["id", "text", "createTimeISO", "authorMeta.name", "webVideoUrl", "diggCount", "shareCount",
              "playCount", "commentCount", "videoMeta.duration", "hashtags.0.name"]  # fmt: skip
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerow(
        [
            VIDEO,
            "A lamp #lamp",
            "2025-05-10T08:30:15.000Z",
            "demo",
            link_to(VIDEO),
            120,
            4,
            5300,
            7,
            15,
            "lamp",
        ]
    )
    [post] = read(text.getvalue().encode()).rows
    assert (post.video_id, post.views, post.hashtags, post.created_at) == (VIDEO, 5_300, ("lamp",), MADE_AT)


def test_read_comments_of_apify_gives_them() -> None:
    found = read(as_json([apify_comment(VIDEO), apify_comment(VIDEO, 2, repliesToId="7500000000000000001")]))
    first, second = (fact for fact in found.facts if isinstance(fact, CommentFact))
    assert first == CommentFact(
        row=1,
        video_id=VIDEO,
        comment_id="7500000000000000001",
        parent_id="",
        author="ana",
        text="Where do I get it? 1",
        likes=2,
        created_at=datetime(2025, 5, 11, 9, 0, tzinfo=UTC),
    )
    assert second.parent_id == "7500000000000000001"


def test_read_comments_under_posts_of_others_are_theirs() -> None:
    found = read(as_json([apify_comment(VIDEO), apify_comment(VIDEO, 2, handle="other")]))
    assert (len(found.facts), found.left_out) == (1, {"other": 1})


def test_read_comment_that_does_not_say_where_it_is_or_when_is_left_out() -> None:
    items = [
        apify_comment(VIDEO),
        apify_comment(VIDEO, 2, videoWebUrl="https://vm.tiktok.com/x"),
        apify_comment(VIDEO, 3, createTimeISO=None),
    ]
    found = read(as_json(items))
    assert len(found.facts) == 1
    assert [(left.rows, left.first) for left in found.reading.left_out.values()] == [
        (1, "Row 2"),
        (1, "Row 3"),
    ]


def test_read_items_of_others_and_errors_are_left_out_and_counted() -> None:
    items = [
        {"error": "not found", "url": "x"},
        apify_post(VIDEO),
        apify_post(video_id(2), handle="other"),
        {"errorCode": 10},
        apify_post(video_id(3), authorMeta=None, webVideoUrl=""),
    ]
    found = read(as_json(items))
    assert (len(found.rows), found.left_out) == (1, {"other": 1})
    assert {reason: left.rows for reason, left in found.reading.left_out.items()} == {FAILED: 2, NOT_SAID: 1}


def test_read_items_of_others_only_refuses_naming_them() -> None:
    assert str(refusal(as_json([apify_post(VIDEO, handle="other")]))) == (
        "No row is for 'demo'; the file has 'other'."
    )


def test_read_items_without_counts_leaves_them_unknown() -> None:
    post = read(as_json([yt_dlp_post(VIDEO, comment_count=None, repost_count=None)])).rows[0]
    assert (post.comments, post.shares) == (None, None)


def test_read_item_without_id_or_time_takes_them_from_the_link() -> None:
    post = read(as_json([apify_post(VIDEO, id="", createTimeISO=None, createTime=None)])).rows[0]
    assert (post.video_id, post.created_at) == (VIDEO, MADE_AT)


def test_read_items_with_wrong_values_name_the_row_and_their_own_column() -> None:
    items = [apify_post(VIDEO), apify_post(video_id(2), playCount=-5), apify_post("x", webVideoUrl="")]
    assert str(refusal(as_json(items))).splitlines() == [
        "Row 2: playCount '-5' is negative; write a whole number of 0 or more.",
        "Row 3: id 'x' is not a video id of 1 to 20 digits; a spreadsheet keeps it whole only in a column of text.",
    ]
    assert "Row 1: cid '?' is not the id of a comment" in str(
        refusal(as_json([apify_comment(VIDEO, cid="?")]))
    )


def test_read_items_among_those_of_another_kind_names_the_row() -> None:
    assert str(refusal(as_json([apify_post(VIDEO), {"a": 1}]))) == (
        "Row 2 is none of the posts of Apify's TikTok scraper, as those before it are; leave it out."
    )


def test_read_list_with_something_else_in_it_names_the_item() -> None:
    assert str(refusal(as_json([apify_post(VIDEO), 5]))) == "Row 2 is not a JSON object."


def test_read_objects_of_no_format_says_what_was_seen_and_what_can_be_given() -> None:
    for data in (as_json([{"a": 1, "b": 2}]), as_json({"a": 1, "b": 2}, indent=1)):
        sentence = str(refusal(data, filename="x.json"))
        assert sentence.startswith(
            "The file 'x.json' holds objects with 'a', 'b', which are of no format we know; give "
        )
        assert len(sentence.splitlines()) == 1


def test_read_list_of_errors_only_has_nothing() -> None:
    assert FAILED in read(as_json([{"error": "x"}])).reading.left_out


def test_read_list_of_our_own_posts_is_taken() -> None:
    cells = {
        "handle": "demo", "video_id": VIDEO, "url": "", "created_at": "2025-05-10", "caption": "", "hashtags": [],
        "views": 1, "likes": 1, "comments": 0, "shares": 0,
    }  # fmt: skip
    sentence = str(refusal(as_json([cells])))
    assert sentence.startswith("Row 1: created_at '2025-05-10' is not a date and time")
    assert len(read(as_json([cells | {"created_at": "2025-05-10 10:00"}])).rows) == 1
