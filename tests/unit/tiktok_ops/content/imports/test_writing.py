"""Files of every format in the database: what each makes, joins, and leaves out; the same twice."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.accounts import AccountFactory
from tests.factories.content import PostFactory
from tests.factories.exports import (
    ACTIVITY,
    CONTENT,
    GENDER,
    HISTORY,
    OVERVIEW,
    TERRITORIES,
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
    zipped,
)
from tests.unit.tiktok_ops.content.imports.files import csv_file, rows
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports.joining import NONE_THEN
from tiktok_ops.content.imports.post_writing import NO_TIME, NO_VIEWS, TWICE
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.service import ImportResult, import_posts, preview_posts
from tiktok_ops.content.imports.writing import COMMENT_TWICE, NO_SUCH_POST
from tiktok_ops.content.models import (
    AccountMetrics,
    AudienceShare,
    Comment,
    ContentImport,
    Post,
    PostMetrics,
)

pytestmark = pytest.mark.django_db

VIDEO = video_id(1)
EVERYTHING = {
    "Content.csv": studio_csv(CONTENT, [content_row(VIDEO)]),
    "Overview.csv": studio_csv(OVERVIEW, [("May 11", "1", "1", "5", "2", "1"), ("May 12", "200", "20", "6", "3", "2")]),
    "Viewers.csv": studio_csv(VIEWERS, [("May 12", "90", "60", "30")]),
    "FollowerHistory.csv": studio_csv(HISTORY, [("May 12", "1,500", "3")]),
    "FollowerActivity.csv": studio_csv(ACTIVITY, [("May 12", "9", "40")]),
    "FollowerGender.csv": studio_csv(GENDER, [("Female", "0.59"), ("Male", "0.41")]),
    "FollowerTopTerritories.csv": studio_csv(TERRITORIES, [("BR", "0.7"), ("Others", "0.3")]),
    "user_data_tiktok.json": as_json(new_download([download_post("2025-05-10 08:31:15", "1,300")], followers=1_600)),
    "comments.json": as_json([apify_comment(VIDEO)]),
}  # fmt: skip


@pytest.fixture
def account() -> TikTokAccount:
    """Return the account the files are for."""
    account: TikTokAccount = AccountFactory.create(handle="demo")
    return account


def _import(account: TikTokAccount, data: bytes, filename: str = "a.json") -> ImportResult:
    return import_posts(account_id=account.id, stream=io.BytesIO(data), filename=filename, by="test")


def _numbers(result: ImportResult) -> dict[str, tuple[int, int, int]]:
    """Return of each kind how many are new, changed and as they were."""
    return {
        kind: (tally["created"], tally["updated"], tally["unchanged"])
        for kind in ("posts", "comments", "days", "audience")
        for tally in [result.summary[kind]]
    }


def _left_out(result: ImportResult) -> dict[str, int]:
    return {left["reason"]: left["rows"] for left in result.summary["left_out"]}


def _rows() -> list[Any]:
    """Return all an import may write, as values."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Post, PostMetrics, Comment, AccountMetrics, AudienceShare)
    ]


def test_import_everything_in_one_archive_joins_it_into_one_account(account: TikTokAccount) -> None:
    result = _import(account, zipped(EVERYTHING), "all.zip")
    assert _numbers(result) == {
        "posts": (1, 0, 0),
        "comments": (1, 0, 0),
        "days": (3, 0, 0),
        "audience": (5, 0, 0),
    }
    post = Post.objects.get()
    assert (post.video_id, post.views, post.likes, post.comments, post.shares) == (
        VIDEO,
        45_210,
        1_204,
        31,
        7,
    )
    assert post.extra == {
        "WhoCanView": "Public",
        "AllowComments": "Yes",
        "AIGeneratedContent": "No",
        "Sound": "original sound",
    }
    assert Comment.objects.get().post == post
    day = AccountMetrics.objects.get(day__month=5, day__day=12)
    assert (day.followers, day.video_views, day.profile_views) == (1_500, 200, 20)
    assert (day.likes, day.comments, day.shares) == (6, 3, 2)
    assert (day.viewers, day.new_viewers, day.returning_viewers) == (90, 60, 30)
    assert AccountMetrics.objects.get(day=date(2025, 6, 1)).followers == 1_600
    shares = AudienceShare.objects.filter(dimension="territory").values_list("observed_on", "value", "share")
    assert set(shares) == {(date(2025, 6, 1), "BR", 0.7), (date(2025, 6, 1), "Others", 0.3)}
    assert AudienceShare.objects.get(dimension="hour").followers == 40


