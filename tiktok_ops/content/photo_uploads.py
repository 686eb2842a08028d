"""Photos people upload: what TikTok takes, by their own bytes, before they are kept."""

from datetime import datetime
from uuid import UUID

from tiktok_ops.accounts.models import User
from tiktok_ops.content.assets import AssetRefused, Kept, keep_asset
from tiktok_ops.content.uploads import Upload, check_seen, on_disk

LARGEST_BYTES = 20_000_000
LONGEST_SIDE, SHORTEST_SIDE = 1920, 1080
"""Up to 1080p, either way up (developers.tiktok.com, "Media transfer guide")."""

_JPEG = b"\xff\xd8"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""The markers of a frame header in JPEG (ITU-T T.81, table B.1)."""


def upload_photo(
    *,
    workspace_id: UUID,
    brand_id: UUID | None,
    upload: Upload,
    rights_note: str,
    rights_expire_at: datetime | None,
    by: User,
) -> Kept:
    """Keep an uploaded photo as an asset, with its sides; the same bytes again give the asset there is.

    Raises `AssetRefused` for what is no JPEG or WebP, has more than 20 MB or more than 1080p, or is kept already
    where `by` does not see it; and what `keep_asset` refuses. Nothing is kept then.
    """
    name = upload.name or ""
    if (upload.size or 0) > LARGEST_BYTES:
        raise AssetRefused(f"The photo {name!r} has {upload.size:,} bytes; TikTok takes {LARGEST_BYTES:,}.")
    with on_disk(upload) as path:
        content = path.read_bytes()
        media_type, sides = read_photo(content)
        if sides is None:
            raise AssetRefused(f"The file {name!r} is no photo TikTok takes; choose a JPEG or WebP.")
        if max(sides) > LONGEST_SIDE or min(sides) > SHORTEST_SIDE:
            raise AssetRefused(
                f"The photo {name!r} has {sides[0]} × {sides[1]} pixels; TikTok takes up to "
                f"{LONGEST_SIDE} × {SHORTEST_SIDE}, either way up: make it smaller."
            )
        kept = keep_asset(
            workspace_id=workspace_id,
            brand_id=brand_id,
            file=path,
            media_type=media_type,
            probe={"width": sides[0], "height": sides[1]},
            rights_note=rights_note,
            rights_expire_at=rights_expire_at,
            by=by,
        )
    check_seen(kept, by)
    return kept


def read_photo(content: bytes) -> tuple[str, tuple[int, int] | None]:
    """Return a photo's media type and its sides (width, height) in pixels; None where it is no JPEG or WebP."""
    if content.startswith(_JPEG):
        return "image/jpeg", _jpeg_sides(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", _webp_sides(content)
    return "", None


def _jpeg_sides(content: bytes) -> tuple[int, int] | None:
    """Return the sides the frame header names; source: ITU-T T.81, B.2.2."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if marker in _FRAMES:
            height, width = int.from_bytes(content[at + 5 : at + 7]), int.from_bytes(content[at + 7 : at + 9])
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None


def _webp_sides(content: bytes) -> tuple[int, int] | None:
    """Return the sides the first chunk names; source: the WebP container (RFC 9649, 2.5 to 2.7)."""
    chunk, data = content[12:16], content[20:]
    if chunk == b"VP8X" and len(data) >= 10:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
    elif chunk == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    elif chunk == b"VP8 " and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        return None
    return (width, height) if width and height else None
