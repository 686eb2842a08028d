"""What every change of a row pays: triggers that read no table, indexes of what is there, events numbered by themselves."""

import django.db.models.deletion
from django.db import migrations, models

from agents.transitions import AGENT_RUN, BREAKER
from approvals.transitions import REQUEST
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.migration_operations import frozen, install_sql
from tiktok_ops.transitions import install
from workflows.sql import FILES
from workflows.transitions import EFFECT, RUN, STEP, WEBHOOK

# It is told now what the step came to.
DROP_OLD = migrations.RunSQL("DROP FUNCTION IF EXISTS workflow_settle(uuid);", migrations.RunSQL.noop)

MACHINES = (AGENT_RUN, BREAKER, REQUEST, ALERT, IMPORT, EFFECT, RUN, STEP, WEBHOOK)


class Migration(migrations.Migration):
    """All machines at once: the function they share reads its pairs where it read a table before."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0006_sandbox_studio"),
        ("alerts", "0001_initial"),
        ("approvals", "0004_bulk"),
        ("content", "0003_import_rung_at"),
        ("workflows", "0018_effect_scans"),
    ]

    operations = [
        *(install(machine) for machine in MACHINES),
        migrations.RunSQL("DROP TABLE IF EXISTS status_transition;", migrations.RunSQL.noop),
        frozen("workflows_workflowrun", "is_dry_run", "replay_of_id", "overrides"),
        migrations.RemoveField("workflowrun", "next_event"),
        migrations.AlterField(
            model_name="workflowrun",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="accounts.tiktokaccount",
            ),
        ),
        migrations.AlterField(
            model_name="workflowstep",
            name="agent_run",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agents.agentrun",
            ),
        ),
        migrations.AlterField(
            model_name="workflowstep",
            name="approval",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="approvals.approvalrequest",
            ),
        ),
        migrations.AlterField(
            model_name="workflowstep",
            name="taken_from",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="taken_by",
                to="workflows.workflowstep",
            ),
        ),
        migrations.AddIndex(
            model_name="workflowstep",
            index=models.Index(
                condition=models.Q(("agent_run__isnull", False)), fields=["agent_run"], name="step_agent_run"
            ),
        ),
        migrations.AddIndex(
            model_name="workflowstep",
            index=models.Index(
                condition=models.Q(("approval__isnull", False)), fields=["approval"], name="step_approval"
            ),
        ),
        migrations.AddIndex(
            model_name="workflowstep",
            index=models.Index(
                condition=models.Q(("taken_from__isnull", False)),
                fields=["taken_from"],
                name="step_taken_from",
            ),
        ),
        DROP_OLD,
        install_sql(*FILES),
    ]
