"""The clips a video is joined from, as a run names them: the account's own, with the right to use them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Q
from pydantic import BeforeValidator, Field, StringConstraints

from agents.contract import Typed
from agents.providers.media import MOST_CLIPS
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused


class ClipsRefused(Refused):
    """These clips cannot be joined."""


class Clip(Typed):
    """A kept video; with its digest, exactly these bytes."""

    asset: UUID
    asset_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None


def _named(value: Any) -> Any:
    """Return a clip that is named by its id alone as the object it is short for."""
    return {"asset": value} if isinstance(value, str | UUID) else value


def _listed(value: Any) -> Any:
    """Return one clip as a list of one."""
    return [value] if isinstance(value, str | dict) else value


class Assembly(Typed):
    """What a joining of clips is given."""

    clips: Annotated[
        list[Annotated[Clip, BeforeValidator(_named)]],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=MOST_CLIPS),
    ]


def clips_of(account: TikTokAccount, wanted: Sequence[Clip]) -> list[Asset]:
    """Return the videos in order; raises `ClipsRefused`, naming the place, for one the account may not use now."""
    videos = Asset.objects.filter(
        Q(brand=None) | Q(brand=account.brand_id),
        workspace_id=account.workspace_id,
        media_type__startswith="video/",
        id__in=[clip.asset for clip in wanted],
    )
    found = {asset.id: asset for asset in videos}
    return [
        _usable(found.get(clip.asset), clip, number, account) for number, clip in enumerate(wanted, start=1)
    ]


def _usable(asset: Asset | None, clip: Clip, number: int, account: TikTokAccount) -> Asset:
    if asset is None or clip.asset_sha256 not in (None, asset.sha256):
        raise ClipsRefused(
            f"Clip {number} ({str(clip.asset)!r}) is no video of this workspace and of the brand of "
            f"@{account.handle}: upload it first."
        )
    if asset.rights_expire_at and asset.rights_expire_at <= database_now():
        raise ClipsRefused(
            f"The right to use clip {number} ({str(clip.asset)!r}) ended on {asset.rights_expire_at:%Y-%m-%d}: have it "
            "extended, or leave the clip out."
        )
    return asset


def rights_of(clips: Sequence[Asset]) -> tuple[str, datetime | None]:
    """Return whose right is in the whole, and until when it may be used: the first that ends ends it."""
    notes = dict.fromkeys(filter(None, (clip.rights_note for clip in clips)))
    ends = [clip.rights_expire_at for clip in clips if clip.rights_expire_at]
    return " ".join(["Joined here from other videos.", *notes]), min(ends, default=None)
