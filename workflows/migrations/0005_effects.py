"""The ledger of outward acts, and the time a waiting step is taken up again."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """Effects and `wake_at`."""

    dependencies = [
        ("accounts", "0003_api_writes"),
        ("agents", "0004_sandbox_tiktok"),
        ("approvals", "0003_decisions_effects_point_at"),
        ("workflows", "0004_gates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Effect",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("idempotency_key", models.CharField(max_length=120, unique=True)),
                ("payload_sha256", models.CharField(max_length=64)),
                ("verb", models.CharField(default="approve", editable=False, max_length=16)),
                (
                    "delivery",
                    models.CharField(
                        choices=[("direct", "Posted by us"), ("by_hand", "Posted by a person")], max_length=16
                    ),
                ),
                ("mode", models.CharField(choices=[("sandbox", "Sandbox"), ("live", "Live")], max_length=16)),
                ("status", models.CharField(default="prepared", max_length=16)),
                ("status_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("claims", models.PositiveIntegerField(default=0)),
                ("looks", models.PositiveIntegerField(default=0)),
                ("creator", models.JSONField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("provider_ref", models.CharField(blank=True, max_length=64)),
                ("upload_secret", models.BinaryField(null=True)),
                ("chunk_bytes", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("post_id", models.CharField(blank=True, max_length=32)),
                ("url", models.CharField(blank=True, max_length=300)),
                (
                    "confirmed_by",
                    models.CharField(
                        blank=True, choices=[("provider", "TikTok"), ("person", "A person")], max_length=16
                    ),
                ),
                ("evidence", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="workflowstep",
            name="wake_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="workflowstep",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["wake_at"], name="step_wakes"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflowstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("wake_at__isnull", True), ("status", "waiting"), _connector="OR"),
                name="step_wakes_from_waiting",
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="effects",
                to="accounts.tiktokaccount",
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="decision",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="effect", to="approvals.decision"
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="effects",
                to="approvals.approvalrequest",
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="settled_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="step",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="effect",
                to="workflows.workflowstep",
            ),
        ),
        migrations.AddField(
            model_name="effect",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="effects", to="accounts.workspace"
            ),
        ),
        migrations.AddIndex(
            model_name="effect",
            index=models.Index(
                condition=models.Q(("status__in", ["confirmed", "failed"]), _negated=True),
                fields=["status_since"],
                name="effect_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "prepared",
                            "sending",
                            "sent",
                            "unknown",
                            "held",
                            "handed_over",
                            "confirmed",
                            "failed",
                        ],
                    )
                ),
                name="effect_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb", "approve")), name="effect_was_approved"
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivery", "direct"),
                    models.Q(("status__in", ["sending", "sent", "unknown"]), _negated=True),
                    _connector="OR",
                ),
                name="effect_by_hand_is_not_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivery", "by_hand"),
                    models.Q(("status", "handed_over"), _negated=True),
                    _connector="OR",
                ),
                name="effect_handed_over_by_hand",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    models.Q(("provider_ref", ""), _negated=True),
                    _connector="OR",
                ),
                name="effect_sent_has_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["failed", "held"]), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="effect_failure_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_by__in", ["provider", "person"]), ("status", "confirmed")),
                    models.Q(models.Q(("status", "confirmed"), _negated=True), ("confirmed_by", "")),
                    _connector="OR",
                ),
                name="effect_confirmed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_by", "provider"), _negated=True),
                    models.Q(("provider_ref", ""), _negated=True),
                    _connector="OR",
                ),
                name="effect_provider_names_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_by", "person"), _negated=True),
                    models.Q(("settled_by__isnull", False), models.Q(("url", ""), _negated=True)),
                    _connector="OR",
                ),
                name="effect_person_gives_link",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("status__in", ["confirmed", "failed"])),
                    models.Q(
                        models.Q(("status__in", ["confirmed", "failed"]), _negated=True),
                        ("finished_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="effect_finished_when_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="effect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("upload_secret__isnull", True),
                    ("status__in", ["sending", "sent", "unknown"]),
                    _connector="OR",
                ),
                name="effect_keeps_no_secret_longer",
            ),
        ),
    ]
