"""What people are asked for before photos are posted: which, with which words and settings, on which account, when."""

from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Q
from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from agents.contract import Typed
from agents.skills.captions import utf16_length
from approvals.kinds import Kind, Preview, Weight, register
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import shortened
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import (
    DELIVERY_WORDS,
    PRIVACY_WORDS,
    PostImpossible,
    PrivacyLevel,
    Sha256,
    wall_time,
)
from workflows.effect_words import fate_of
from workflows.gates import resume_gate

TITLE_MAX_UTF16 = 90
DESCRIPTION_MAX_UTF16 = 4000
MOST_PHOTOS = 35
"""TikTok's limits of a photo post (developers.tiktok.com, "Content Posting API: Photo")."""


def _fits(most: int, text: str) -> str:
    """Return the text; raises `ValueError` when TikTok would refuse its length."""
    if utf16_length(text) > most:
        raise ValueError(f"it is {utf16_length(text)} UTF-16 units long and may be {most}")
    return text


class Photo(Typed):
    """One photo: an asset, and the digest of its bytes."""

    asset: UUID
    sha256: Sha256


class PhotoPost(Typed):
    """Photos to be posted, in order. TikTok has no duet, no stitch and no AI label for them.

    The privacy level is chosen by a person, never preset; comments and music are off until somebody turns them
    on (TikTok's content sharing guidelines). `cover_index` counts from 0.
    """

    account: UUID
    handle: str
    mode: Literal["sandbox", "live"]
    delivery: Literal["direct", "by_hand"]
    photos: list[Photo] = Field(min_length=1, max_length=MOST_PHOTOS)
    cover_index: int = Field(default=0, ge=0)
    title: Annotated[str, AfterValidator(lambda text: _fits(TITLE_MAX_UTF16, text))] = ""
    description: Annotated[str, AfterValidator(lambda text: _fits(DESCRIPTION_MAX_UTF16, text))] = ""
    privacy_level: PrivacyLevel
    allow_comment: bool = False
    auto_add_music: bool = False
    is_brand_organic: bool = False
    is_branded_content: bool = False
    publish_at: AwareDatetime | None = Field(default=None)

    @model_validator(mode="after")
    def _cover_is_there(self) -> "PhotoPost":
        if self.cover_index >= len(self.photos):
            raise ValueError(f"the cover is number {self.cover_index} of {len(self.photos)} photos")
        return self

    @property
    def caption(self) -> str:
        """The words: the title, and under it the description."""
        return "\n".join(filter(None, (self.title, self.description)))

    @property
    def cover(self) -> Photo:
        """The photo that is seen first."""
        return self.photos[self.cover_index]


def _weigh(post: PhotoPost) -> Weight:
    """A paid partnership is of high risk: a second person has to look."""
    return Weight(risk="high" if post.is_branded_content else "medium")


def _check(post: PhotoPost, account: TikTokAccount) -> None:
    """Raise `PostImpossible` unless the photos are the account's to use, and the settings go together."""
    usable = Asset.objects.filter(
        Q(brand=None) | Q(brand=account.brand_id),
        workspace_id=account.workspace_id,
        media_type__startswith="image/",
    )
    known = set(usable.filter(id__in=[one.asset for one in post.photos]).values_list("id", "sha256"))
    for one in post.photos:
        if (one.asset, one.sha256) not in known:
            raise PostImpossible(
                f"The photo {str(one.asset)!r} (SHA-256 {one.sha256[:12]}…) is not one of this workspace and of the "
                f"brand of @{post.handle}: upload it first."
            )
    if post.is_branded_content and post.privacy_level == "SELF_ONLY":
        raise PostImpossible(
            "Branded content cannot be private: choose who else can see it, or turn branded content off."
        )


def _title(post: PhotoPost) -> str:
    return f"Post photos on @{post.handle}: {shortened(post.caption) or 'without words'}"


def _approve_label(post: PhotoPost) -> str:
    """Return what the button says will happen."""
    when = f" at {wall_time(post.publish_at)}" if post.publish_at else " now"
    verb = {"direct": "publish", "by_hand": "hand over"}[post.delivery]
    return f"Approve and {verb}{when}"


def _shown(post: PhotoPost) -> dict[str, str]:
    """Return what the packet lists, in plain words; duet and stitch are not there for photos."""
    switches = {
        "Comments": post.allow_comment,
        "Music added by TikTok": post.auto_add_music,
        "Your brand": post.is_brand_organic,
        "Branded content": post.is_branded_content,
    }
    return {
        "Account": f"@{post.handle}",
        "Photos": f"{len(post.photos)}, the cover is number {post.cover_index + 1}",
        "Title": post.title or "none",
        "Delivery": DELIVERY_WORDS[post.delivery],
        "Who can see it": PRIVACY_WORDS[post.privacy_level],
        "When": wall_time(post.publish_at) if post.publish_at else "as soon as approved",
        **{name: "on" if value else "off" for name, value in switches.items()},
    }


def _preview(post: PhotoPost) -> Preview:
    return Preview(
        handle=post.handle,
        text=post.caption,
        asset_id=post.cover.asset,
        asset_sha256=post.cover.sha256,
        photos=tuple((one.asset, one.sha256) for one in post.photos),
    )


def _consent(post: PhotoPost) -> str:
    """Return the sentence TikTok wants beside the button (its content sharing guidelines)."""
    policy = "Branded Content Policy and " if post.is_branded_content else ""
    return f"By posting, you agree to TikTok's {policy}Music Usage Confirmation."


def register_photo_kind() -> None:
    """Add the kind to the registry."""
    register(
        Kind(
            name="post_photo",
            label="Post photos",
            Payload=PhotoPost,
            weigh=_weigh,
            title=_title,
            approve_label=_approve_label,
            on_decided=resume_gate,
            check=_check,
            shown=_shown,
            preview=_preview,
            consent=_consent,
            fate=fate_of,
        )
    )
