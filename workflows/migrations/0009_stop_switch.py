"""Stop switches, and what the database keeps of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import frozen, same_workspace


class Migration(migrations.Migration):
    """One table; what was stopped, by whom and why, stays as it was written."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("workflows", "0008_schedules"),
    ]

    operations = [
        migrations.CreateModel(
            name="StopSwitch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("everything", "Everything"),
                            ("workspace", "A workspace"),
                            ("brand", "A brand"),
                            ("account", "An account"),
                            ("workflow", "A workflow"),
                        ],
                        max_length=16,
                    ),
                ),
                ("workflow", models.CharField(blank=True, max_length=80)),
                ("reason", models.CharField(max_length=300)),
                ("engaged_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("engaged_by", models.CharField(max_length=160)),
                ("released_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(blank=True, max_length=160)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stops",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stops",
                        to="accounts.brand",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stops",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name": "stop switch",
                "verbose_name_plural": "stop switches",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account", None),
                                ("brand", None),
                                ("scope", "everything"),
                                ("workflow", ""),
                                ("workspace", None),
                            ),
                            models.Q(
                                ("account", None),
                                ("brand", None),
                                ("scope", "workspace"),
                                ("workflow", ""),
                                ("workspace__isnull", False),
                            ),
                            models.Q(
                                ("account", None),
                                ("brand__isnull", False),
                                ("scope", "brand"),
                                ("workflow", ""),
                                ("workspace__isnull", False),
                            ),
                            models.Q(
                                ("account__isnull", False),
                                ("brand", None),
                                ("scope", "account"),
                                ("workflow", ""),
                                ("workspace__isnull", False),
                            ),
                            models.Q(
                                ("account", None),
                                ("brand", None),
                                ("scope", "workflow"),
                                models.Q(("workflow", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="stop_switch_names_what_it_stops",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at", None), ("released_by", "")),
                            models.Q(
                                ("released_at__isnull", False), models.Q(("released_by", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="stop_switch_released_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="stop_switch_has_reason"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("scope", "workspace", "brand", "account", "workflow"),
                        name="stop_switch_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        frozen(
            "workflows_stopswitch",
            *("scope", "workspace_id", "brand_id", "account_id", "workflow"),
            *("reason", "engaged_at", "engaged_by"),
        ),
        same_workspace("workflows_stopswitch", "account", "accounts_tiktokaccount"),
        same_workspace("workflows_stopswitch", "brand", "accounts_brand"),
    ]
