"""What a run was thought to cost, and whether it goes on with cheaper models."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [
        ("workflows", "0016_pull_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="estimate",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="uses_fast_models",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
