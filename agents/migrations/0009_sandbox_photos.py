"""Photos on the sandbox TikTok: where they are pulled from, and when."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns of a post, one of a creator."""

    dependencies = [
        ("agents", "0008_connections"),
    ]

    operations = [
        migrations.AddField(
            model_name="sandboxcreator",
            name="pull_seconds",
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name="sandboxpost",
            name="photo_urls",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=500), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="sandboxpost",
            name="pull_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="sandboxpost",
            index=models.Index(
                condition=models.Q(("cancelled_at", None), ("completed_at", None)),
                fields=["pull_at"],
                name="sandbox_pull_due",
            ),
        ),
    ]
