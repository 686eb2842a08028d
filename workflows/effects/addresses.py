"""Addresses TikTok pulls photos from: one for each attempt, unguessable, and either fetched or taken back.

Exactly one of the two happens, by a conditional UPDATE: a photo is given out only under an address that is
`fetched` by then, which is committed before its first byte; and an attempt is made again only where its address
became `revoked`, under which nothing is given out any more. So a post whose answer was lost cannot go live twice.
"""

import hashlib
import re
import secrets
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from pydantic import ValidationError

from agents.sandbox.tiktok.own_addresses import OWN_ADDRESS
from tiktok_ops.content.assets import AssetChanged, open_verified
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused
from workflows.effects.ledger import lock_step
from workflows.effects.models import Effect, PullAddress
from workflows.photo_kinds import PhotoPost
from workflows.transitions import EFFECT
from workflows.work import Work

EXTENSIONS = {"image/jpeg": "jpg", "image/webp": "webp"}
_PATH = re.compile(r"/pull/([A-Za-z0-9_-]{43})/(\d{1,2})\.(?:jpg|webp)")


class NoPublicAddress(Refused):
    """TikTok pulls photos from our address, and there is none."""


def base_of(mode: str) -> str:
    """Return the address photos are pulled under; raises `NoPublicAddress`."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    if mode == "sandbox":
        return OWN_ADDRESS
    raise NoPublicAddress(
        "TikTok pulls photos from an address of ours, and PUBLIC_URL is empty: set it, have its domain verified in "
        "TikTok's developer portal, and start the post again."
    )


def offer(work: Work, effect: Effect, photos: tuple[Asset, ...]) -> tuple[str, ...]:
    """Open an address for this attempt, and return what each photo's is; under the worker's claim.

    Earlier ones of the effect are closed: it got leave to be sent again, so nothing of them is live.
    """
    token = secrets.token_urlsafe(32)
    base = base_of(effect.mode)
    with transaction.atomic():
        lock_step(work)
        close_earlier(effect)
        attempt = Effect.objects.values_list("claims", flat=True).get(id=effect.id)
        PullAddress.objects.create(effect=effect, attempt=attempt, token_digest=_digest(token))
    return tuple(
        f"{base}/pull/{token}/{number}.{EXTENSIONS[photo.media_type]}" for number, photo in enumerate(photos)
    )


def close_earlier(effect: Effect) -> None:
    """Close what earlier attempts opened; in the caller's transaction."""
    earlier = PullAddress.objects.filter(effect=effect)
    earlier.filter(status="active").update(status="revoked")
    earlier.filter(status="fetched").update(status="spent")


def take_back(effect: Effect) -> bool:
    """Close the effect's address to TikTok; return False where TikTok has fetched from it already.

    One statement decides between this and a fetch that comes at the same moment.
    """
    PullAddress.objects.filter(effect=effect, status="active").update(status="revoked")
    return not PullAddress.objects.filter(effect=effect, status="fetched").exists()


def open_photo(token: str, number: int) -> tuple[Asset, BinaryIO] | None:
    """Return a photo of an open address and its verified bytes, for the caller to close; None for any other.

    From here on the address is fetched: that is committed before this returns.
    """
    mine = PullAddress.objects.filter(token_digest=_digest(token))
    if (
        not mine.filter(status__in=["active", "fetched"])
        .exclude(effect__status__in=sorted(EFFECT.terminal))
        .exists()
    ):
        return None
    mine.filter(status="active").update(status="fetched")
    address = mine.select_related("effect__decision").filter(status="fetched").first()
    return None if address is None else _opened(address.effect, number)


def fetch_here(path: str) -> bytes | None:
    """Fetch a path of ours without a network between, for the sandbox where no web process listens."""
    found = _PATH.fullmatch(path)
    opened = open_photo(found[1], int(found[2])) if found else None
    if opened is None:
        return None
    with opened[1] as file:
        return file.read()


def _opened(effect: Effect, number: int) -> tuple[Asset, BinaryIO] | None:
    """Return the photo that was approved under this number, with its bytes; None where it is another by now."""
    try:
        photos = PhotoPost.model_validate_json(bytes(effect.decision.payload)).photos
        photo = photos[number]
        asset = Asset.objects.get(id=photo.asset, sha256=photo.sha256, workspace_id=effect.workspace_id)
        return asset, open_verified(asset)
    except (ValidationError, IndexError, Asset.DoesNotExist, AssetChanged):
        return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
