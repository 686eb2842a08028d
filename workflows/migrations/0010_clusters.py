"""Steps belong to a cluster, short or long; `workflows/sql` anew: workers take what is their cluster's."""

from django.db import migrations, models
from django.db.models import Q

from tiktok_ops.migration_operations import install_sql
from workflows.sql import FILES

# Another signature is another function: without this the old one would stay beside the new.
DROP_OLD = migrations.RunSQL(
    """
    DROP FUNCTION IF EXISTS workflow_claim(uuid, text, double precision, integer);
    DROP FUNCTION IF EXISTS workflow_due(integer, double precision, integer);
    """,
    migrations.RunSQL.noop,
)


class Migration(migrations.Migration):
    """The cluster of a step, and who may take it."""

    dependencies = [("workflows", "0009_stop_switch")]

    operations = [
        migrations.AddField(
            model_name="workflowstep",
            name="cluster",
            field=models.CharField(db_default="short", default="short", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="workflowstep",
            constraint=models.CheckConstraint(
                condition=Q(("cluster__in", ["short", "long"])), name="step_cluster_known"
            ),
        ),
        DROP_OLD,
        install_sql(*FILES),
    ]
