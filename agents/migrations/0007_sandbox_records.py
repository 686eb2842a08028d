"""What the sandbox TikTok's world is made of, beside accounts and posts."""

from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """One table, of a world outside."""

    dependencies = [
        ("agents", "0006_sandbox_studio"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("owner", models.CharField(blank=True, max_length=64)),
                ("key", models.CharField(max_length=100)),
                ("data", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["kind", "owner", "at"], name="sandbox_record_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "owner", "key"), name="sandbox_record_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", ""), _negated=True), models.Q(("key", ""), _negated=True)
                        ),
                        name="sandbox_record_is_named",
                    ),
                ],
            },
        ),
    ]