def test_import_everything_again_changes_nothing(account: TikTokAccount) -> None:
    data = zipped(EVERYTHING)
    _import(account, data)
    before = _rows()
    result = _import(account, data)
    # Content and the download tell of one post with other likes: the last of them counts, as it did before.
    assert _numbers(result)["comments"] == (0, 0, 1)
    assert _numbers(result)["days"] == (0, 0, 3)
    assert _numbers(result)["audience"] == (0, 0, 5)
    assert _rows()[2:] == before[2:]
    assert _rows()[0] == before[0]


@pytest.mark.parametrize(
    "data",
    [
        as_json([apify_post(VIDEO), apify_post(video_id(2))]),
        studio_csv(CONTENT, [content_row(VIDEO), content_row(video_id(2))]),
        zipped(
            {"posts.json": as_json([apify_post(VIDEO)]), "comments.json": as_json([apify_comment(VIDEO)])}
        ),
    ],
)
def test_import_the_same_file_again_writes_nothing_at_all(account: TikTokAccount, data: bytes) -> None:
    _import(account, data)
    before = _rows()
    result = _import(account, data)
    assert all(numbers[:2] == (0, 0) for numbers in _numbers(result).values())
    assert _rows() == before


def test_preview_tells_what_the_import_then_does_and_writes_nothing(account: TikTokAccount) -> None:
    data = zipped(EVERYTHING)
    preview = preview_posts(account_id=account.id, stream=io.BytesIO(data), filename="all.zip")
    assert _rows() == [[], [], [], [], []]
    assert not ContentImport.objects.exists()
    account.refresh_from_db()
    assert (account.data_source, account.data_as_of) == ("none", None)
    done = _import(account, data, "all.zip")
    assert preview.summary == done.summary
    assert preview.digest == done.digest


def test_import_newer_figures_updates_and_keeps_a_snapshot(account: TikTokAccount) -> None:
    _import(account, as_json([apify_post(VIDEO)]))
    result = _import(
        account, as_json([apify_post(VIDEO, playCount=6_000, text="A lamp #Lamp #home and more")])
    )
    assert _numbers(result)["posts"] == (0, 1, 0)
    post = Post.objects.get()
    assert (post.views, post.caption) == (6_000, "A lamp #Lamp #home and more")
    assert sorted(post.metrics.values_list("views", flat=True)) == [5_300, 6_000]


def test_import_studio_over_a_scraper_keeps_the_longer_caption_and_what_was_kept(
    account: TikTokAccount,
) -> None:
    _import(account, as_json([apify_post(VIDEO, text="A lamp #lamp and all its words")]))
    _import(account, studio_csv(CONTENT, [content_row(VIDEO, title="A lamp #lamp an…")]))
    post = Post.objects.get()
    assert (post.caption, post.views, post.extra["collectCount"]) == (
        "A lamp #lamp and all its words",
        45_210,
        "9",
    )
    _import(account, studio_csv(CONTENT, [content_row(VIDEO, title="Another #name")]))
    post.refresh_from_db()
    assert (post.caption, post.hashtags) == ("Another #name", ["name"])


def test_import_download_joins_by_time_and_likes(account: TikTokAccount) -> None:
    made = datetime(2025, 5, 10, 8, 30, 15, tzinfo=UTC)
    for number, likes in ((1, 10), (2, 20), (3, 30)):
        PostFactory.create(
            account=account, video_id=video_id(number), created_at=made, likes=likes, caption=""
        )
    posts = [
        download_post(likes="20", Title="The second"),
        download_post(likes="99"),
        download_post("2025-05-12 10:00:00"),
    ]
    result = _import(account, as_json(new_download(posts)))
    assert Post.objects.get(caption="The second").video_id == video_id(2)
    assert _numbers(result)["posts"] == (0, 1, 0)
    assert {left["first"] for left in result.summary["left_out"]} >= {"'Posts', row 2", "'Posts', row 3"}


