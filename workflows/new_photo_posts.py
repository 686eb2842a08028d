"""Beginning a photo post: a person's own photos and words, checked before a run begins."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.content.models import Asset
from tiktok_ops.content.photo_uploads import upload_photo
from tiktok_ops.content.uploads import Upload
from tiktok_ops.errors import Refused
from workflows.creators import Creator
from workflows.models import WorkflowRun
from workflows.new_posts import PostRefused, PostSettings, check_account, check_rights, check_settings
from workflows.services import start_run

PHOTO_POST = "photo_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSettings:
    """The words of a photo post, and how it goes out. Nothing is preset; `publish_at` is aware."""

    title: str
    description: str
    cover_index: int
    privacy_level: str
    allow_comment: bool = False
    auto_add_music: bool = False
    is_brand_organic: bool = False
    is_branded_content: bool = False
    publish_at: datetime | None = None

    def as_input(self) -> dict[str, Any]:
        """Return the fields as the run's input holds them; no slot, no field. `caption` is what is checked."""
        given = asdict(self)
        publish_at = given.pop("publish_at")
        caption = "\n".join(filter(None, (self.title, self.description)))
        return given | {"caption": caption} | ({"publish_at": publish_at.isoformat()} if publish_at else {})


def start_photo_post(
    *,
    account: TikTokAccount,
    by: User,
    photos: Sequence[Upload],
    settings: PhotoSettings,
    creator: Creator,
    rights_note: str = "",
    rights_expire_at: datetime | None = None,
    is_dry_run: bool = False,
    cap_usd: Decimal | None = None,
) -> WorkflowRun:
    """Start `photo_post` with new photos, which are kept as assets first.

    `creator` is what the creator may do now. Raises `PostRefused`, naming the field, and what `start_run`
    refuses with. Photos that were kept stay kept.
    """
    check_account(account)
    check_settings(
        PostSettings(
            privacy_level=settings.privacy_level,
            allow_comment=settings.allow_comment,
            is_branded_content=settings.is_branded_content,
            publish_at=settings.publish_at,
        ),
        creator,
    )
    check_rights(rights_expire_at, settings.publish_at, field="rights_last_day")
    kept = [
        _kept(account, by, one, rights_note=rights_note, rights_expire_at=rights_expire_at) for one in photos
    ]
    for asset in kept:
        check_rights(asset.rights_expire_at, settings.publish_at, field="photos")
    given = {
        "photos": [{"asset": str(asset.id), "sha256": asset.sha256} for asset in kept],
        **settings.as_input(),
    }
    return start_run(
        PHOTO_POST, account_id=account.id, by=by, given=given, is_dry_run=is_dry_run, cap_usd=cap_usd
    )


def _kept(
    account: TikTokAccount, by: User, photo: Upload, *, rights_note: str, rights_expire_at: datetime | None
) -> Asset:
    """Keep an uploaded photo and return it; it may be one that is kept, with an owner and rights of its own."""
    try:
        asset, is_new = upload_photo(
            workspace_id=account.workspace_id,
            brand_id=account.brand_id,
            upload=photo,
            rights_note=rights_note,
            rights_expire_at=rights_expire_at,
            by=by,
        )
    except Refused as refused:
        raise PostRefused(str(refused), field="photos") from refused
    if not is_new and asset.brand_id not in (None, account.brand_id):
        raise PostRefused(
            f"The workspace keeps {photo.name!r} for the brand {str(asset.brand)!r}: choose another photo.",
            field="photos",
        )
    return asset
