"""What the sandbox studio does with a request: takes a job once for each key, tells of it, gives its clip.

Source of the format: docs/studio.md. Its state is in the database, for all processes, and by its clock.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.providers.media import get_transcoder
from agents.sandbox.studio.faults import StudioFaults
from agents.sandbox_models import SandboxStudioJob
from tiktok_ops.clock import database_now

LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `is_lost` where it never arrives though the studio acted."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    is_lost: bool = False


class _Order(BaseModel):
    """The body of a submission: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: str = Field(min_length=1, max_length=2000)
    seconds: float = Field(ge=3, le=60)
    callback_url: str = Field("", max_length=300)


def submit(body: bytes, *, key: str, faults: StudioFaults) -> Reply:
    """Take a job: 201 the first time, 200 with the same job under the same key, 409 if it is another clip."""
    if not re.fullmatch(r"[!-~]{1,80}", key):
        return refusal(422, "key_missing", "Idempotency-Key: 1 to 80 characters")
    try:
        order = _Order.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return refusal(422, "invalid", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    wanted = {"prompt": order.prompt, "seconds": order.seconds, "callback_url": order.callback_url}
    now = database_now()
    done_at = now + timedelta(seconds=faults.make_seconds)
    with transaction.atomic():
        job, is_new = SandboxStudioJob.objects.get_or_create(
            key=key,
            defaults={
                **wanted,
                "done_at": done_at,
                "fail_reason": faults.fail_reason,
                "callbacks_left": faults.callbacks,
                "callback_at": done_at,
            },
        )
        job = SandboxStudioJob.objects.select_for_update().get(id=job.id)
        if any(getattr(job, name) != value for name, value in wanted.items()):
            return refusal(409, "key_reused", "this key was used for another clip")
        job.submissions += 1
        job.save(update_fields=["submissions"])
    told = _told(job, now, status=201 if is_new else 200)
    return Reply(told.status, told.content, is_lost=job.submissions <= faults.lost_answers)


def status(job_id: str) -> Reply:
    """Tell of a job."""
    job = _job(job_id)
    return refusal(404, "unknown", "no such job") if job is None else _told(job, database_now(), status=200)


def clip(job_id: str) -> Reply:
    """Give the clip of a job that succeeded; it is made here and now, the same bytes each time."""
    job = _job(job_id)
    if job is None or state_of(job, database_now()) != "succeeded":
        return refusal(404, "no_clip", "no such job, or it has no clip")
    content = _video(job)
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    return Reply(200, content, {"content-type": "video/mp4", "content-digest": f"sha-256=:{digest}:"})


def refusal(status: int, code: str, message: str) -> Reply:
    """Return the answer that refuses a request."""
    return Reply(status, json.dumps({"error": {"code": code, "message": message}}).encode())


def state_of(job: SandboxStudioJob, now: datetime) -> str:
    """Return how a job is at `now`: it follows from its times, so nothing has to move it on."""
    if now < job.done_at:
        return "running"
    return "failed" if job.fail_reason else "succeeded"


def _job(job_id: str) -> SandboxStudioJob | None:
    return SandboxStudioJob.objects.filter(job_id=job_id).first()


def _told(job: SandboxStudioJob, now: datetime, *, status: int) -> Reply:
    state = state_of(job, now)
    said: dict[str, Any] = {"id": job.job_id, "status": state, "reference": job.key}
    if state == "failed":
        said["error"] = job.fail_reason
    return Reply(status, json.dumps({"job": said}).encode())


def _video(job: SandboxStudioJob) -> bytes:
    # What cannot be drawn is left out; a prompt in another script is shown as no more than that.
    title = " ".join(re.sub(r"[^A-Za-z0-9 ,.!?-]+", " ", job.prompt)[:LONGEST_TITLE].split())
    with TemporaryDirectory(prefix="studio-") as folder:
        out = Path(folder, "clip.mp4")
        get_transcoder().render_card_video(
            (title or "A clip of the studio",), seconds=float(job.seconds), out=out
        )
        return out.read_bytes()
