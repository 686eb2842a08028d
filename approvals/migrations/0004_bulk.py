"""Several requests can be decided on at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more way in which a decision may have been made."""

    dependencies = [("approvals", "0003_decisions_effects_point_at")]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="channel",
            field=models.CharField(
                choices=[
                    ("admin", "Admin"),
                    ("api", "API"),
                    ("command", "Command line"),
                    ("bulk", "Several at once"),
                ],
                max_length=16,
            ),
        ),
    ]
