"""Schedules and their firings, what of them is fixed for good, and that firings only grow."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import append_only, frozen, same_workspace


class Migration(migrations.Migration):
    """`Schedule` and `ScheduleFiring`."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("workflows", "0007_loops_and_rounds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("workflow", models.SlugField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cron", "At times of the calendar"),
                            ("interval", "Again and again"),
                            ("once", "Once"),
                            ("event", "When something happened"),
                        ],
                        max_length=16,
                    ),
                ),
                ("expression", models.CharField(max_length=120)),
                ("input", models.JSONField(default=dict)),
                (
                    "catch_up",
                    models.CharField(
                        choices=[("once", "Missed times run once, not all")], default="once", max_length=16
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("next_due_at", models.DateTimeField(null=True)),
                ("time_zone", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedules",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedules",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ScheduleFiring",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("due_at", models.DateTimeField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("time", "Its time had come"),
                            ("event", "It happened"),
                            ("person", "A person fired it"),
                        ],
                        max_length=16,
                    ),
                ),
                ("refusal", models.TextField(blank=True)),
                ("fired_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firing",
                        to="workflows.workflowrun",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firings",
                        to="workflows.schedule",
                    ),
                ),
            ],
            options={
                "ordering": ["-fired_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="schedule",
            name="last_firing",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workflows.schedulefiring",
            ),
        ),
        migrations.AddIndex(
            model_name="schedulefiring",
            index=models.Index(fields=["schedule", "-fired_at"], name="firing_by_schedule"),
        ),
        migrations.AddConstraint(
            model_name="schedulefiring",
            constraint=models.UniqueConstraint(fields=("schedule", "due_at"), name="schedule_due_time_once"),
        ),
        migrations.AddConstraint(
            model_name="schedulefiring",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ["time", "event", "person"])),
                name="schedule_firing_cause_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulefiring",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("refusal", ""), ("run__isnull", False)),
                    models.Q(("run__isnull", True), models.Q(("refusal", ""), _negated=True)),
                    _connector="OR",
                ),
                name="schedule_firing_came_to_one_thing",
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("is_active", True)), fields=["next_due_at"], name="schedule_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["cron", "interval", "once", "event"])),
                name="schedule_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("catch_up", "once")), name="schedule_catch_up_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_due_at__isnull", True), ("is_active", True), _connector="OR"),
                name="schedule_due_while_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_active", True), ("kind__in", ["cron", "interval"]), _negated=True),
                    ("next_due_at__isnull", False),
                    _connector="OR",
                ),
                name="schedule_active_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("removed_at__isnull", True), ("is_active", False), _connector="OR"),
                name="schedule_removed_is_inactive",
            ),
        ),
        frozen("workflows_schedule", "account_id", "workspace_id", "workflow", "created_by_id", "created_at"),
        same_workspace("workflows_schedule", "account", "accounts_tiktokaccount"),
        append_only("workflows_schedulefiring"),
    ]
