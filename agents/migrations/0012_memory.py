"""What is remembered."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0011_budget_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MemoryItem",
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
                        choices=[("brand", "Brand"), ("account", "Account"), ("agent", "Agent")], max_length=8
                    ),
                ),
                ("agent", models.CharField(blank=True, max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fact", "Fact"),
                            ("voice", "Voice"),
                            ("lesson", "Lesson"),
                            ("outcome", "Outcome"),
                        ],
                        max_length=8,
                    ),
                ),
                ("text", models.CharField(max_length=1000)),
                ("language", models.CharField(default="simple", max_length=20)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                ("status", models.CharField(default="proposed", max_length=10)),
                ("source_run_id", models.UUIDField(null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memory",
                        to="accounts.tiktokaccount",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memory",
                        to="accounts.brand",
                    ),
                ),
                (
                    "decided_by",
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
                        related_name="memory",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="memory_search"),
                    models.Index(
                        condition=models.Q(("status", "active")),
                        fields=["workspace", "-id"],
                        name="memory_active",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account__isnull", True),
                                ("agent", ""),
                                ("brand__isnull", False),
                                ("scope", "brand"),
                            ),
                            models.Q(("account__isnull", False), ("agent", ""), ("scope", "account")),
                            models.Q(
                                ("account__isnull", True),
                                ("brand__isnull", True),
                                ("scope", "agent"),
                                models.Q(("agent", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="memory_is_of_its_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["fact", "voice", "lesson", "outcome"])),
                        name="memory_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["proposed", "active", "revoked"])),
                        name="memory_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="memory_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "language__in",
                                [
                                    "simple",
                                    "arabic",
                                    "catalan",
                                    "danish",
                                    "dutch",
                                    "english",
                                    "finnish",
                                    "french",
                                    "german",
                                    "greek",
                                    "hungarian",
                                    "indonesian",
                                    "italian",
                                    "norwegian",
                                    "portuguese",
                                    "romanian",
                                    "russian",
                                    "spanish",
                                    "swedish",
                                    "turkish",
                                ],
                            )
                        ),
                        name="memory_language_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("status", "proposed"),
                            ),
                            models.Q(
                                models.Q(("status", "proposed"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="memory_is_decided_by_a_person",
                    ),
                    models.UniqueConstraint(
                        models.F("workspace"),
                        models.F("scope"),
                        models.F("brand"),
                        models.F("account"),
                        models.F("agent"),
                        models.F("kind"),
                        django.db.models.functions.text.MD5("text"),
                        condition=models.Q(("status", "revoked"), _negated=True),
                        name="memory_said_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
    ]
