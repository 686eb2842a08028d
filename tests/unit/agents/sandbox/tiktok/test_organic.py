"""An account's own figures, videos and comments, through the real client."""

from datetime import timedelta
from typing import Any

import pytest

from agents.providers.errors import AccessRefused, ProviderRateLimited, ProviderRejected
from agents.providers.tiktok.read.business import BusinessReader, VideoComment
from agents.providers.tiktok.write.comments import CommentWriter
from agents.sandbox.tiktok.comments import LONGEST_COMMENT
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import account_day, fix_clock, plant, put_profile, world_now
from tests.factories.tiktok import TOKEN, USERNAME, make_creator, put_online, sandbox_tiktok
from tests.factories.tiktok_world import (
    ACCESS,
    BEGAN,
    COMMENT_ID,
    VIDEO_ID,
    a_comment,
    a_video,
    days,
    plant_world,
)
from tiktok_ops.clock import database_now

pytestmark = pytest.mark.usefixtures("committed_sandbox")
OWN: dict[str, Any] = {"token": TOKEN, "business_id": ACCESS.business_id}
OTHERS: dict[str, Any] = {"token": TOKEN, "business_id": "-000somebodyelse"}


def business() -> BusinessReader:
    """Return a reader on the sandbox."""
    return sandbox_tiktok().business


def comments(**more: str) -> list[VideoComment]:
    """Return the comments under the video, newest first."""
    return list(business().comments(**OWN, video_id=VIDEO_ID, **more))


def replies() -> list[VideoComment]:
    """Return the replies to the comment, newest first."""
    return list(business().replies(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID))


def test_read_profile_gives_the_account_its_days_and_its_audience() -> None:
    plant_world()
    fix_clock(BEGAN + days(10))
    plant([account_day(USERNAME, (BEGAN + days(n)).date(), video_views=100 + n) for n in range(12)])
    profile = business().profile(**OWN, since=(BEGAN + days(7)).date())
    assert (profile.username, profile.follower_count, profile.video_count) == (USERNAME, 18_420, 1)
    assert profile.audience_countries == ({"country": "DE", "percentage": 0.61},)
    # The day the clock stands in is not over, so nothing is told of it.
    assert [(day.day, day.video_views) for day in profile.days] == [
        ((BEGAN + days(n)).date(), 100 + n) for n in (7, 8, 9)
    ]


def test_read_profile_of_few_followers_tells_nothing_of_the_audience() -> None:
    put_profile(USERNAME, at=BEGAN, follower_count=99, audience={"audience_ages": [{"age": "18-24"}]})
    assert business().profile(**OWN).audience_ages == ()


def test_read_video_gives_what_it_had_collected_at_the_worlds_moment() -> None:
    plant([a_video()])
    seen = []
    for moment in (BEGAN + days(0.5), BEGAN + days(1.5), BEGAN + days(9)):
        fix_clock(moment)
        [video] = business().videos(**OWN)
        seen.append((video.views, video.likes, video.reach))
    assert seen == [(500, 25, 425), (2000, 70, 1700), (3000, 90, 2550)]
    [shown] = sandbox_tiktok().display.videos(token=TOKEN)
    assert (shown.id, shown.view_count, shown.like_count, shown.comment_count) == (VIDEO_ID, 3000, 90, 8)
    fix_clock(BEGAN - days(1))
    assert list(business().videos(**OWN)) == []


def test_read_videos_gives_posted_ones_too_page_by_page_each_once() -> None:
    make_creator()
    plant([a_video(item_id=str(7574 * 10**15 + n), at=BEGAN + timedelta(minutes=n)) for n in range(25)])
    put_online(sandbox_tiktok())
    found = list(business().videos(**OWN))
    assert len({video.id for video in found}) == len(found) == 26
    assert [video.created_at for video in found] == sorted((one.created_at for one in found), reverse=True)
    assert (found[0].views, found[0].caption) == (0, "Three ways to cold brew #tea")
    assert [video.id for video in sandbox_tiktok().display.videos(token=TOKEN)] == [v.id for v in found]
    [one] = business().video_page(**OWN, video_ids=[found[3].id]).items
    assert one == found[3]


def test_read_comments_gives_them_newest_first_and_replies_apart() -> None:
    plant([a_video(), a_comment(), a_comment(comment_id="9", minutes=61, is_hidden=True)])
    plant([a_comment(comment_id=str(n), minutes=62 + n, parent=COMMENT_ID) for n in (100, 101)])
    assert [(one.id, one.is_hidden, one.replies) for one in comments()] == [
        ("9", True, 0),
        (COMMENT_ID, False, 2),
    ]
    assert [(one.id, one.parent_id) for one in replies()] == [("101", COMMENT_ID), ("100", COMMENT_ID)]
    page = business().comment_page(**OWN, video_id=VIDEO_ID, comment_ids=[COMMENT_ID])
    assert [one.id for one in page.items] == [COMMENT_ID]


