"""Whether an approved post still fits: a table of one change at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from workflows.approval_kinds import VideoPost
from workflows.effects.guards import (
    AccountNow,
    EffectChanged,
    EffectRefused,
    VideoNow,
    check_post,
    differences,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASSET = UUID("01920000-0000-7000-8000-000000000001")
ACCOUNT = {"handle": "lumen", "mode": "sandbox", "delivery": "direct", "is_own": True}
VIDEO = {"id": ASSET, "sha256": "a" * 64, "duration_seconds": 6.0, "rights_expire_at": None}
CREATOR = {
    "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
    "comment_disabled": False,
    "duet_disabled": False,
    "stitch_disabled": False,
    "max_duration_seconds": 600,
}
POST = VideoPost(
    account=UUID(int=1),
    handle="lumen",
    mode="sandbox",
    delivery="direct",
    asset=ASSET,
    asset_sha256="a" * 64,
    caption="A lamp",
    privacy_level="PUBLIC_TO_EVERYONE",
    allow_comment=True,
)


def check(*, creator: dict[str, Any] | None = CREATOR, **changes: Any) -> None:
    """Check the usual post against the usual account and video with some of their fields changed."""
    account = AccountNow(**{name: changes.get(name, value) for name, value in ACCOUNT.items()})
    video = VideoNow(**{name: changes.get(name, value) for name, value in VIDEO.items()})
    check_post(POST, account=account, video=video, creator=creator, now=NOW)


def test_check_post_where_nothing_changed_lets_it_go() -> None:
    check()
    check(creator=None)
    check(duration_seconds=600, rights_expire_at=NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"is_own": False}, "@lumen belongs to somebody else: nothing is posted there."),
        (
            {"mode": "live"},
            "@lumen was switched from 'sandbox' to 'live' after this was approved: start the post again.",
        ),
        (
            {"delivery": "inbox"},
            "@lumen is now delivered to the TikTok app's inbox, which is not possible yet: set its delivery to "
            "'Posted by us' or 'Posted by a person', and start the post again.",
        ),
        (
            {"sha256": "b" * 64},
            f"The video {ASSET} is not the one that was approved: its digest is 'bbbbbbbbbbbb' and should be "
            "'aaaaaaaaaaaa'; start the post again.",
        ),
        (
            {"rights_expire_at": NOW},
            "The right to use the video ended on 2026-11-20 12:00 UTC: renew it, or choose another video.",
        ),
        (
            {"creator": CREATOR | {"privacy_level_options": ["SELF_ONLY", "FOLLOWER_OF_CREATOR"]}},
            "Who can see it was approved as 'PUBLIC_TO_EVERYONE', and TikTok now offers @lumen SELF_ONLY, "
            "FOLLOWER_OF_CREATOR: start the post again with one of these.",
        ),
        (
            {"duration_seconds": 600.5},
            "The video is 600.5 seconds long, and TikTok takes 600 seconds from @lumen: choose a shorter one.",
        ),
    ],
)
def test_check_post_that_cannot_be_adapted_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(EffectRefused) as refused:
        check(**changes)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"handle": "lumen2"}, "handle", "handle was 'lumen' and is 'lumen2'"),
        ({"delivery": "by_hand"}, "delivery", "delivery was 'direct' and is 'by_hand'"),
        (
            {"creator": CREATOR | {"comment_disabled": True}},
            "allow_comment",
            "allow_comment was True and is False",
        ),
    ],
)
def test_check_post_that_can_be_adapted_tells_what_changed_and_what_would_fit(
    changes: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(EffectChanged) as changed:
        check(**changes)

    assert str(changed.value) == f"Since it was approved, this changed: {told}."
    fitting = VideoPost.model_validate(changed.value.payload)
    assert [name for name, _, _ in differences(POST, fitting)] == [field]


def test_check_post_names_everything_that_changed_at_once() -> None:
    with pytest.raises(EffectChanged, match=r"handle was .*; delivery was .*; allow_comment was "):
        check(handle="other", delivery="by_hand", creator=CREATOR | {"comment_disabled": True})


def test_check_post_by_hand_does_not_ask_what_tiktok_allows() -> None:
    check(creator=None, duration_seconds=9999)


def test_switch_the_creator_disabled_matters_only_where_it_was_on() -> None:
    check(creator=CREATOR | {"duet_disabled": True, "stitch_disabled": True})
