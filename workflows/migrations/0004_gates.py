"""Steps that wait for a person: what they ask, and the functions that let them wait and go on."""

import django.db.models.deletion
from django.db import migrations, models

from tiktok_ops.migration_operations import install_sql
from workflows.sql import FILES


class Migration(migrations.Migration):
    """A step's approval, and `workflows/sql` anew."""

    dependencies = [("approvals", "0002_rules"), ("workflows", "0003_definition_versions")]

    operations = [
        migrations.AddField(
            model_name="workflowstep",
            name="approval",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="approvals.approvalrequest",
            ),
        ),
        install_sql(*FILES),
    ]
