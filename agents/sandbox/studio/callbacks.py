"""The sandbox studio's signed callbacks: for each job that is done, until somebody answers 200."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from agents.sandbox.studio.service import state_of
from agents.sandbox_models import SandboxStudioJob
from tiktok_ops.clock import database_now

MOST_TRIES = 5
AGAIN_SECONDS = 5.0
PAGE = 50

Post = Callable[[str, str, bytes], int]
"""How a callback is delivered: given address, signature and body, returns the HTTP status of the answer."""


def callbacks_due() -> QuerySet[SandboxStudioJob]:
    """Return the jobs of which the caller is to be told now."""
    return SandboxStudioJob.objects.filter(
        callbacks_left__gt=0, callback_at__lte=Now(), callback_tries__lt=MOST_TRIES
    )


def deliver_due(*, secret: str, post: Post) -> int:
    """Send the callbacks that are due, each signed anew with `secret`; return how many were answered 200.

    Nothing is sent within a transaction: a callback is claimed (commit), sent, and ticked off (commit). One
    that is not answered is sent again, at most five times.
    """
    with transaction.atomic():
        due = callbacks_due().select_for_update(skip_locked=True).order_by("callback_at")[:PAGE]
        jobs = list(due)
        again = database_now() + timedelta(seconds=AGAIN_SECONDS)
        SandboxStudioJob.objects.filter(id__in=[job.id for job in jobs]).update(
            callback_at=again, callback_tries=F("callback_tries") + 1
        )
    return sum(_deliver(job, secret=secret, post=post) for job in jobs)


def signature_of(secret: str, body: bytes, *, signed_at: datetime) -> str:
    """Return the header of a body signed at this time, as docs/studio.md says."""
    seconds = str(int(signed_at.timestamp()))
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},s={signed.hexdigest()}"


def body_of(job: SandboxStudioJob) -> bytes:
    """Return the callback of a job that is done; the same bytes each time."""
    told = {
        "event": f"job.{state_of(job, job.done_at)}",
        "job_id": job.job_id,
        "reference": job.key,
        "created_at": int(job.done_at.timestamp()),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _deliver(job: SandboxStudioJob, *, secret: str, post: Post) -> bool:
    body = body_of(job)
    is_taken = post(job.callback_url, signature_of(secret, body, signed_at=database_now()), body) == 200
    if is_taken:
        _tick_off(job.id)
    return is_taken


def _tick_off(job_id: UUID) -> None:
    """Note that a callback was answered; one that is sent twice is due again at once."""
    SandboxStudioJob.objects.filter(id=job_id, callbacks_left__gt=0).update(
        callbacks_left=F("callbacks_left") - 1, callback_at=database_now()
    )
