"""Connections to TikTok, and what the sandbox TikTok knows of apps: grants, tokens and what it has to tell."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids
from agents.transitions import CONNECTION
from tiktok_ops.transitions import install


class Migration(migrations.Migration):
    """Four tables; a connection's status moves as its machine says."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0007_sandbox_records"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxGrant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("client_key", models.CharField(max_length=80)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, size=None
                    ),
                ),
                ("redirect_uri", models.CharField(max_length=512)),
                ("code_digest", models.CharField(max_length=64, unique=True)),
                ("code_challenge", models.CharField(blank=True, max_length=128)),
                ("code_expires_at", models.DateTimeField()),
                ("code_used_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="agents.sandboxcreator",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="SandboxNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event", models.CharField(max_length=80)),
                ("content", models.JSONField()),
                ("at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("taken_at", models.DateTimeField(null=True)),
                (
                    "creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="agents.sandboxcreator",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("taken_at", None)), fields=["next_at"], name="sandbox_notice_due"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("access_digest", models.CharField(max_length=64, unique=True)),
                ("refresh_digest", models.CharField(max_length=64, unique=True)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("refresh_expires_at", models.DateTimeField()),
                ("rotated_at", models.DateTimeField(null=True)),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="agents.sandboxgrant",
                    ),
                ),
            ],
            options={
                "ordering": ["issued_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__gt", models.F("issued_at")),
                            ("refresh_expires_at__gt", models.F("expires_at")),
                        ),
                        name="sandbox_token_lasts",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TikTokConnection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("sandbox", "Sandbox"), ("live", "Live")], max_length=16)),
                ("status", models.CharField(default="connected", max_length=16)),
                ("status_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("open_id", models.CharField(max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("secret_version", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
                ("renew_at", models.DateTimeField()),
                ("refresh_expires_at", models.DateTimeField()),
                ("renewing_until", models.DateTimeField(null=True)),
                ("why", models.TextField(blank=True)),
                ("connected_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="connections",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "connected_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["open_id"], name="connection_by_open_id")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "mode"), name="connection_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["connected", "reconnect", "disconnected"])),
                        name="connection_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["sandbox", "live"])), name="connection_mode_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("open_id", ""), _negated=True), ("secret_version__gte", 1)
                        ),
                        name="connection_is_of_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("renew_at__lte", models.F("expires_at"))),
                        name="connection_renews_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("status", "connected"), _negated=True),
                                models.Q(("why", ""), _negated=True),
                            ),
                            models.Q(("status", "connected"), ("why", "")),
                            _connector="OR",
                        ),
                        name="connection_end_has_reason",
                    ),
                ],
            },
        ),
        install(CONNECTION),
    ]
