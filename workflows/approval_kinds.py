"""What people are asked for by workflows: a post here, other acts in modules of their own.

To add a kind: its payload and a `Kind`, and its `register…` called by `register_kinds`.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Q
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from agents.contract import Typed
from agents.skills.captions import CAPTION_MAX_UTF16, utf16_length
from approvals.kinds import Kind, Preview, Weight, register
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import shortened
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused
from workflows.ads_kinds import register_ads_kinds
from workflows.budget_approvals import register_budget_kind
from workflows.conversation_kinds import register_conversation_kinds
from workflows.effect_words import fate_of
from workflows.gates import resume_gate
from workflows.plan_kinds import register_plan_kinds
from workflows.shop_kinds import register_shop_kinds


class PostImpossible(Refused):
    """This post cannot go out."""


def _fits(caption: str) -> str:
    """Return the caption; raises `ValueError` when TikTok would refuse its length."""
    if utf16_length(caption) > CAPTION_MAX_UTF16:
        raise ValueError(f"it is {utf16_length(caption)} UTF-16 units long and may be {CAPTION_MAX_UTF16}")
    return caption


Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
PrivacyLevel = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


PRIVACY_WORDS = {
    "PUBLIC_TO_EVERYONE": "everyone",
    "MUTUAL_FOLLOW_FRIENDS": "friends: followers the creator follows back",
    "FOLLOWER_OF_CREATOR": "followers",
    "SELF_ONLY": "only the creator",
}
"""Who can see a post, in words."""

DELIVERY_WORDS = {"direct": "posted by us", "by_hand": "posted by a person"}
"""Who brings a post onto the account, in the words of the account's page."""


class VideoPost(Typed):
    """A video to be posted: which bytes, with which words and settings, on which account, when.

    The privacy level is chosen by a person, never preset; comments, duet and stitch are off until
    somebody turns them on (TikTok's content sharing guidelines).
    """

    account: UUID
    handle: str
    mode: Literal["sandbox", "live"]
    delivery: Literal["direct", "by_hand"]
    asset: UUID
    asset_sha256: Sha256
    caption: Annotated[str, AfterValidator(_fits)]
    privacy_level: PrivacyLevel
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    is_brand_organic: bool = False
    is_branded_content: bool = False
    is_ai_generated: bool = False
    publish_at: AwareDatetime | None = Field(default=None)


def _weigh(post: VideoPost) -> Weight:
    """A paid partnership is of high risk: a second person has to look."""
    return Weight(risk="high" if post.is_branded_content else "medium")


def _check_post(post: VideoPost, account: TikTokAccount) -> None:
    """Raise `PostImpossible` unless the video is one the account may use, and the settings go together."""
    videos = Asset.objects.filter(
        Q(brand=None) | Q(brand=account.brand_id), workspace_id=account.workspace_id
    )
    if not videos.filter(id=post.asset, sha256=post.asset_sha256).exists():
        raise PostImpossible(
            f"The video {str(post.asset)!r} (SHA-256 {post.asset_sha256[:12]}…) is not one of this workspace "
            f"and of the brand of @{post.handle}: upload it first."
        )
    if videos.filter(id=post.asset, probe__has_key="fitting").exists():
        raise PostImpossible(
            f"TikTok does not take the video {str(post.asset)!r} as it is: post the copy that fits, named on its page."
        )
    if post.is_branded_content and post.privacy_level == "SELF_ONLY":
        raise PostImpossible(
            "Branded content cannot be private: choose who else can see it, or turn branded content off."
        )


def _title(post: VideoPost) -> str:
    return f"Post on @{post.handle}: {shortened(post.caption)}"


def _approve_label(post: VideoPost) -> str:
    """Return what the button says will happen."""
    when = f" at {wall_time(post.publish_at)}" if post.publish_at else " now"
    verb = {"direct": "publish", "by_hand": "hand over"}[post.delivery]
    return f"Approve and {verb}{when}"


def wall_time(moment: datetime) -> str:
    """Return a slot as people read it on a button."""
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def _shown(post: VideoPost) -> dict[str, str]:
    """Return what the packet lists, in plain words."""
    switches = {
        "Comments": post.allow_comment,
        "Duet": post.allow_duet,
        "Stitch": post.allow_stitch,
        "Your brand": post.is_brand_organic,
        "Branded content": post.is_branded_content,
        "AI-generated label": post.is_ai_generated,
    }
    return {
        "Account": f"@{post.handle}",
        "Delivery": DELIVERY_WORDS[post.delivery],
        "Who can see it": PRIVACY_WORDS[post.privacy_level],
        "When": wall_time(post.publish_at) if post.publish_at else "as soon as approved",
        **{name: "on" if value else "off" for name, value in switches.items()},
    }


def _preview(post: VideoPost) -> Preview:
    return Preview(handle=post.handle, text=post.caption, asset_id=post.asset, asset_sha256=post.asset_sha256)


def _consent(post: VideoPost) -> str:
    """Return the sentence TikTok wants beside the button (its content sharing guidelines)."""
    policy = "Branded Content Policy and " if post.is_branded_content else ""
    return f"By posting, you agree to TikTok's {policy}Music Usage Confirmation."


def register_kinds() -> None:
    """Fill the registry."""
    register_budget_kind()
    register(
        Kind(
            name="post_video",
            label="Post a video",
            Payload=VideoPost,
            weigh=_weigh,
            title=_title,
            approve_label=_approve_label,
            on_decided=resume_gate,
            check=_check_post,
            shown=_shown,
            preview=_preview,
            consent=_consent,
            fate=fate_of,
        )
    )
    register_conversation_kinds()
    register_shop_kinds()
    register_plan_kinds()
    register_ads_kinds()
