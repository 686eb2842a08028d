"""Whether an approved post still fits the account as it is now: decisions only.

What only has to be adapted is asked anew, with the difference shown; what cannot be is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agents.contract import Typed
from workflows.approval_kinds import VideoPost
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.photo_kinds import PhotoPost


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
    _check_unchanged(post, fitting)


def _check_unchanged(post: Typed, fitting: Typed) -> None:
    """Raise `EffectChanged` where what would fit now is not what was approved."""
    changed = differences(post, fitting)
    if changed:
        named = "; ".join(f"{name} was {before!r} and is {after!r}" for name, before, after in changed)
        raise EffectChanged(f"Since it was approved, this changed: {named}.", fitting.model_dump(mode="json"))


def check_photo_post(
    post: PhotoPost,
    *,
    account: AccountNow,
    photos: Sequence[tuple[str, datetime | None]],
    creator: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    """Raise `EffectRefused` or `EffectChanged` unless the photo post may go out exactly as approved.

    `photos` are the SHA-256 of each and when the right to use it ends. `creator` as in `check_post`.
    """
    _check_account(post, account)
    for approved, (sha256, rights_expire_at) in zip(post.photos, photos, strict=True):
        _check_file("photo", approved.asset, approved.sha256, sha256, rights_expire_at, now)
    if creator is not None:
        _check_level(post, creator)
    fitting = post.model_copy(
        update={
            "handle": account.handle,
            "delivery": account.delivery,
            "allow_comment": post.allow_comment and not (creator or {}).get("comment_disabled"),
        }
    )
    _check_unchanged(post, fitting)


def differences(approved: Typed, now: Typed) -> list[tuple[str, Any, Any]]:
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


def _check_account(post: VideoPost | PhotoPost, account: AccountNow) -> None:
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
    _check_file("video", video.id, post.asset_sha256, video.sha256, video.rights_expire_at, now)


def _check_file(
    kind: str, asset: UUID, approved: str, sha256: str, rights_expire_at: datetime | None, now: datetime
) -> None:
    if sha256 != approved:
        raise EffectRefused(
            f"The {kind} {asset} is not the one that was approved: its digest is {sha256[:12]!r} and "
            f"should be {approved[:12]!r}; start the post again."
        )
    if rights_expire_at is not None and rights_expire_at <= now:
        raise EffectRefused(
            f"The right to use the {kind} ended on {rights_expire_at:%Y-%m-%d %H:%M} UTC: "
            f"renew it, or choose another {kind}."
        )


def _check_level(post: VideoPost | PhotoPost, creator: Mapping[str, Any]) -> None:
    levels = creator["privacy_level_options"]
    if post.privacy_level not in levels:
        raise EffectRefused(
            f"Who can see it was approved as {post.privacy_level!r}, and TikTok now offers @{post.handle} "
            f"{', '.join(levels)}: start the post again with one of these."
        )


def _check_creator(post: VideoPost, video: VideoNow, creator: Mapping[str, Any]) -> None:
    _check_level(post, creator)
    longest = creator["max_duration_seconds"]
    if video.duration_seconds > longest:
        raise EffectRefused(
            f"The video is {video.duration_seconds:g} seconds long, and TikTok takes {longest} seconds from "
            f"@{post.handle}: choose a shorter one."
        )
