"""Rules the database keeps: a request's status, its frozen payload, and decisions that only grow."""

from django.db import migrations

from approvals.transitions import REQUEST
from tiktok_ops.migration_operations import append_only, frozen
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """The first layer of the seal: a changed payload is refused here; the second is the seal itself."""

    dependencies = [("approvals", "0001_initial")]

    operations = [
        install(REQUEST),
        frozen(
            "approvals_approvalrequest",
            "payload",
            "payload_sha256",
            "kind",
            "account_id",
            "workspace_id",
            "risk",
            "amount_usd",
            "run_id",
            "step_id",
            "version",
            "requested_by_id",
        ),
        append_only("approvals_decision"),
    ]
