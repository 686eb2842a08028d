"""Photo posts on their way: assets, briefs and runs of `photo_post` as far along as a test wants them."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from tests.factories.posting import decide, direct_account, work
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.assets import store_asset
from tiktok_ops.content.models import Asset
from workflows.models import WorkflowRun
from workflows.services import start_run

TITLE, DESCRIPTION = "Three lamps", "for one corner #lamp"
WORDS = f"{TITLE}\n{DESCRIPTION}"


def jpeg(name: str, *, width: int = 1080, height: int = 1080, padding: int = 50) -> bytes:
    """Return bytes that begin as a JPEG with these sides does, different for each name."""
    frame = b"\xff\xc0\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x03" + bytes(9)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(9) + frame + name.encode() * padding


def photo_asset(account: TikTokAccount, name: str = "one", **changes: Any) -> Asset:
    """Return a photo of the account's workspace."""
    with NamedTemporaryFile(suffix=".jpg") as file:
        file.write(jpeg(name))
        file.flush()
        values: dict[str, Any] = {
            "workspace_id": account.workspace_id,
            "brand_id": None,
            "file": Path(file.name),
            "media_type": "image/jpeg",
            "probe": {"width": 1080, "height": 1080},
            "rights_note": "Ours.",
            "rights_expire_at": None,
            "by": "a test",
        }
        return store_asset(**(values | changes))


def photo_brief(assets: list[Asset], **changes: Any) -> dict[str, Any]:
    """Return what a run of `photo_post` is given."""
    return {
        "photos": [{"asset": str(photo.id), "sha256": photo.sha256} for photo in assets],
        "cover_index": 0,
        "title": TITLE,
        "description": DESCRIPTION,
        "caption": WORDS,
        "auto_add_music": False,
        "privacy_level": "PUBLIC_TO_EVERYONE",
    } | changes


def asked_photos(account: TikTokAccount | None = None, *, count: int = 2, **changes: Any) -> WorkflowRun:
    """Return a run of `photo_post` that waits at its gate."""
    account = account or direct_account()
    photos = [photo_asset(account, f"photo {number} of {account.id}") for number in range(count)]
    run = start_run("photo_post", account_id=account.id, by="a test", given=photo_brief(photos, **changes))
    return work(run)


def approved_photos(account: TikTokAccount | None = None, **changes: Any) -> WorkflowRun:
    """Return a run of `photo_post` that was approved and whose effect has not begun."""
    run = asked_photos(account, **changes)
    decide(run)
    return run
