"""Beginning a post: a person's own video and words, or a draft that agents make.

What a person may ask for is checked here, before a run begins; the gate of the run asks a person again,
with the very bytes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from agents.skills.captions import CAPTION_MAX_UTF16, utf16_length
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.content.assets import usable_videos
from tiktok_ops.content.fitting import fitting_of
from tiktok_ops.content.models import Asset
from tiktok_ops.content.uploads import Upload, upload_video
from tiktok_ops.errors import Refused
from workflows.creators import Creator
from workflows.models import WorkflowRun
from workflows.services import start_run

OWN_POST = "own_post"
POST_DRAFT = "post_draft"
FURTHEST_SLOT = timedelta(days=366)
PRIVATE = "SELF_ONLY"


class PostRefused(Refused):
    """This post cannot be begun."""

    def __init__(self, sentence: str = "", *, field: str = "") -> None:
        """Say why; `field` names the field of the form it is about, where it is about one."""
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """How a post goes out. Nothing is preset: a person chose the level, everything else is off.

    `publish_at` is aware; None is "as soon as it is approved".
    """

    privacy_level: str
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    is_brand_organic: bool = False
    is_branded_content: bool = False
    is_ai_generated: bool = False
    publish_at: datetime | None = None

    def as_input(self) -> dict[str, Any]:
        """Return the fields as the run's input holds them; no slot, no field."""
        given = asdict(self)
        publish_at = given.pop("publish_at")
        return given | ({"publish_at": publish_at.isoformat()} if publish_at else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVideo:
    """A video as it was uploaded, and the right to use it; `rights_expire_at` is aware."""

    file: Upload
    rights_note: str = ""
    rights_expire_at: datetime | None = None


def start_own_post(
    *,
    account: TikTokAccount,
    by: User,
    video: NewVideo | UUID,
    caption: str,
    settings: PostSettings,
    creator: Creator,
    is_dry_run: bool = False,
    cap_usd: Decimal | None = None,
) -> WorkflowRun:
    """Start `own_post` with a new video, which is kept as an asset first, or with the asset of this id.

    `creator` is what the creator may do now. Raises `PostRefused`, naming the field, and what
    `upload_video` and `start_run` refuse with. A video that was kept stays kept.
    """
    check_account(account)
    check_settings(settings, creator)
    _check_caption(caption)
    if isinstance(video, NewVideo):
        check_rights(video.rights_expire_at, settings.publish_at, field="rights_last_day")
        asset, field = _kept(account, by, video), "upload"
    else:
        asset, field = _chosen(account, by, video), "asset"
    check_rights(asset.rights_expire_at, settings.publish_at, field=field)
    _check_length(asset.probe.get("duration_seconds") or 0, creator, field=field)
    given = {
        "asset": str(asset.id),
        "asset_sha256": asset.sha256,
        "caption": caption,
        **settings.as_input(),
    }
    return start_run(
        OWN_POST, account_id=account.id, by=by, given=given, is_dry_run=is_dry_run, cap_usd=cap_usd
    )


def start_post_draft(
    *,
    account: TikTokAccount,
    by: User,
    settings: PostSettings,
    creator: Creator,
    topics: Sequence[str] = (),
    duration_seconds: int | None = None,
    is_dry_run: bool = False,
    cap_usd: Decimal | None = None,
) -> WorkflowRun:
    """Start `post_draft`: agents think of a post, on `topics` where there are any, and make it.

    Whether it is made with AI the draft says itself. Raises `PostRefused`, naming the field, and what
    `start_run` refuses with.
    """
    check_account(account)
    check_settings(settings, creator)
    if duration_seconds is not None:
        _check_length(duration_seconds, creator, field="duration_seconds")
    given = settings.as_input()
    del given["is_ai_generated"]
    if topics:
        given["topics"] = list(topics)
    if duration_seconds is not None:
        given["duration_seconds"] = duration_seconds
    return start_run(
        POST_DRAFT, account_id=account.id, by=by, given=given, is_dry_run=is_dry_run, cap_usd=cap_usd
    )


def check_account(account: TikTokAccount) -> None:
    """Raise `PostRefused` for an account nothing is posted to."""
    if account.ownership != TikTokAccount.Ownership.OWN:
        raise PostRefused(
            f"{account} is a third party's, which is only read about: choose an account of your own."
        )
    if account.delivery == TikTokAccount.Delivery.INBOX:
        raise PostRefused(
            f"{account} takes posts as drafts in the TikTok app, which this version cannot send: change the "
            "account's delivery to 'Posted by us' or 'Posted by a person'."
        )


def check_settings(settings: PostSettings, creator: Creator) -> None:
    """Raise `PostRefused`, naming the field, for what the creator may not choose now."""
    if settings.privacy_level not in creator.levels:
        raise PostRefused(
            f"The creator cannot post for {settings.privacy_level!r} now: choose another level.",
            field="privacy_level",
        )
    if settings.is_branded_content and settings.privacy_level == PRIVATE:
        raise PostRefused(
            "Branded content cannot be for the creator only: choose who else can see it.",
            field="privacy_level",
        )
    for name in ("comment", "duet", "stitch"):
        if getattr(settings, f"allow_{name}") and getattr(creator, f"{name}_disabled"):
            raise PostRefused(
                f"The creator has switched {name} off in the TikTok app: leave it off here.",
                field=f"allow_{name}",
            )
    _check_slot(settings.publish_at)


def _check_slot(publish_at: datetime | None) -> None:
    if publish_at is None:
        return
    now = timezone.now()
    if publish_at <= now:
        raise PostRefused(f"The slot {_said(publish_at)} is past: choose a later one, or none.", field="day")
    if publish_at > now + FURTHEST_SLOT:
        raise PostRefused(
            f"The slot {_said(publish_at)} is more than a year away: choose an earlier one.", field="day"
        )


def _check_caption(caption: str) -> None:
    length = utf16_length(caption)
    if length > CAPTION_MAX_UTF16:
        raise PostRefused(
            f"The caption is {length:,} UTF-16 units long and TikTok takes {CAPTION_MAX_UTF16:,}: leave out "
            f"{length - CAPTION_MAX_UTF16:,}.",
            field="caption",
        )


def _chosen(account: TikTokAccount, by: User, asset_id: UUID) -> Asset:
    """Return the asset of this id; raises `PostRefused` when it is none the account may post."""
    asset = usable_videos(account, by=by).filter(id=asset_id).first()
    if asset is None:
        raise PostRefused(
            f"There is no video {str(asset_id)!r} that {account} may use now: choose another.", field="asset"
        )
    return asset


def _kept(account: TikTokAccount, by: User, video: NewVideo) -> Asset:
    """Keep an uploaded video and return it; it may be one that is kept, with an owner and rights of its own."""
    try:
        asset, is_new = upload_video(
            workspace_id=account.workspace_id,
            brand_id=account.brand_id,
            upload=video.file,
            rights_note=video.rights_note,
            rights_expire_at=video.rights_expire_at,
            by=by,
        )
    except Refused as refused:
        raise PostRefused(str(refused), field="upload") from refused
    if not is_new and asset.brand_id not in (None, account.brand_id):
        raise PostRefused(
            f"The workspace keeps this file for the brand {str(asset.brand)!r}: choose another video.",
            field="upload",
        )
    if why := fitting_of(asset).get("why"):
        raise PostRefused(
            f"{why} It is kept, and a copy that fits is made of it, which takes about as long as the video runs: look "
            "at the copy under Media, then choose it below.",
            field="upload",
        )
    return asset


def check_rights(end: datetime | None, slot: datetime | None, *, field: str) -> None:
    """Raise `PostRefused` when the right to use the video ends before the post goes out."""
    if end is None or end > (slot or timezone.now()):
        return
    when = "before the slot" if slot else "which is past"
    raise PostRefused(
        f"The right to use this video ends on {_said(end)}, {when}: have it extended, or choose another video.",
        field=field,
    )


def _check_length(seconds: float, creator: Creator, *, field: str) -> None:
    if seconds > creator.max_duration_seconds:
        raise PostRefused(
            f"The video would be {seconds:g} seconds long and this creator may post "
            f"{creator.max_duration_seconds:g}: choose a shorter one.",
            field=field,
        )


def _said(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M %Z}"
