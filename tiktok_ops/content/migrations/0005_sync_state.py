"""How far the sync of each account is, part by part."""

import django.db.models.deletion
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """The table."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("content", "0004_imports_of_every_format"),
    ]

    operations = [
        migrations.CreateModel(
            name="SyncState",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("part", models.CharField(max_length=40)),
                ("synced_at", models.DateTimeField()),
                ("said", models.JSONField(default=dict)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="accounts.tiktokaccount",
                    ),
                ),
            ],
            options={
                "ordering": ["part"],
                "constraints": [models.UniqueConstraint(fields=("account", "part"), name="sync_state_once")],
            },
        ),
    ]
