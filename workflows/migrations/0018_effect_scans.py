"""What the guardrails made of the bytes an effect is about to send."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [
        ("workflows", "0017_what_runs_cost"),
    ]

    operations = [
        migrations.AddField(
            model_name="effect",
            name="scan",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="effect",
            name="scanned_at",
            field=models.DateTimeField(null=True),
        ),
    ]
