"""Alerts, one live row for each thing that is wrong."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.migration_operations import same_workspace
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("workflows", "0006_effect_rules"),  # where an account, with its workspace, became a key
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=40)),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "Info"), ("warning", "Warning"), ("critical", "Critical")],
                        max_length=16,
                    ),
                ),
                ("status", models.CharField(default="open", max_length=16)),
                ("sentence", models.TextField()),
                ("what_to_do", models.TextField()),
                ("subject_type", models.CharField(blank=True, max_length=80)),
                ("subject_id", models.UUIDField(null=True)),
                ("times", models.PositiveIntegerField(default=1)),
                ("first_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=160)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=160)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["subject_id"], name="alert_by_subject"),
                    models.Index(
                        condition=models.Q(("status__in", ("open", "acknowledged"))),
                        fields=["workspace"],
                        name="alert_live",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("open", "acknowledged"))),
                        fields=("key",),
                        name="alert_once_while_live",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "acknowledged", "resolved"])),
                        name="alert_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warning", "critical"])),
                        name="alert_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sentence", ""), _negated=True),
                            models.Q(("what_to_do", ""), _negated=True),
                        ),
                        name="alert_says_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_id", None), ("subject_type", "")),
                            models.Q(
                                models.Q(("subject_type", ""), _negated=True), ("subject_id__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="alert_subject_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account", None), ("workspace__isnull", False), _connector="OR"),
                        name="alert_account_in_workspace",
                    ),
                    models.CheckConstraint(condition=models.Q(("times__gte", 1)), name="alert_was_seen"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at", None), ("acknowledged_by", "")),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                models.Q(("acknowledged_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="alert_acknowledged_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("status", "open"), _negated=True),
                                ("acknowledged_at", None),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("status", "acknowledged"), _negated=True),
                                ("acknowledged_at__isnull", False),
                                _connector="OR",
                            ),
                        ),
                        name="alert_acknowledged_once_seen",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("status", "resolved"), _negated=True),
                                ("resolved_at", None),
                                ("resolved_by", ""),
                            ),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("status", "resolved"),
                                models.Q(("resolved_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="alert_resolved_by_somebody",
                    ),
                ],
            },
        ),
        install(ALERT),
        same_workspace("alerts_alert", "account", "accounts_tiktokaccount"),
    ]
