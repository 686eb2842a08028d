"""What source and shop were when each part of a product was last dealt with: the base of the next comparison."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """The table."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("content", "0005_sync_state"),
    ]

    operations = [
        migrations.CreateModel(
            name="DealtWith",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("product_id", models.CharField(max_length=40)),
                (
                    "part",
                    models.CharField(
                        choices=[("title", "title"), ("description", "description"), ("price", "price")],
                        max_length=16,
                    ),
                ),
                ("in_source", models.TextField(blank=True)),
                ("in_shop", models.TextField(blank=True)),
                ("dealt_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                "ordering": ["product_id", "part"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "product_id", "part"), name="dealt_with_once"),
                    models.CheckConstraint(
                        condition=models.Q(("part__in", ["title", "description", "price"])),
                        name="dealt_with_part_known",
                    ),
                ],
            },
        ),
    ]
