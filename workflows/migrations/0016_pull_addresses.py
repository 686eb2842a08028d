"""Addresses TikTok pulls photos from: either fetched or taken back, never both."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import frozen
from tiktok_ops.transitions import install
from workflows.transitions import PULL_ADDRESS


class Migration(migrations.Migration):
    """One table; its status moves as its machine says."""

    dependencies = [
        ("workflows", "0015_attempts_and_old_webhooks"),
    ]

    operations = [
        migrations.CreateModel(
            name="PullAddress",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("attempt", models.PositiveIntegerField()),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("status", models.CharField(default="active", max_length=16)),
                ("opened_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "effect",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pull_addresses",
                        to="workflows.effect",
                    ),
                ),
            ],
            options={
                "ordering": ["effect", "attempt"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "fetched", "revoked", "spent"])),
                        name="pull_address_status_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["active", "fetched"])),
                        fields=("effect",),
                        name="pull_address_one_at_a_time",
                    ),
                ],
            },
        ),
        install(PULL_ADDRESS),
        frozen("workflows_pulladdress", "effect_id", "attempt", "token_digest", "opened_at"),
    ]
