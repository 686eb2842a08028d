"""Media files: kept once per workspace, named by their digest, checked before they are given out."""

import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.audit.services import record
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused

CHUNK_BYTES = 1024 * 1024
MEDIA_TYPES = ("video/mp4", "video/quicktime", "video/webm", "image/jpeg", "image/webp")
"""What TikTok takes; the name of a stored file does not tell its type, the row does."""


class Kept(NamedTuple):
    """An asset, and whether it was new to the workspace."""

    asset: Asset
    is_new: bool


class AssetRefused(Refused):
    """This file cannot be kept as an asset."""


class AssetChanged(Refused):
    """The stored file is not the one that was kept; upload it again."""


def store_asset(
    *,
    workspace_id: UUID,
    brand_id: UUID | None,
    file: Path | File[bytes],
    media_type: str,
    probe: Mapping[str, Any],
    rights_note: str,
    rights_expire_at: datetime | None,
    by: User | str,
) -> Asset:
    """Keep a file as `keep_asset` does, and return the asset alone."""
    return keep_asset(
        workspace_id=workspace_id,
        brand_id=brand_id,
        file=file,
        media_type=media_type,
        probe=probe,
        rights_note=rights_note,
        rights_expire_at=rights_expire_at,
        by=by,
    ).asset


def keep_asset(
    *,
    workspace_id: UUID,
    brand_id: UUID | None,
    file: Path | File[bytes],
    media_type: str,
    probe: Mapping[str, Any],
    rights_note: str,
    rights_expire_at: datetime | None,
    by: User | str,
) -> Kept:
    """Keep a file as the workspace's asset; a file it already has stays as it is, and that is told.

    The bytes are copied in pieces to `assets/<workspace>/<digest>` under MEDIA_ROOT and are on disk
    before the row is. A file that was lost or changed there is put right on the way. `rights_expire_at`
    is aware. Audited as `asset.stored`, once. Raises `AssetRefused` for an unknown workspace or brand,
    a media type there is no use for, an empty file, or a moment without a time zone.
    """
    _check_facts(media_type, rights_expire_at)
    _check_owner(workspace_id, brand_id)
    name, sha256, size = _kept(file, Path("assets", str(workspace_id)))
    with transaction.atomic():
        asset, is_new = Asset.objects.get_or_create(
            workspace_id=workspace_id,
            sha256=sha256,
            defaults={
                "brand_id": brand_id,
                "file": name,
                "media_type": media_type,
                "bytes": size,
                "probe": dict(probe),
                "rights_note": rights_note,
                "rights_expire_at": rights_expire_at,
            },
        )
        if is_new:
            record("asset.stored", by=by, subject=asset, workspace_id=workspace_id, data=_told(asset))
    return Kept(asset, is_new)


def usable_videos(account: TikTokAccount, *, by: User) -> ScopedQuerySet[Asset]:
    """Return the videos `by` may post on the account now, newest first: its brand's and those of no brand.

    A video whose rights have ended is not among them, nor one that TikTok does not take as it is (`fitting`), nor
    one that `by` does not see.
    """
    return Asset.objects.visible_to(by).filter(
        Q(brand=None) | Q(brand=account.brand_id),
        Q(rights_expire_at=None) | Q(rights_expire_at__gt=timezone.now()),
        ~Q(probe__has_key="fitting"),
        workspace=account.workspace_id,
        media_type__startswith="video/",
    )


def open_verified(asset: Asset) -> BinaryIO:
    """Return the asset's file, open at its beginning, once its bytes have been found to be the asset's.

    The file that was read is the file that is returned, so that nothing put in its place meanwhile gets
    through. The caller closes it. Raises `AssetChanged` where the file is gone or its digest is another.
    """
    try:
        file = Path(asset.file.path).open("rb")  # noqa: SIM115 - the caller closes it
    except FileNotFoundError:
        raise AssetChanged(
            f"The file of the asset {asset.sha256[:12]!r} is not there any more; upload it again."
        ) from None
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != asset.sha256:
        file.close()
        raise AssetChanged(
            f"The file of the asset {asset.sha256[:12]!r} was changed after it was kept (it is now "
            f"{found[:12]!r}); upload it again."
        )
    file.seek(0)
    return file


def _check_facts(media_type: str, expire_at: datetime | None) -> None:
    if media_type not in MEDIA_TYPES:
        raise AssetRefused(f"The media type is {media_type!r}; use one of {', '.join(MEDIA_TYPES)}.")
    if expire_at and expire_at.tzinfo is None:
        raise AssetRefused(f"The rights expire at {str(expire_at)!r}, which has no time zone; give it one.")


def _check_owner(workspace_id: UUID, brand_id: UUID | None) -> None:
    if not Workspace.objects.filter(id=workspace_id).exists():
        raise AssetRefused(f"There is no workspace with the id {str(workspace_id)!r}.")
    if brand_id and not Brand.objects.filter(id=brand_id, workspace_id=workspace_id).exists():
        raise AssetRefused(
            f"The workspace has no brand with the id {str(brand_id)!r}; choose one of its own."
        )


def _kept(file: Path | File[bytes], folder: Path) -> tuple[str, str, int]:
    """Copy a file to where its digest belongs; return its name there, its digest and its bytes."""
    place = Path(default_storage.path(str(folder)))
    place.mkdir(parents=True, exist_ok=True)
    part = place / f".{uuid.uuid4().hex}.part"
    try:
        sha256, size = _copied(file, part)
        if not size:
            raise AssetRefused("The file is empty; choose another.")
        name = f"{folder.as_posix()}/{sha256[:2]}/{sha256}"
        target = Path(default_storage.path(name))
        target.parent.mkdir(exist_ok=True)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return name, sha256, size


def _copied(file: Path | File[bytes], part: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with _pieces(file) as pieces, part.open("wb") as copy:
        for piece in pieces:
            digest.update(piece)
            size += copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest(), size


@contextmanager
def _pieces(file: Path | File[bytes]) -> Iterator[Iterator[bytes]]:
    """Give the file's bytes from its beginning; a path is opened and closed, an open file is left open."""
    if isinstance(file, File):
        yield iter(file.chunks(CHUNK_BYTES))
    else:
        with file.open("rb") as opened:
            yield iter(lambda: opened.read(CHUNK_BYTES), b"")


def _told(asset: Asset) -> dict[str, Any]:
    """Return what the audit trail keeps of an asset."""
    expiry = asset.rights_expire_at
    return {
        "asset": str(asset.id),
        "brand": str(asset.brand_id) if asset.brand_id else None,
        "sha256": asset.sha256,
        "media_type": asset.media_type,
        "bytes": asset.bytes,
        "rights_note": asset.rights_note,
        "rights_expire_at": expiry.isoformat() if expiry else None,
    }
