"""Batches: one workflow on many items, a run each."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tiktok_ops.ids
from tiktok_ops.migration_operations import frozen, same_workspace, workspace_key


def _key(to: str, related_name: str, *, null: bool = True) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to
    )


class Migration(migrations.Migration):
    """The table of batches, whose runs are of the same workspace."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("workflows", "0013_replay"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tiktok_ops.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("workflow", models.SlugField(max_length=80)),
                (
                    "mode",
                    models.CharField(choices=[("sandbox", "Sandbox"), ("live", "Live")], max_length=16),
                ),
                ("is_dry_run", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("api_key", _key("accounts.apikey", "+")),
                ("brand", _key("accounts.brand", "batches")),
                ("requested_by", _key(settings.AUTH_USER_MODEL, "+")),
                ("workspace", _key("accounts.workspace", "batches", null=False)),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="batch_has_name"
                    )
                ],
            },
        ),
        migrations.AddField(model_name="workflowrun", name="batch", field=_key("workflows.batch", "runs")),
        frozen(
            "workflows_batch",
            *(
                "workspace_id",
                "workflow",
                "mode",
                "is_dry_run",
                "requested_by_id",
                "api_key_id",
                "created_at",
            ),
        ),
        workspace_key("workflows_batch"),
        same_workspace("workflows_batch", "brand", "accounts_brand"),
        same_workspace("workflows_workflowrun", "batch", "workflows_batch"),
    ]
