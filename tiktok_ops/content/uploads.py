"""Videos people upload: looked at before they are kept.

Who can look into a video is above this app, and says so here when it gets ready.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from tiktok_ops.accounts.models import User
from tiktok_ops.content.assets import AssetRefused, Kept, keep_asset
from tiktok_ops.content.fitting import begun, ring_for
from tiktok_ops.content.models import Asset

Upload = UploadedFile[bytes]
Prober = Callable[[Path], Mapping[str, Any]]
"""Returns the figures of a video as JSON, with `unfit`, why TikTok does not take it, where a copy can be made fit;
raises `Refused`, one sentence, for what is no use to TikTok."""

_HEAD_BYTES = 64
_MP4_OR_MOV = frozenset([b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"])
_QUICKTIME = b"qt  "
_EBML = b"\x1aE\xdf\xa3"

_probers: list[Prober] = []


def register_prober(prober: Prober) -> None:
    """Let `prober` look at every upload; raises `ValueError` when somebody does already."""
    if _probers:
        raise ValueError("Uploads are looked at by somebody already: register one prober.")
    _probers.append(prober)


def upload_video(
    *,
    workspace_id: UUID,
    brand_id: UUID | None,
    upload: Upload,
    rights_note: str,
    rights_expire_at: datetime | None,
    by: User,
) -> Kept:
    """Keep an uploaded video as an asset, with the figures measured from it, as it is.

    Of one that TikTok does not take, but that can be made fit, a copy is begun (`fitting`). The same bytes
    again give the asset there is, as it is. Raises `AssetRefused` for what is no MP4, MOV or WebM, or is kept
    already where `by` does not see it; whatever the prober refuses; and what `keep_asset` refuses. Nothing is
    kept then.
    """
    with on_disk(upload) as path:
        media_type = _media_type(path, upload.name or "")
        [prober] = _probers
        figures = dict(prober(path))
        why = figures.pop("unfit", "")
        kept = keep_asset(
            workspace_id=workspace_id,
            brand_id=brand_id,
            file=path,
            media_type=media_type,
            probe=figures | (begun(why) if why else {}),
            rights_note=rights_note,
            rights_expire_at=rights_expire_at,
            by=by,
        )
    check_seen(kept, by)
    if why and kept.is_new:
        ring_for(kept.asset)
    return kept


def check_seen(kept: Kept, by: User) -> None:
    """Raise `AssetRefused` for a file that was there already, where `by` does not see it."""
    if not kept.is_new and not Asset.objects.visible_to(by).filter(id=kept.asset.id).exists():
        raise AssetRefused(
            "The workspace keeps this file already where you do not see it: ask an owner to have it used here."
        )


@contextmanager
def on_disk(upload: Upload) -> Iterator[Path]:
    """Give the path of the upload; a small one is in memory only and is written out for the block."""
    if isinstance(upload, TemporaryUploadedFile):
        yield Path(upload.temporary_file_path())
        return
    with NamedTemporaryFile(suffix=".upload") as copy:
        for piece in upload.chunks():
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def _media_type(path: Path, name: str) -> str:
    """Return what the file is by how it begins; its name and what the browser says are not asked.

    Source: ISO/IEC 14496-12, 4.3 (the file type box); the EBML header of WebM names its document type.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise AssetRefused("The file is empty; choose a video.")
    if head[4:8] in _MP4_OR_MOV:
        is_mp4 = head[4:8] == b"ftyp" and head[8:12] != _QUICKTIME
        return "video/mp4" if is_mp4 else "video/quicktime"
    if head.startswith(_EBML) and b"webm" in head:
        return "video/webm"
    raise AssetRefused(f"The file {name!r} is no video TikTok takes; choose an MP4, MOV or WebM.")
