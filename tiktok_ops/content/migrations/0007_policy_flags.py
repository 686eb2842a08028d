"""What TikTok holds against each account."""

import django.db.models.deletion
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """The table."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("content", "0006_dealt_with"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyFlag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=80)),
                ("about", models.CharField(blank=True, max_length=100)),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                "ordering": ["-since", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "about", "code"), name="policy_flag_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            models.Q(("about", ""), ("ended_at__gte", models.F("since"))),
                            _connector="OR",
                        ),
                        name="policy_flag_ends_after_it_began",
                    ),
                ],
            },
        ),
    ]
