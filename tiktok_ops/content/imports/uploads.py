"""Files a person uploads: kept, looked through, imported on their word, and rung for until somebody takes them up."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.services import record
from tiktok_ops.content.models import ContentImport
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.errors import NotThere, Overtaken
from tiktok_ops.queue import Cluster, ring

DOORBELL = "tiktok_ops.content.tasks.run_import"
CLUSTER = Cluster.LONG  # a large file must not hold up steps
RING_AGAIN = timedelta(minutes=1)
MAX_NAME_CHARS = 200


class ImportUnknown(NotThere):
    """There is no such import, or it is not yours to see."""


def request_import(*, account_id: UUID, file: File[bytes], by: User) -> ContentImport:
    """Keep an uploaded file as an import to be looked through and ring a worker, in one transaction.

    Nothing of it is imported before somebody says so (`confirm_import`). The file is kept under the
    import's id; its own name is only shown. Raises `AccountUnknown`.
    """
    with transaction.atomic():
        account = TikTokAccount.objects.filter(id=account_id).first()
        if account is None:
            raise AccountUnknown(f"There is no account with the id {str(account_id)!r}.")
        name = (file.name or "file")[:MAX_NAME_CHARS]
        upload = ContentImport(account=account, file_name=name, status="checking", requested_by=by)
        upload.file.save(str(upload.id), file, save=False)
        upload.save()
        _record("import.requested", upload, by, bytes=file.size)
        ring(DOORBELL, upload.id, cluster=CLUSTER)
    return upload


def confirm_import(*, import_id: UUID, seen_sha256: str, by: User) -> ContentImport:
    """Have a file imported whose preview was seen: exactly the bytes with this digest; ring a worker.

    Raises `ImportUnknown` where `by` may not import, `Overtaken` when the file is another than the one
    that was seen or somebody imported or cancelled it meanwhile.
    """
    with transaction.atomic():
        upload = _locked(import_id, by)
        if upload.status != "ready":
            raise Overtaken(f"The file {upload.file_name!r} is {upload.status} already: look at it again.")
        if upload.sha256 != seen_sha256:
            raise Overtaken(f"The file {upload.file_name!r} is not the one you saw: look at it again.")
        ContentImport.objects.filter(id=upload.id).update(
            status="queued", requested_by=by, rung_at=Now(), rows_done=0
        )
        _record("import.confirmed", upload, by, sha256=seen_sha256)
        ring(DOORBELL, upload.id, cluster=CLUSTER)
    return upload


def cancel_import(*, import_id: UUID, by: User) -> ContentImport:
    """Throw away an uploaded file that nobody had imported yet, and its bytes.

    Raises `ImportUnknown` where `by` may not import, `Overtaken` when it is past that.
    """
    with transaction.atomic():
        upload = _locked(import_id, by)
        if not IMPORT.allows(upload.status, "cancelled"):
            raise Overtaken(f"The file {upload.file_name!r} is {upload.status} already: look at it again.")
        stored, storage = upload.file.name, upload.file.storage
        ContentImport.objects.filter(id=upload.id).update(
            status="cancelled", finished_at=timezone.now(), file="", summary={}
        )
        _record("import.cancelled", upload, by)
        if stored:
            transaction.on_commit(partial(storage.delete, stored))
    return upload


def _locked(import_id: UUID, by: User) -> ContentImport:
    visible = ContentImport.objects.visible_to(by, Capability.IMPORT).filter(id=import_id).values("id")
    upload = ContentImport.objects.select_for_update(of=("self",)).filter(id__in=visible).first()
    if upload is None:
        raise ImportUnknown
    return upload


def _record(verb: str, upload: ContentImport, by: User, **data: str | int | None) -> None:
    account = upload.account
    told = {"import": str(upload.id), "file_name": upload.file_name, **data}
    record(verb, by=by, subject=account, workspace_id=account.workspace_id, data=told)


def waiting_imports() -> QuerySet[ContentImport]:
    """Return the imports nobody took up, and those a dead worker left."""
    queued = Q(status__in=("checking", "queued"), rung_at__lt=Now() - RING_AGAIN)
    left = Q(status="running", rung_at__lt=Now() - timedelta(seconds=settings.DOORBELL_TIMEOUT_SECONDS))
    return ContentImport.objects.filter(queued | left)


def ring_waiting_imports() -> int:
    """Ring again for imports nobody took up, and for those a dead worker left; return how many.

    For the keeper to call in every round: each import is rung for once in a while, so that doorbells do
    not pile up while no worker is there. The clock is the database's.
    """
    with transaction.atomic():
        due = list(waiting_imports().select_for_update(skip_locked=True).values_list("id", flat=True))
        ContentImport.objects.filter(id__in=due).update(rung_at=Now())
        for import_id in due:
            ring(DOORBELL, import_id, cluster=CLUSTER)
    return len(due)
