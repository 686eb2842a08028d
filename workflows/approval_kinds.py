"""What people are asked for by workflows. To add a kind: its payload and a `Kind` here, in `register`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from agents.contract import Typed
from agents.skills.captions import CAPTION_MAX_UTF16, utf16_length
from approvals.kinds import Kind, Weight, register
from workflows.gates import resume_gate


def _fits(caption: str) -> str:
    """Return the caption; raises `ValueError` when TikTok would refuse its length."""
    if utf16_length(caption) > CAPTION_MAX_UTF16:
        raise ValueError(f"it is {utf16_length(caption)} UTF-16 units long and may be {CAPTION_MAX_UTF16}")
    return caption


Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
PrivacyLevel = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


class VideoPost(Typed):
    """A video to be posted: which bytes, with which words and settings, on which account, when.

    The privacy level is chosen by a person, never preset; comments, duet and stitch are off until
    somebody turns them on (TikTok's content sharing guidelines).
    """

    account: UUID
    handle: str
    mode: Literal["sandbox", "live"]
    delivery: Literal["direct", "inbox", "by_hand"]
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


def _title(post: VideoPost) -> str:
    return f"Post on @{post.handle}: {post.caption[:80]}"


def _approve_label(post: VideoPost) -> str:
    """Return what the button says will happen."""
    when = f" at {_wall(post.publish_at)}" if post.publish_at else " now"
    verb = {"direct": "publish", "inbox": "send to the TikTok app", "by_hand": "hand over"}[post.delivery]
    return f"Approve and {verb}{when}"


def _wall(moment: datetime) -> str:
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
        "Delivery": post.delivery.replace("_", " "),
        "Who can see it": post.privacy_level.replace("_", " ").lower(),
        "When": _wall(post.publish_at) if post.publish_at else "as soon as approved",
        **{name: "on" if value else "off" for name, value in switches.items()},
    }


def register_kinds() -> None:
    """Fill the registry."""
    register(
        Kind(
            name="post_video",
            label="Post a video",
            Payload=VideoPost,
            weigh=_weigh,
            title=_title,
            approve_label=_approve_label,
            on_decided=resume_gate,
            shown=_shown,
        )
    )
