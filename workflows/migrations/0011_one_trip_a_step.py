"""`workflows/sql` anew: one call says all of a step's events and brings the next one's work; indexes that serve it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from tiktok_ops.migration_operations import install_sql
from workflows.sql import FILES

# They return something else now, which nothing but a drop can change.
DROP_OLD = migrations.RunSQL(
    """
    DROP FUNCTION IF EXISTS workflow_claim(uuid, text, double precision, integer, text);
    DROP FUNCTION IF EXISTS workflow_finish(uuid, integer, jsonb, text, double precision, integer);
    DROP FUNCTION IF EXISTS workflow_resume(uuid, jsonb);
    DROP FUNCTION IF EXISTS workflow_wake(uuid);
    DROP FUNCTION IF EXISTS workflow_settle(uuid, uuid);
    DROP FUNCTION IF EXISTS workflow_close(uuid);
    DROP FUNCTION IF EXISTS workflow_to_ring(uuid);
    DROP FUNCTION IF EXISTS workflow_wait(uuid);
    """,
    migrations.RunSQL.noop,
)


class Migration(migrations.Migration):
    """Fewer statements, fewer indexes to write."""

    dependencies = [("workflows", "0010_clusters")]

    operations = [
        migrations.AlterField(
            model_name="workflowstep",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="workflows.workflowrun",
            ),
        ),
        migrations.AlterField(
            model_name="stepdependency",
            name="upstream",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="leads_to",
                to="workflows.workflowstep",
            ),
        ),
        migrations.AlterField(
            model_name="runevent",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="workflows.workflowrun",
            ),
        ),
        migrations.AddIndex(
            model_name="workflowstep",
            index=models.Index(
                fields=["run", "position", "item", "round"],
                name="step_open",
                condition=Q(("status__in", ["pending", "ready", "running", "waiting"])),
            ),
        ),
        DROP_OLD,
        install_sql(*FILES),
    ]
