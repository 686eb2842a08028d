"""What the database keeps of effects: their status machine, what is frozen, and the decision that sealed them."""

from django.db import migrations

from tiktok_ops.migration_operations import frozen, install_sql, same_workspace, workspace_key
from tiktok_ops.transitions import install
from workflows.sql import FILES
from workflows.transitions import EFFECT

# An effect points at one decision as a whole: of this request, on these bytes, and an approval.
SEALED = migrations.RunSQL(
    """
    ALTER TABLE workflows_effect ADD CONSTRAINT workflows_effect_sealed_bytes
        FOREIGN KEY (decision_id, request_id, payload_sha256, verb)
        REFERENCES approvals_decision (id, request_id, payload_sha256, verb);
    """,
    "ALTER TABLE workflows_effect DROP CONSTRAINT workflows_effect_sealed_bytes;",
)


class Migration(migrations.Migration):
    """The ledger's rules, and `workflows/sql` anew: steps that wait for a time."""

    dependencies = [("workflows", "0005_effects")]

    operations = [
        install(EFFECT),
        frozen(
            "workflows_effect",
            *("step_id", "kind", "idempotency_key", "account_id", "workspace_id", "mode", "created_at"),
        ),
        workspace_key("accounts_tiktokaccount"),
        same_workspace("workflows_effect", "account", "accounts_tiktokaccount"),
        SEALED,
        install_sql(*FILES),
    ]
