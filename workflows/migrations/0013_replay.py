"""Replays name the run they replay and the steps they took over; dry runs ask nobody and send nothing."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q, Value

from tiktok_ops.migration_operations import frozen

# Whoever asks, in Python or in SQL: of a dry run there is no approval, and no effect.
NOTHING_LEAVES = migrations.RunSQL(
    """
    CREATE FUNCTION refuse_in_dry_run() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        v_run uuid;
    BEGIN
        IF TG_TABLE_NAME = 'workflows_effect' THEN
            SELECT run_id INTO v_run FROM workflows_workflowstep WHERE id = NEW.step_id;
        ELSE
            v_run := NEW.run_id;
        END IF;
        IF EXISTS (SELECT FROM workflows_workflowrun WHERE id = v_run AND is_dry_run) THEN
            RAISE EXCEPTION 'run % is a dry run: it asks nobody and sends nothing', v_run
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER no_effect_of_dry_run BEFORE INSERT ON workflows_effect
        FOR EACH ROW EXECUTE FUNCTION refuse_in_dry_run();
    CREATE TRIGGER no_approval_of_dry_run BEFORE INSERT ON approvals_approvalrequest
        FOR EACH ROW EXECUTE FUNCTION refuse_in_dry_run();
    """,
    """
    DROP TRIGGER no_effect_of_dry_run ON workflows_effect;
    DROP TRIGGER no_approval_of_dry_run ON approvals_approvalrequest;
    DROP FUNCTION refuse_in_dry_run();
    """,
)


class Migration(migrations.Migration):
    """What a replay takes over, what it changes, and that a dry run stays one."""

    dependencies = [
        ("approvals", "0003_decisions_effects_point_at"),
        ("workflows", "0012_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="is_dry_run",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="replay_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replays",
                to="workflows.workflowrun",
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="overrides",
            field=models.JSONField(db_default=Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="workflowstep",
            name="taken_from",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="taken_by",
                to="workflows.workflowstep",
            ),
        ),
        migrations.AddField(
            model_name="workflowstep",
            name="taken_sha256",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddConstraint(
            model_name="workflowrun",
            constraint=models.CheckConstraint(
                condition=Q(("replay_of__isnull", True)) | ~Q(("replay_of", F("id"))),
                name="run_replays_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="workflowstep",
            constraint=models.CheckConstraint(
                condition=Q(("taken_from__isnull", True), ("taken_sha256", ""))
                | Q(
                    ("claims", 0),
                    ("status__in", ["succeeded", "skipped"]),
                    ("taken_from__isnull", False),
                    ("taken_sha256__regex", "^[0-9a-f]{64}$"),
                ),
                name="step_taken_over_is_over",
            ),
        ),
        frozen("workflows_workflowrun", "is_dry_run", "replay_of_id", "overrides"),
        NOTHING_LEAVES,
    ]
