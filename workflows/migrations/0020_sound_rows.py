"""One function instead of many CHECKs for the tables every step writes, and triggers without a condition to read."""

from django.db import migrations, models

from agents.transitions import AGENT_RUN, BREAKER
from approvals.transitions import REQUEST
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.migration_operations import install_sql
from tiktok_ops.soundness import Sound
from tiktok_ops.transitions import install
from workflows.sql import FILES
from workflows.transitions import EFFECT, PULL_ADDRESS, RUN, STEP, WEBHOOK

MACHINES = (AGENT_RUN, BREAKER, REQUEST, ALERT, IMPORT, EFFECT, PULL_ADDRESS, RUN, STEP, WEBHOOK)
RULES = {
    "workflowrun": ("run_status_known", "run_finished_when_over", "run_replays_another"),
    "workflowstep": (
        "step_status_known",
        "step_lease_while_running",
        "step_success_has_output",
        "step_failure_has_reason",
        "step_wakes_from_waiting",
        "step_cluster_known",
        "step_taken_over_is_over",
    ),
}
COUNTS = ("item", "round", "open_dependencies", "broken_dependencies", "claims", "tries")


class Migration(migrations.Migration):
    """Counts are plain integers, for the function refuses what is below zero."""

    dependencies = [
        ("accounts", "0004_keys_for_people"),
        ("agents", "0016_haiku_prices"),
        ("alerts", "0001_initial"),
        ("approvals", "0004_bulk"),
        ("content", "0003_import_rung_at"),
        ("workflows", "0019_cheaper_writes"),
    ]

    operations = [
        *(install(machine) for machine in MACHINES),
        install_sql(*FILES),
        *(
            migrations.RemoveConstraint(model_name=model, name=name)
            for model, names in RULES.items()
            for name in names
        ),
        *(migrations.AlterField("workflowstep", name, models.IntegerField(default=0)) for name in COUNTS),
        migrations.AlterField("workflowstep", "position", models.IntegerField()),
        migrations.AddConstraint(
            "workflowrun",
            models.CheckConstraint(
                condition=Sound("id", "status", "finished_at", "replay_of", function="workflow_run_is_sound"),
                name="run_is_sound",
            ),
        ),
        migrations.AddConstraint(
            "workflowstep",
            models.CheckConstraint(
                condition=Sound(
                    *("status", "cluster", "output", "error", "lease_until", "wake_at"),
                    *("taken_from", "taken_sha256", "item", "round", "position"),
                    *("open_dependencies", "broken_dependencies", "claims", "tries"),
                    function="workflow_step_is_sound",
                ),
                name="step_is_sound",
            ),
        ),
    ]
