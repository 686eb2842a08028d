"""What an effect points at also says that the decision was an approval."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A decision's id, request, bytes and verb are a key."""

    dependencies = [
        ("approvals", "0002_rules"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="decision",
            name="decision_sealed_bytes",
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("id", "request", "payload_sha256", "verb"), name="decision_sealed_bytes"
            ),
        ),
    ]
