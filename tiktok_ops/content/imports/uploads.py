"""Files a person uploads: kept, queued, and rung for until somebody takes them up."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.services import record
from tiktok_ops.content.models import ContentImport
from tiktok_ops.queue import Cluster, ring

DOORBELL = "tiktok_ops.content.tasks.run_import"
CLUSTER = Cluster.LONG  # a large file must not hold up steps
RING_AGAIN = timedelta(minutes=1)
MAX_NAME_CHARS = 200


def request_import(*, account_id: UUID, file: File[bytes], by: User) -> ContentImport:
    """Keep an uploaded file as a queued import and ring a worker, in one transaction.

    The file is kept under the import's id; its own name is only shown. Raises `AccountUnknown`.
    """
    with transaction.atomic():
        account = TikTokAccount.objects.filter(id=account_id).first()
        if account is None:
            raise AccountUnknown(f"There is no account with the id {str(account_id)!r}.")
        name = (file.name or "file")[:MAX_NAME_CHARS]
        upload = ContentImport(account=account, file_name=name, requested_by=by)
        upload.file.save(str(upload.id), file, save=False)
        upload.save()
        record(
            "import.requested",
            by=by,
            subject=account,
            workspace_id=account.workspace_id,
            data={"import": str(upload.id), "file_name": upload.file_name, "bytes": file.size},
        )
        ring(DOORBELL, upload.id, cluster=CLUSTER)
    return upload


def waiting_imports() -> QuerySet[ContentImport]:
    """Return the imports nobody took up, and those a dead worker left."""
    queued = Q(status="queued", rung_at__lt=Now() - RING_AGAIN)
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
