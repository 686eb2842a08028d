"""What providers tell us, and what the database keeps of it; effects by the reference a provider knows them by."""

import django.db.models.functions.datetime
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import frozen
from tiktok_ops.transitions import install
from workflows.transitions import WEBHOOK

BODY_IS_WHOLE = migrations.RunSQL(
    """
    ALTER TABLE workflows_webhookmessage
        ADD CONSTRAINT webhook_digest_is_of_the_body CHECK (body_sha256 = encode(sha256(body), 'hex')),
        ADD CONSTRAINT webhook_body_is_bounded CHECK (octet_length(body) <= 65536);
    """,
    """
    ALTER TABLE workflows_webhookmessage
        DROP CONSTRAINT webhook_digest_is_of_the_body, DROP CONSTRAINT webhook_body_is_bounded;
    """,
)


class Migration(migrations.Migration):
    """Two tables; what arrived stays as it arrived, and the digest is that of the body."""

    dependencies = [
        ("workflows", "0011_one_trip_a_step"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("body", models.BinaryField()),
                ("body_sha256", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                ("is_late", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("processed", "Processed"),
                            ("ignored", "Nothing to do"),
                            ("not_understood", "Not understood"),
                            ("failed", "Failed"),
                        ],
                        default="received",
                        max_length=16,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("rung_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "webhook",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="WebhookRefusal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField(default=1)),
                ("last_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name": "refused webhook",
                "ordering": ["-day", "source"],
            },
        ),
        migrations.AddIndex(
            model_name="effect",
            index=models.Index(
                condition=models.Q(("provider_ref", ""), _negated=True),
                fields=["provider_ref"],
                name="effect_by_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookmessage",
            index=models.Index(
                condition=models.Q(("status", "received")), fields=["not_before"], name="webhook_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.UniqueConstraint(fields=("source", "body_sha256"), name="webhook_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["received", "processed", "ignored", "not_understood", "failed"])
                ),
                name="webhook_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("status", "received")),
                    models.Q(models.Q(("status", "received"), _negated=True), ("finished_at__isnull", False)),
                    _connector="OR",
                ),
                name="webhook_finished_when_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "received"), models.Q(("note", ""), _negated=True), _connector="OR"
                ),
                name="webhook_end_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookrefusal",
            constraint=models.UniqueConstraint(fields=("source", "day"), name="webhook_refusal_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="webhookrefusal",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gt", 0)), name="webhook_refusal_counts"
            ),
        ),
        BODY_IS_WHOLE,
        frozen(
            "workflows_webhookmessage", "source", "body", "body_sha256", "signed_at", "is_late", "received_at"
        ),
        install(WEBHOOK),
    ]
