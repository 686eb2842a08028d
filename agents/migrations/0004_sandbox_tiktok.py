"""The sandbox TikTok: its creators and posts, and a ledger of what it received that only grows."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import agents.sandbox_models
import tiktok_ops.ids
from tiktok_ops.migration_operations import append_only


class Migration(migrations.Migration):
    """Three tables no row of ours points at."""

    dependencies = [
        ("agents", "0003_public_prices"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxCreator",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("username", models.CharField(max_length=24, unique=True)),
                ("display_name", models.CharField(blank=True, max_length=60)),
                ("bio_description", models.CharField(blank=True, max_length=200)),
                ("follower_count", models.PositiveBigIntegerField(default=0)),
                ("following_count", models.PositiveBigIntegerField(default=0)),
                ("likes_count", models.PositiveBigIntegerField(default=0)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=agents.sandbox_models.all_scopes,
                        size=None,
                    ),
                ),
                (
                    "privacy_level_options",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=agents.sandbox_models.public_account_options,
                        size=None,
                    ),
                ),
                ("comment_disabled", models.BooleanField(default=False)),
                ("duet_disabled", models.BooleanField(default=False)),
                ("stitch_disabled", models.BooleanField(default=False)),
                ("max_duration_seconds", models.PositiveIntegerField(default=600)),
                ("posting_refusal", models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="SandboxRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("method", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=200)),
                ("operation", models.CharField(blank=True, max_length=20)),
                ("username", models.CharField(blank=True, max_length=24)),
                ("token_digest", models.CharField(blank=True, max_length=64)),
                ("publish_id", models.CharField(blank=True, max_length=64)),
                ("bytes_received", models.PositiveBigIntegerField(default=0)),
                ("status", models.PositiveIntegerField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=80)),
                ("fault", models.CharField(blank=True, max_length=20)),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(fields=["token_digest", "operation", "at"], name="sandbox_request_rate")
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxPost",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("publish_id", models.CharField(max_length=64, unique=True)),
                ("upload_id", models.CharField(max_length=32, unique=True)),
                ("upload_token_digest", models.CharField(max_length=64)),
                ("post_info", models.JSONField()),
                ("video_size", models.PositiveBigIntegerField()),
                ("chunk_size", models.PositiveBigIntegerField()),
                ("total_chunk_count", models.PositiveIntegerField()),
                ("uploaded_bytes", models.PositiveBigIntegerField(default=0)),
                (
                    "chunk_digests",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("upload_expires_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("public_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("post_id", models.PositiveBigIntegerField(null=True, unique=True)),
                ("fail_reason", models.CharField(blank=True, max_length=80)),
                (
                    "creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="agents.sandboxcreator",
                    ),
                ),
            ],
            options={
                "ordering": ["begun_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", True), ("uploaded_bytes__lt", models.F("video_size"))
                            ),
                            models.Q(
                                ("completed_at__isnull", False), ("uploaded_bytes", models.F("video_size"))
                            ),
                            _connector="OR",
                        ),
                        name="sandbox_post_complete_has_all_bytes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", True),
                                ("post_id__isnull", True),
                                ("public_at__isnull", True),
                                ("published_at__isnull", True),
                            ),
                            models.Q(
                                ("completed_at__isnull", False),
                                ("post_id__isnull", False),
                                ("published_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="sandbox_post_exists_when_complete",
                    ),
                ],
            },
        ),
        append_only("agents_sandboxrequest"),
    ]