def test_import_studio_rows_without_links_joins_by_day_and_words(account: TikTokAccount) -> None:
    PostFactory.create(account=account, video_id=VIDEO, caption="A lamp for the winter", views=5)
    header = [name for name in CONTENT if name != "Video link"]
    row = [cell for cell in content_row(VIDEO, title="A lamp for…") if "http" not in cell]
    result = _import(account, studio_csv(header, [row]))
    assert _numbers(result)["posts"] == (0, 1, 0)
    assert Post.objects.get().views == 45_210


def test_import_download_alone_refuses_and_says_what_to_import_first(account: TikTokAccount) -> None:
    with pytest.raises(ImportRefused) as caught:
        _import(account, as_json(new_download([download_post()])))
    sentence = str(caught.value)
    assert sentence.startswith("The file 'a.json' has nothing for 'demo': ")
    assert NONE_THEN in sentence
    assert len(sentence.splitlines()) == 1
    assert not ContentImport.objects.exists()


def test_import_old_download_with_ids_makes_no_post_that_nobody_saw(account: TikTokAccount) -> None:
    known = PostFactory.create(account=account, video_id=VIDEO, likes=1)
    links = [f"https://www.tiktokv.com/share/video/{video_id(number)}/" for number in (1, 2)]
    result = _import(account, as_json(old_download([download_post(Link=link) for link in links])))
    assert _left_out(result)[NO_VIEWS] == 1
    known.refresh_from_db()
    assert (known.likes, Post.objects.count()) == (50, 1)


def test_import_post_without_a_time_leaves_it_out(account: TikTokAccount) -> None:
    items = [apify_post(VIDEO), apify_post("12", createTimeISO=None, createTime=None)]
    assert _left_out(_import(account, as_json(items))) == {NO_TIME: 1}


def test_import_a_video_twice_takes_the_first(account: TikTokAccount) -> None:
    items = [apify_post(VIDEO), apify_post(VIDEO, playCount=9)]
    result = _import(account, as_json(items))
    assert (_left_out(result), Post.objects.get().views) == ({TWICE: 1}, 5_300)
    more = [*items[:1], *(apify_post(video_id(number)) for number in range(2, 1_002)), items[1]]
    assert _left_out(_import(account, as_json(more))) == {TWICE: 1}


def test_import_comments_by_their_posts(account: TikTokAccount) -> None:
    PostFactory.create(account=account, video_id=VIDEO)
    PostFactory.create(video_id=video_id(2))  # another account's
    items = [apify_comment(VIDEO), apify_comment(VIDEO), apify_comment(video_id(2), 2)]
    result = _import(account, as_json(items))
    assert _numbers(result)["comments"] == (1, 0, 0)
    assert _left_out(result) == {COMMENT_TWICE: 1, NO_SUCH_POST: 1}
    changed = _import(account, as_json([apify_comment(VIDEO, text="Changed", diggCount=None)]))
    assert _numbers(changed)["comments"] == (0, 1, 0)
    assert Comment.objects.values_list("text", "likes").get() == ("Changed", 2)


def test_import_more_comments_than_a_batch_writes_all_of_them(account: TikTokAccount) -> None:
    PostFactory.create(account=account, video_id=VIDEO)
    _import(account, as_json([apify_comment(VIDEO, number) for number in range(1_001)]))
    assert Comment.objects.count() == 1_001


def test_import_comments_of_no_known_post_refuses(account: TikTokAccount) -> None:
    with pytest.raises(
        ImportRefused, match="has nothing for 'demo': 1 × the comment is under a post that is not known"
    ):
        _import(account, as_json([apify_comment(VIDEO)]))


