"""Uploaded files on workers: looked through first, imported once a person has seen what that would do."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.progress import committed_progress
from tiktok_ops.content.imports.service import checked_file, finish, locked, previewed
from tiktok_ops.content.imports.uploads import RING_AGAIN
from tiktok_ops.content.models import ContentImport

TAKEN_UP_FOR = timedelta(seconds=settings.DOORBELL_TIMEOUT_SECONDS) - RING_AGAIN
OPEN_STATUSES = ("queued", "running")

_FAULT = "The import stopped because of a fault of ours; nothing was imported. Start it again."
_OTHER_BYTES = "The file that was kept is not the one that was looked through; upload it again."


def run_import(*, import_id: UUID) -> None:
    """Do what an uploaded import waits for: look through it and end as `ready`, or import it as `succeeded`.

    Either may end as `failed`. Harmless when called again: an import that has ended or waits for a person
    is left alone, one that a dead worker left is done anew. A refusal is kept in the row's `problems`; any
    other error too, and raised.
    """
    still_open = ContentImport.objects.filter(id=import_id, status__in=OPEN_STATUSES)
    is_import = bool(still_open.update(status="running"))
    upload = ContentImport.objects.select_related("requested_by", "account").filter(id=import_id).first()
    if upload is None or not (is_import or upload.status == "checking"):
        return
    try:
        if is_import:
            _import(upload)
        else:
            _look_through(upload)
    except ImportRefused as refused:
        _fail(import_id, problems=refused.as_json(), more=refused.more)
    except Exception:
        _fail(import_id, problems=ImportRefused.whole(_FAULT).as_json())
        raise


def _look_through(upload: ContentImport) -> None:
    """Keep what the import would do, unless it was cancelled meanwhile."""
    # Taken up: rung for again only once this doorbell's time is over (`uploads.waiting_imports`).
    ContentImport.objects.filter(id=upload.id, status="checking").update(rung_at=Now() + TAKEN_UP_FOR)
    with (
        upload.file.open("rb") as stream,
        committed_progress(upload.id) as progress,
        checked_file(
            account_id=upload.account_id, stream=stream, filename=upload.file_name, now=upload.created_at
        ) as checked,
    ):
        result = previewed(checked, upload, progress)
        ContentImport.objects.filter(id=upload.id, status="checking").update(
            status="ready",
            sha256=result.digest,
            summary=result.summary,
            left_out=result.left_out,
            rows_done=0,
            rows_total=checked.facts,
        )


def _import(upload: ContentImport) -> None:
    """Import the file, which must be the one that was looked through."""
    still_open = ContentImport.objects.filter(id=upload.id, status__in=OPEN_STATUSES)
    with (
        upload.file.open("rb") as stream,
        committed_progress(upload.id) as progress,
        checked_file(
            account_id=upload.account_id, stream=stream, filename=upload.file_name, now=upload.created_at
        ) as checked,
    ):
        if upload.sha256 not in ("", checked.file.digest):
            raise ImportRefused.whole(_OTHER_BYTES)
        with transaction.atomic():
            upload.account = locked(upload.account_id)
            if still_open.exists():  # asked again under the lock: the same import may run twice
                finish(upload, checked, by=upload.requested_by or "import", progress=progress)


def _fail(import_id: UUID, *, problems: list[dict[str, int | str | None]], more: int = 0) -> None:
    if more:
        rest: dict[str, int | str | None] = {"row": None, "column": "", "value": "", "part": ""}
        problems = [*problems, {**rest, "sentence": f"… and {more} more."}]
    ContentImport.objects.filter(id=import_id, status__in=("checking", *OPEN_STATUSES)).update(
        status="failed", problems=problems, rows_done=0, finished_at=timezone.now()
    )
