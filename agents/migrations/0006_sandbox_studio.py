"""The sandbox studio's jobs."""

import django.db.models.functions.datetime
from django.db import migrations, models

import agents.sandbox_models
import tiktok_ops.ids


class Migration(migrations.Migration):
    """One table, of a world outside."""

    dependencies = [
        ("agents", "0005_breakers"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxStudioJob",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "job_id",
                    models.CharField(default=agents.sandbox_models.new_job_id, max_length=64, unique=True),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("prompt", models.TextField()),
                ("seconds", models.FloatField()),
                ("callback_url", models.CharField(blank=True, max_length=300)),
                ("submissions", models.PositiveIntegerField(default=0)),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("done_at", models.DateTimeField()),
                ("fail_reason", models.CharField(blank=True, max_length=200)),
                ("callbacks_left", models.PositiveIntegerField(default=1)),
                ("callback_at", models.DateTimeField()),
                ("callback_tries", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["begun_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("callbacks_left__gt", 0)),
                        fields=["callback_at"],
                        name="sandbox_callback_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("callback_at__gte", models.F("done_at"))),
                        name="sandbox_callback_after_the_job",
                    )
                ],
            },
        ),
    ]
