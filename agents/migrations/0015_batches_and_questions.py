"""Questions that wait in a batch; the sandbox Claude's batches, and all it was asked, which only grows."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import agents.sandbox_models
import tiktok_ops.ids
from agents.transitions import BATCHED
from tiktok_ops.migration_operations import append_only
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """Three tables: the journal, and two of a world outside."""

    dependencies = [
        ("agents", "0014_guardrails"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "batch_id",
                    models.CharField(default=agents.sandbox_models.new_batch_id, max_length=64, unique=True),
                ),
                ("requests", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("fate", models.CharField(blank=True, max_length=20)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("done_at__gte", models.F("created_at"))),
                        name="sandbox_batch_done_after_it_began",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxQuestion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("operation", models.CharField(max_length=20)),
                ("request_id", models.CharField(max_length=120)),
                ("model", models.CharField(max_length=80)),
                ("batch_id", models.CharField(blank=True, max_length=64)),
                ("custom_id", models.CharField(blank=True, max_length=64)),
                ("status", models.PositiveIntegerField(null=True)),
                ("fault", models.CharField(blank=True, max_length=20)),
                ("cache_ttl", models.CharField(blank=True, max_length=4)),
                ("system", models.TextField(blank=True)),
                ("system_sha256", models.CharField(max_length=64)),
                ("user", models.TextField(blank=True)),
                ("user_sha256", models.CharField(max_length=64)),
                ("input_tokens", models.PositiveBigIntegerField(default=0)),
                ("output_tokens", models.PositiveBigIntegerField(default=0)),
                ("cache_read_tokens", models.PositiveBigIntegerField(default=0)),
                ("cache_write_5m_tokens", models.PositiveBigIntegerField(default=0)),
                ("cache_write_1h_tokens", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(fields=["system_sha256", "at"], name="sandbox_question_cache"),
                    models.Index(fields=["batch_id", "custom_id"], name="sandbox_question_batch"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchedQuestion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step_id", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                ("custom_id", models.CharField(max_length=64, unique=True)),
                ("status", models.CharField(default="prepared", max_length=16)),
                ("request", models.JSONField()),
                ("response", models.TextField(blank=True)),
                ("batch_id", models.CharField(blank=True, max_length=100)),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("tried_at", models.DateTimeField(null=True)),
                ("look_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "agent_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batched",
                        to="agents.agentrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("status__in", ("prepared", "submitting", "submitted", "cancelling"))
                        ),
                        fields=["look_at"],
                        name="batched_unsettled",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("step_id", "number"), name="batched_question_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("prepared", "submitting", "submitted"))),
                        fields=("step_id",),
                        name="batched_one_open_for_a_step",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("batch_id", ""), _negated=True),
                        fields=("batch_id",),
                        name="batched_batch_is_for_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "prepared",
                                    "submitting",
                                    "submitted",
                                    "cancelling",
                                    "answered",
                                    "failed",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="batched_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["submitted", "cancelling", "answered"]), _negated=True),
                            models.Q(("batch_id", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="batched_knows_its_batch",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "answered"), _negated=True),
                            models.Q(("response", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="batched_answer_is_kept",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "submitting"), _negated=True),
                            ("tried_at__isnull", False),
                            _connector="OR",
                        ),
                        name="batched_try_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False),
                                ("status__in", ["answered", "cancelled", "failed"]),
                            ),
                            models.Q(
                                models.Q(("status__in", ["answered", "cancelled", "failed"]), _negated=True),
                                ("finished_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="batched_finished_when_over",
                    ),
                ],
            },
        ),
        install(BATCHED),
        append_only("agents_sandboxquestion"),
    ]