def test_import_a_day_adds_to_what_is_known_of_it(account: TikTokAccount) -> None:
    AccountMetrics.objects.create(account=account, day=date(2025, 5, 12), followers=7, video_views=1)
    days = [("2025-05-12", "200", "undefined"), ("2025-05-13", "1", "2")]
    result = _import(account, studio_csv(OVERVIEW[:3], days))
    assert _numbers(result)["days"] == (1, 1, 0)
    assert result.data_as_of is None
    account.refresh_from_db()
    assert account.data_source == "none"
    day = AccountMetrics.objects.get(day=date(2025, 5, 12))
    assert (day.followers, day.video_views, day.profile_views) == (7, 200, None)


def test_import_shares_of_no_day_are_of_today_unless_they_are_known(account: TikTokAccount) -> None:
    today = timezone.now().date()
    first = studio_csv(GENDER, [("Female", "0.6"), ("Male", "0.4")])
    _import(account, first)
    AudienceShare.objects.update(observed_on=today - timedelta(days=9))
    assert _numbers(_import(account, first))["audience"] == (0, 0, 2)
    assert _numbers(_import(account, studio_csv(GENDER, [("Female", "1")])))["audience"] == (1, 0, 0)
    assert _numbers(_import(account, studio_csv(GENDER, [("Male", "1")])))["audience"] == (1, 0, 0)
    assert set(AudienceShare.objects.values_list("observed_on", "value", "share")) == {
        (today - timedelta(days=9), "female", 0.6),
        (today - timedelta(days=9), "male", 0.4),
        (today, "male", 1.0),
    }


def test_import_what_is_longer_than_a_column_keeps_what_fits(account: TikTokAccount) -> None:
    link = f"https://www.tiktok.com/@demo/video/{VIDEO}?x={'y' * 600}"
    _import(account, studio_csv(CONTENT, [content_row(VIDEO, link=link, title="#" + "İ" * 150)]))
    post = Post.objects.get()
    assert (post.video_id, post.url, len(post.hashtags[0])) == (VIDEO, "", 150)
    item = apify_comment(VIDEO, uniqueId="a" * 100, repliesToId="1" * 60, cid="9" * 40)
    _import(account, as_json([item]))
    comment = Comment.objects.get()
    assert (len(comment.author), len(comment.parent_id), len(comment.comment_id)) == (80, 40, 40)


def test_import_a_table_after_an_export_takes_every_value_of_the_table(account: TikTokAccount) -> None:
    data = csv_file(rows(1))
    _import(account, data)
    post = Post.objects.get()
    _import(account, as_json([apify_post(post.video_id)]))
    post.refresh_from_db()
    assert (post.views, post.caption, len(post.extra) > 3) == (5_300, "A lamp #Lamp #home", True)
    _import(account, data)
    post.refresh_from_db()
    assert (post.views, post.caption, post.extra) == (1_000, "Post 1", {})


@pytest.mark.parametrize("count", [2, 300])
def test_import_any_number_of_comments_takes_as_many_queries(
    account: TikTokAccount, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    PostFactory.create(account=account, video_id=VIDEO)
    data = as_json([apify_comment(VIDEO, number) for number in range(count)])
    with django_assert_num_queries(12):
        _import(account, data)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"dimension": "mood"}, "audience_dimension_known"),
        ({"share": 1.1}, "audience_share_or_followers"),
        ({"share": -0.1}, "audience_share_or_followers"),
        ({"share": None}, "audience_share_or_followers"),
        ({"followers": 3}, "audience_share_or_followers"),
        ({"dimension": "hour"}, "audience_share_or_followers"),
        ({"dimension": "hour", "share": None}, "audience_share_or_followers"),
        ({"value": "male"}, "audience_share_once"),
    ],
)
def test_store_a_share_that_cannot_be_is_refused_by_the_database(
    account: TikTokAccount, values: dict[str, Any], constraint: str
) -> None:
    good = {
        "account": account,
        "observed_on": date(2025, 5, 12),
        "dimension": "gender",
        "value": "female",
        "share": 0.5,
    }
    AudienceShare.objects.create(**good | {"value": "male"})
    with pytest.raises(IntegrityError, match=constraint):
        AudienceShare.objects.create(**good | values)
