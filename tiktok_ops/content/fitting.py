"""Videos that TikTok does not take as they are: kept as they came, and a copy made that it takes.

A second of video takes about a second of a core to encode, so that is done by a worker of the long cluster, not
while somebody waits for a page. How far it is stands in the original's `probe`, under `fitting`: `why` it does not
fit, when a worker was last `rung_at` for, how many `tries` there were, and then `made`, the copy's id, or the
`problem`. The copy's `probe` names the original's digest (`transcoded_from`) and what was `changed`.
Who can make copies is above this app, and says so here when it gets ready.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Now
from django.utils import timezone

from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import record
from tiktok_ops.content.assets import keep_asset, open_verified
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Overtaken, Refused
from tiktok_ops.queue import Cluster, ring

DOORBELL = "tiktok_ops.content.tasks.fit_video"
CLUSTER = Cluster.LONG
RING_AGAIN = timedelta(seconds=settings.DOORBELL_TIMEOUT_SECONDS)
"""After that a worker that had it is certainly gone."""
MOST_TRIES = 3

Fitter = Callable[[Path, Path], Mapping[str, Any]]
"""Writes a copy that fits of the first to the second; returns its figures; raises `Refused`, one sentence."""

_BY = "transcoder"
_FAULT = "The copy could not be made because of a fault of ours. Have it made again."
_NEVER_ENDED = f"The copy was begun {MOST_TRIES} times and never ended: upload a shorter video."

_fitters: list[Fitter] = []


def register_fitter(fitter: Fitter) -> None:
    """Let `fitter` make the copies; raises `ValueError` when somebody does already."""
    if _fitters:
        raise ValueError("Copies that fit are made by somebody already: register one fitter.")
    _fitters.append(fitter)


def begun(why: str) -> dict[str, Any]:
    """Return what the `probe` of an original says from its first moment on."""
    return {"fitting": {"why": why, "rung_at": timezone.now().isoformat(), "tries": 0}}


def fitting_of(asset: Asset) -> dict[str, Any]:
    """Return how far the copy of an asset is that TikTok does not take; nothing for one that it takes."""
    found: dict[str, Any] = asset.probe.get("fitting", {})
    return found


def ring_for(asset: Asset) -> None:
    """Ask a worker for the copy; the keeper asks again where this is lost."""
    with transaction.atomic():
        ring(DOORBELL, asset.id, cluster=CLUSTER)


def fit_again(asset: Asset, *, by: User) -> None:
    """Have a copy made that could not be made before. Raises `Overtaken` where there is nothing to be done again."""
    with transaction.atomic():
        locked = Asset.objects.select_for_update(of=("self",)).get(id=asset.id)
        if not fitting_of(locked).get("problem"):
            raise Overtaken("The copy of this video is made, or being made, already: look at it again.")
        _write(locked, problem="", tries=0, rung_at=timezone.now().isoformat())
        _record("asset.fitting_requested", locked, by=by)
        ring(DOORBELL, locked.id, cluster=CLUSTER)


def fit_asset(*, asset_id: UUID) -> None:
    """Make the copy an original waits for, with its rights, for its brand; harmless when called again.

    A refusal is kept as the original's `problem`; any other error too, and raised.
    """
    asset = _taken_up(asset_id)
    if asset is None:
        return
    try:
        made = _copy_of(asset)
    except Refused as refused:
        _end(asset_id, problem=str(refused))
    except Exception:
        _end(asset_id, problem=_FAULT)
        raise
    else:
        _end(asset_id, made=str(made.id))


def waiting_fittings() -> QuerySet[Asset]:
    """Return the originals whose copy nobody took up, and those a dead worker left. The clock is the database's."""
    rung_at = Cast(KeyTextTransform("rung_at", KeyTransform("fitting", "probe")), DateTimeField())
    return (
        Asset.objects.filter(probe__has_key="fitting")
        .exclude(probe__fitting__has_key="made")
        .alias(rung_at=rung_at)
        .filter(Q(probe__fitting__problem="") | ~Q(probe__fitting__has_key="problem"))
        .filter(rung_at__lt=Now() - RING_AGAIN)
    )


def ring_waiting_fittings() -> int:
    """Ring again for copies nobody is making, for the keeper to call in every round; return how many."""
    with transaction.atomic():
        due = list(waiting_fittings().select_for_update(skip_locked=True, of=("self",)))
        for asset in due:
            _write(asset, rung_at=timezone.now().isoformat())
            ring(DOORBELL, asset.id, cluster=CLUSTER)
    return len(due)


def _taken_up(asset_id: UUID) -> Asset | None:
    """Return the original to be copied, with one try more; None where there is nothing to be done."""
    with transaction.atomic():
        asset = Asset.objects.select_for_update(of=("self",)).filter(id=asset_id).first()
        state = fitting_of(asset) if asset else {}
        if asset is None or not state or state.get("made") or state.get("problem"):
            return None
        if state["tries"] < MOST_TRIES:
            _write(asset, tries=state["tries"] + 1, rung_at=timezone.now().isoformat())
            return asset
    _end(asset_id, problem=_NEVER_ENDED)
    return None


def _copy_of(original: Asset) -> Asset:
    open_verified(original).close()
    [fitter] = _fitters
    with TemporaryDirectory(prefix="fitting-") as folder:
        out = Path(folder, "video.mp4")
        figures = fitter(Path(original.file.path), out)
        return keep_asset(
            workspace_id=original.workspace_id,
            brand_id=original.brand_id,
            file=out,
            media_type="video/mp4",
            probe={**figures, "transcoded_from": original.sha256},
            rights_note=original.rights_note,
            rights_expire_at=original.rights_expire_at,
            by=_BY,
        ).asset


def _end(asset_id: UUID, **found: str) -> None:
    with transaction.atomic():
        asset = Asset.objects.select_for_update(of=("self",)).get(id=asset_id)
        _write(asset, **found)
        _record("asset.fitted" if "made" in found else "asset.fitting_failed", asset, by=_BY, **found)


def _write(asset: Asset, **changes: Any) -> None:
    """Note how far the copy is; the row is locked."""
    asset.probe["fitting"] = fitting_of(asset) | changes
    asset.save(update_fields=["probe"])


def _record(verb: str, asset: Asset, *, by: User | str, **data: str) -> None:
    told = {"asset": str(asset.id), "sha256": asset.sha256, **data}
    record(verb, by=by, subject=asset, workspace_id=asset.workspace_id, data=told)