def test_read_more_comments_than_a_page_holds_gives_each_once() -> None:
    plant([a_video(), *(a_comment(comment_id=str(n), minutes=n) for n in range(100, 165))])
    assert [one.id for one in comments()] == [str(n) for n in reversed(range(100, 165))]
    assert len(received(operation="comment_list")) == 3


def test_reply_is_there_once_by_the_account_and_counted() -> None:
    plant_world()
    writer = CommentWriter(sandbox_tiktok())
    made = writer.reply(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID, text="An oolong.")
    [reply] = replies()
    assert (reply.id, reply.text, reply.is_owner, reply.author) == (made.id, "An oolong.", True, USERNAME)
    assert comments()[0].replies == 1
    under_reply = writer.reply(**OWN, video_id=VIDEO_ID, comment_id=made.id, text="From Taiwan.")
    assert {one.id for one in replies()} == {made.id, under_reply.id}


def test_comment_and_hide_change_what_is_there() -> None:
    plant_world()
    writer = CommentWriter(sandbox_tiktok())
    made = writer.comment(**OWN, video_id=VIDEO_ID, text="Ask us anything.")
    writer.hide(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID)
    assert [(one.id, one.is_hidden) for one in comments()] == [(made.id, False), (COMMENT_ID, True)]
    writer.hide(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID, is_hidden=False)
    assert not comments()[1].is_hidden


def test_reply_at_the_limit_is_taken_and_beyond_it_never_sent() -> None:
    plant_world()
    writer = CommentWriter(sandbox_tiktok())
    writer.reply(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID, text="é" * LONGEST_COMMENT)
    for text in ("", "x" * (LONGEST_COMMENT + 1)):
        with pytest.raises(ProviderRejected, match="TikTok takes 1 to 1200") as refused:
            writer.reply(**OWN, video_id=VIDEO_ID, comment_id=COMMENT_ID, text=text)
        assert refused.value.was_sent is False
    assert len(received(operation="comment_reply_create")) == 1


def test_speak_for_another_account_is_refused() -> None:
    plant_world()
    writer = CommentWriter(sandbox_tiktok())
    with pytest.raises(AccessRefused):
        business().profile(**OTHERS)
    with pytest.raises(AccessRefused):
        writer.reply(**OTHERS, video_id=VIDEO_ID, comment_id=COMMENT_ID, text="Hello")
    assert replies() == []


@pytest.mark.parametrize(("video_id", "comment_id"), [("1", COMMENT_ID), (VIDEO_ID, "1")])
def test_reply_to_what_is_not_there_is_refused(video_id: str, comment_id: str) -> None:
    plant_world()
    with pytest.raises(ProviderRejected) as refused:
        CommentWriter(sandbox_tiktok()).reply(**OWN, video_id=video_id, comment_id=comment_id, text="Hello")
    assert refused.value.may_have_acted is False


def test_read_without_the_scope_is_refused() -> None:
    make_creator(scopes=["user.info.basic", "video.insights"])
    assert list(business().videos(**OWN)) == []
    with pytest.raises(AccessRefused, match="40001"):
        business().profile(**OWN)


def test_read_more_often_than_forty_times_a_minute_asks_for_five_minutes_of_silence() -> None:
    plant_world()
    reader = business()
    for _ in range(40):
        reader.comment_page(**OWN, video_id=VIDEO_ID)
    with pytest.raises(ProviderRateLimited) as limited:
        reader.comment_page(**OWN, video_id=VIDEO_ID)
    assert (limited.value.code, limited.value.retry_after_seconds) == ("40100", 300.0)
    reader.profile(**OWN)  # each endpoint has its own


def test_read_more_ids_than_a_page_takes_is_refused_unsent() -> None:
    with pytest.raises(ProviderRejected, match="at most 20"):
        business().video_page(**OWN, video_ids=["1"] * 21)
    with pytest.raises(ProviderRejected, match="at most 30"):
        business().comment_page(**OWN, video_id=VIDEO_ID, comment_ids=["1"] * 31)
    assert received() == ()


def test_world_goes_by_the_databases_clock_until_it_is_fixed() -> None:
    before = database_now()
    assert before <= world_now() <= database_now()
    fix_clock(BEGAN)
    assert world_now() == BEGAN
    fix_clock(None)
    assert world_now() >= before


def test_plant_a_row_again_replaces_it() -> None:
    assert plant([a_comment(text="One"), a_comment(text="Two")]) == 1
    plant([a_video(), a_comment(text="Three")])
    assert [one.text for one in comments()] == ["Three"]
