"""Steps of loops know their item, steps done again what was said; and `workflows/sql` anew: the newest round counts."""

from django.db import migrations, models

from tiktok_ops.migration_operations import install_sql
from tiktok_ops.transitions import install
from workflows.sql import FILES
from workflows.transitions import RUN


class Migration(migrations.Migration):
    """`item_value` and `feedback`; runs that are being cancelled, and failed ones that go on."""

    dependencies = [("workflows", "0006_effect_rules")]

    operations = [
        migrations.AddField(
            model_name="workflowstep", name="feedback", field=models.TextField(blank=True, default="")
        ),
        migrations.AddField(model_name="workflowstep", name="item_value", field=models.JSONField(null=True)),
        migrations.AddField(
            model_name="workflowrun", name="cancel_requested_at", field=models.DateTimeField(null=True)
        ),
        install(RUN),
        install_sql(*FILES),
    ]
