"""Whether an approved post still fits the account as it is now: decisions only.

What only has to be adapted is asked anew, with the difference shown; what cannot be is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_ops.errors import Refused
from workflows.approval_kinds import VideoPost


@dataclass(frozen=True, slots=True)
class AccountNow:
    """What a post depends on of its account."""

    handle: str
    mode: str
    delivery: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class VideoNow:
    """What a post depends on of its video."""

    id: UUID
    sha256: str
    duration_seconds: float
    rights_expire_at: datetime | None


class EffectRefused(Refused):
    """This cannot go out."""


class EffectChanged(Refused):
    """What was approved no longer fits; `payload` is what would fit now."""

    def __init__(self, sentence: str, payload: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.payload = payload


def check_post(
    post: VideoPost,
    *,
    account: AccountNow,
    video: VideoNow,
    creator: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    """Raise `EffectRefused` or `EffectChanged` unless the post may go out exactly as approved.

    `creator` is TikTok's answer of what the account may do; None where a person posts by hand.
    """
    _check_account(post, account)
    _check_video(post, video, now)
    if creator is not None:
        _check_creator(post, video, creator)
    fitting = post.model_copy(update=_as_now(post, account, creator or {}))
    changed = differences(post, fitting)
    if changed:
        named = "; ".join(f"{name} was {before!r} and is {after!r}" for name, before, after in changed)
        raise EffectChanged(f"Since it was approved, this changed: {named}.", fitting.model_dump(mode="json"))


def differences(approved: VideoPost, now: VideoPost) -> list[tuple[str, Any, Any]]:
    """Return (field, as approved, as it is now) for each field that differs."""
    before, after = approved.model_dump(mode="json"), now.model_dump(mode="json")
    return [(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _as_now(post: VideoPost, account: AccountNow, creator: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the post follows from the account and from what TikTok allows it."""
    return {
        "handle": account.handle,
        "delivery": account.delivery,
        "allow_comment": post.allow_comment and not creator.get("comment_disabled"),
        "allow_duet": post.allow_duet and not creator.get("duet_disabled"),
        "allow_stitch": post.allow_stitch and not creator.get("stitch_disabled"),
    }


def _check_account(post: VideoPost, account: AccountNow) -> None:
    if not account.is_own:
        raise EffectRefused(f"@{account.handle} belongs to somebody else: nothing is posted there.")
    if account.mode != post.mode:
        raise EffectRefused(
            f"@{account.handle} was switched from {post.mode!r} to {account.mode!r} after this was approved: "
            "start the post again."
        )
    if account.delivery == "inbox":
        raise EffectRefused(
            f"@{account.handle} is now delivered to the TikTok app's inbox, which is not possible yet: "
            "set its delivery to 'Posted by us' or 'Posted by a person', and start the post again."
        )


def _check_video(post: VideoPost, video: VideoNow, now: datetime) -> None:
    if video.sha256 != post.asset_sha256:
        raise EffectRefused(
            f"The video {video.id} is not the one that was approved: its digest is {video.sha256[:12]!r} and "
            f"should be {post.asset_sha256[:12]!r}; start the post again."
        )
    if video.rights_expire_at is not None and video.rights_expire_at <= now:
        raise EffectRefused(
            f"The right to use the video ended on {video.rights_expire_at:%Y-%m-%d %H:%M} UTC: "
            "renew it, or choose another video."
        )


def _check_creator(post: VideoPost, video: VideoNow, creator: Mapping[str, Any]) -> None:
    levels = creator["privacy_level_options"]
    if post.privacy_level not in levels:
        raise EffectRefused(
            f"Who can see it was approved as {post.privacy_level!r}, and TikTok now offers @{post.handle} "
            f"{', '.join(levels)}: start the post again with one of these."
        )
    longest = creator["max_duration_seconds"]
    if video.duration_seconds > longest:
        raise EffectRefused(
            f"The video is {video.duration_seconds:g} seconds long, and TikTok takes {longest} seconds from "
            f"@{post.handle}: choose a shorter one."
        )
