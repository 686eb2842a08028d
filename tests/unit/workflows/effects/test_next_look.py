"""What TikTok's word means, and when it is asked again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.providers.tiktok.read.posting import FAIL_REASONS, PublishState, PublishStatus
from workflows.effects.models import Effect
from workflows.effects.next_look import (
    LINK_AWAITED,
    LONGEST_LOOK_SECONDS,
    OVERDUE,
    UNKNOWN_LONG,
    Verdict,
    is_overdue,
    is_unknown_long,
    link_is_awaited,
    look_again_seconds,
    read_status,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = 100


@pytest.mark.parametrize(
    ("state", "uploaded_bytes", "verdict"),
    [
        (PublishState.PUBLISH_COMPLETE, SIZE, Verdict.CONFIRM),
        (PublishState.PUBLISH_COMPLETE, None, Verdict.CONFIRM),
        (PublishState.PROCESSING_UPLOAD, 0, Verdict.UPLOAD_REST),
        (PublishState.PROCESSING_UPLOAD, SIZE - 1, Verdict.UPLOAD_REST),
        (PublishState.PROCESSING_UPLOAD, SIZE, Verdict.LOOK_AGAIN),
        (PublishState.PROCESSING_UPLOAD, None, Verdict.LOOK_AGAIN),
        (PublishState.PROCESSING_DOWNLOAD, 0, Verdict.LOOK_AGAIN),
        (PublishState.SEND_TO_USER_INBOX, SIZE, Verdict.LOOK_AGAIN),
        (PublishState.UNKNOWN, 0, Verdict.LOOK_AGAIN),
    ],
)
def test_read_status_without_a_failure_says_what_to_do(
    state: PublishState, uploaded_bytes: int | None, verdict: Verdict
) -> None:
    status = PublishStatus(state=state, uploaded_bytes=uploaded_bytes)

    assert read_status(status, video_size_bytes=SIZE) is verdict


@pytest.mark.parametrize("reason", [*FAIL_REASONS, "a new one", ""])
def test_read_status_of_a_failure_sends_again_only_where_tiktok_says_it_may(reason: str) -> None:
    status = PublishStatus(state=PublishState.FAILED, fail_reason=reason, uploaded_bytes=0)
    may_be_tried = {"internal", "video_pull_failed", "photo_pull_failed"}

    verdict = read_status(status, video_size_bytes=SIZE)

    assert verdict is (Verdict.SEND_AGAIN if reason in may_be_tried else Verdict.GIVE_UP)


def test_every_state_of_tiktok_has_a_verdict() -> None:
    for state in PublishState:
        assert read_status(PublishStatus(state=state), video_size_bytes=SIZE) in Verdict


def test_looks_grow_rarer_up_to_five_minutes_for_ever() -> None:
    waits = [look_again_seconds(looks) for looks in range(60)]

    assert waits[:3] == pytest.approx([1.0, 1.6, 2.56])
    assert waits == sorted(waits)
    assert look_again_seconds(10**9) == LONGEST_LOOK_SECONDS
    # TikTok allows 30 looks a minute for each token.
    assert sum(1 for at in range(60) if sum(waits[: at + 1]) <= 60) < 30


@pytest.mark.parametrize(
    ("changes", "awaited"),
    [
        ({}, True),
        ({"post_id": "73"}, False),
        ({"evidence": {"privacy_level": "SELF_ONLY"}}, False),
        ({"evidence": {}}, False),
        ({"status_since": NOW - LINK_AWAITED}, False),
        ({"status_since": NOW - LINK_AWAITED + timedelta(seconds=1)}, True),
    ],
)
def test_link_is_awaited_for_public_posts_and_not_for_ever(changes: dict[str, Any], awaited: bool) -> None:
    usual = {"status_since": NOW, "evidence": {"privacy_level": "PUBLIC_TO_EVERYONE"}}

    assert link_is_awaited(Effect(**(usual | changes)), now=NOW) is awaited


@pytest.mark.parametrize(
    ("status", "age", "overdue"),
    [
        ("sent", OVERDUE, True),
        ("sent", OVERDUE - timedelta(seconds=1), False),
        ("unknown", OVERDUE * 2, False),
        ("confirmed", OVERDUE * 2, False),
    ],
)
def test_sent_post_is_overdue_after_a_day(status: str, age: timedelta, overdue: bool) -> None:
    assert is_overdue(Effect(status=status, status_since=NOW - age), now=NOW) is overdue


@pytest.mark.parametrize(
    ("status", "age", "long"),
    [
        ("unknown", UNKNOWN_LONG, True),
        ("unknown", UNKNOWN_LONG - timedelta(seconds=1), False),
        ("sent", UNKNOWN_LONG * 2, False),
    ],
)
def test_effect_is_unknown_for_long_after_a_quarter_of_an_hour(
    status: str, age: timedelta, long: bool
) -> None:
    assert is_unknown_long(Effect(status=status, status_since=NOW - age), now=NOW) is long
