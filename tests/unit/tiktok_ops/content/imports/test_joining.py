"""Rows without a video id: which known post each is about, and when that cannot be told."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tiktok_ops.content.imports.facts import PostFact
from tiktok_ops.content.imports.joining import (
    CLAIMED,
    NONE_SUCH,
    NONE_THEN,
    NOTHING_TO_GO_BY,
    SEVERAL_SUCH,
    SEVERAL_THEN,
    KnownPost,
    join,
)

NOON = datetime(2025, 5, 10, 12, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def _known(number: int, *, seconds: int = 0, caption: str = "A lamp", likes: int = 5) -> KnownPost:
    return KnownPost(str(number), NOON + timedelta(seconds=seconds), caption, likes)


def _at(seconds: int, *, likes: int | None = 5) -> PostFact:
    return PostFact(row=1, written_at=NOON + timedelta(seconds=seconds), likes=likes)


def _said(day: tuple[int, int] | None, caption: str | None) -> PostFact:
    return PostFact(row=1, day=day, caption=caption)


def _joined(*facts: PostFact, known: list[KnownPost], zone: ZoneInfo = UTC_ZONE) -> list[tuple[str, str]]:
    return [(joined.video_id, joined.why) for joined in join(facts, known, zone=zone)]


def test_join_by_time_up_to_180_seconds_after_the_video_was_made() -> None:
    for seconds, expected in [
        (-1, ("", NONE_THEN)),
        (0, ("1", "")),
        (180, ("1", "")),
        (181, ("", NONE_THEN)),
    ]:
        assert _joined(_at(seconds), known=[_known(1)]) == [expected], seconds


def test_join_by_time_among_several_goes_by_their_likes() -> None:
    known = [_known(1, likes=5), _known(2, seconds=20, likes=9)]
    assert _joined(_at(60, likes=9), known=known) == [("2", "")]
    assert _joined(_at(60, likes=7), known=known) == [("", SEVERAL_THEN)]
    assert _joined(_at(60, likes=None), known=known) == [("", SEVERAL_THEN)]
    assert _joined(_at(60, likes=5), known=[_known(1), _known(2, seconds=20)]) == [("", SEVERAL_THEN)]


def test_join_with_other_likes_by_time_alone_where_there_is_one() -> None:
    assert _joined(_at(60, likes=70), known=[_known(1)]) == [("1", "")]


def test_join_two_rows_about_one_post_guesses_neither() -> None:
    assert _joined(_at(10), _at(20), known=[_known(1)]) == [("", CLAIMED), ("", CLAIMED)]


def test_join_by_day_and_words_takes_the_one_that_begins_so() -> None:
    known = [_known(1, caption="A lamp for winter"), _known(2, caption="A chair")]
    assert _joined(_said((5, 10), "A lamp…"), known=known) == [("1", "")]
    assert _joined(_said((5, 10), "A"), known=known) == [("", SEVERAL_SUCH)]
    assert _joined(_said((5, 11), "A lamp"), known=known) == [("", NONE_SUCH)]


def test_join_by_day_goes_by_the_clock_of_the_account() -> None:
    # 02:39 UTC on the 8th is still the 7th in New York, as the export prints it.
    known = [KnownPost("1", datetime(2025, 10, 8, 2, 39, tzinfo=UTC), "A lamp", 5)]
    assert _joined(_said((10, 7), "A lamp"), known=known, zone=ZoneInfo("America/New_York")) == [("1", "")]
    assert _joined(_said((10, 7), "A lamp"), known=known) == [("", NONE_SUCH)]


def test_join_what_says_neither_time_nor_words_cannot_be_done() -> None:
    assert (
        _joined(_said(None, "A lamp"), _said((5, 10), None), known=[_known(1)])
        == [("", NOTHING_TO_GO_BY)] * 2
    )
