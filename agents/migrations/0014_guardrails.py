"""Guardrails: policies and findings, both of which only grow."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import append_only


class Migration(migrations.Migration):
    """Two append-only tables."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0013_memory_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GuardrailFinding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run_id", models.UUIDField(db_index=True, null=True)),
                ("step_id", models.UUIDField(null=True)),
                ("request_id", models.UUIDField(db_index=True, null=True)),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("model_input", "What the model was to read"),
                            ("model_output", "What the model wrote"),
                            ("asked", "What a person was asked"),
                            ("human_edit", "What a person decided on"),
                            ("final_bytes", "What was about to leave"),
                        ],
                        max_length=16,
                    ),
                ),
                ("detector", models.CharField(max_length=80)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("personal", "personal"),
                            ("secret", "secret"),
                            ("injection", "injection"),
                            ("hidden", "hidden"),
                            ("link", "link"),
                            ("brand", "brand"),
                            ("tiktok", "tiktok"),
                            ("custom", "custom"),
                            ("fault", "fault"),
                        ],
                        max_length=16,
                    ),
                ),
                ("kind", models.CharField(blank=True, max_length=80)),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("info", "info"),
                            ("low", "low"),
                            ("medium", "medium"),
                            ("high", "high"),
                            ("critical", "critical"),
                        ],
                        max_length=16,
                    ),
                ),
                ("score", models.FloatField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("allow", "allow"),
                            ("flag", "flag"),
                            ("redact", "redact"),
                            ("hold", "hold"),
                            ("block", "block"),
                        ],
                        max_length=16,
                    ),
                ),
                ("policy_version", models.PositiveIntegerField()),
                ("field", models.CharField(blank=True, max_length=200)),
                ("offset", models.PositiveIntegerField()),
                ("length", models.PositiveIntegerField()),
                ("text_digest", models.CharField(blank=True, max_length=64)),
                ("found_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardrail_findings",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "agent_run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardrail_findings",
                        to="agents.agentrun",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardrail_findings",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name": "guardrail finding",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "place__in",
                                ["model_input", "model_output", "asked", "human_edit", "final_bytes"],
                            )
                        ),
                        name="guardrail_finding_place_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["flag", "redact", "hold", "block"])),
                        name="guardrail_finding_verdict_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "low", "medium", "high", "critical"])),
                        name="guardrail_finding_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("score__gte", 0), ("score__lte", 1)),
                        name="guardrail_finding_score_is_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", "fault"), _negated=True),
                            models.Q(("length", 0), ("verdict", "hold")),
                            _connector="OR",
                        ),
                        name="guardrail_fault_holds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GuardrailPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "preset",
                    models.CharField(
                        choices=[
                            ("starter", "Starter"),
                            ("standard", "Standard"),
                            ("regulated", "Regulated"),
                            ("custom", "Of its own"),
                        ],
                        max_length=16,
                    ),
                ),
                ("rules", models.JSONField()),
                ("patterns", models.JSONField(default=list)),
                ("allowed_domains", models.JSONField(default=list)),
                ("competitors", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardrail_policies",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name": "guardrail policy",
                "verbose_name_plural": "guardrail policies",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "version"), name="guardrail_policy_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="guardrail_policy_version_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("preset__in", ["starter", "standard", "regulated", "custom"])),
                        name="guardrail_policy_preset_known",
                    ),
                ],
            },
        ),
        append_only("agents_guardrailpolicy"),
        append_only("agents_guardrailfinding"),
    ]
