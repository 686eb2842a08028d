import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from agents.models import AgentRun, AgentStep
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory
from tiktok_ops.content.models import Artifact
from workflows.models import WorkflowRun
from workflows.overview import overview_of

pytestmark = pytest.mark.django_db

NOTHING = {"error": None, "waiting_on": None, "taken_sha256": None}


def spend(run: WorkflowRun, cost_usd: str, *, simulated: bool) -> None:
    """Trace a call of the run."""
    agent_run = AgentRun.objects.create(account=run.account, agent="made", as_of=NOON, run_id=run.id)
    AgentStep.objects.create(
        agent_run=agent_run,
        kind="claude",
        name="made",
        cost_usd=cost_usd,
        is_simulated=simulated,
        output_tokens=5,
    )


def test_look_at_a_run_in_the_sandbox_tells_simulated_money() -> None:
    run = WorkflowRunFactory.create()
    spend(run, "0.02", simulated=True)
    spend(run, "0.01", simulated=True)
    overview = overview_of(run)
    assert (overview.cost_usd, overview.is_simulated, overview.totals.calls) == (Decimal("0.03"), True, 2)


def test_look_at_a_run_that_spent_real_money_tells_only_that() -> None:
    run = WorkflowRunFactory.create()
    spend(run, "0.02", simulated=True)
    spend(run, "0.000001", simulated=False)
    overview = overview_of(run)
    assert (overview.cost_usd, overview.is_simulated) == (Decimal("0.000001"), False)


def test_look_at_a_run_that_is_over_tells_how_long_it_took() -> None:
    run = WorkflowRunFactory.create(status="succeeded")
    WorkflowRun.objects.filter(id=run.id).update(finished_at=run.created_at + timedelta(seconds=2.5))
    overview = overview_of(run)
    assert (overview.seconds, overview.waiting_on) == (2.5, None)


def test_look_at_a_run_that_goes_on_tells_how_long_it_has_taken() -> None:
    run = WorkflowRunFactory.create(created_at=timezone.now() - timedelta(minutes=1))
    assert 60 <= overview_of(run).seconds < 90
    later = WorkflowRunFactory.create(created_at=timezone.now() + timedelta(minutes=1))
    assert overview_of(later).seconds == 0


def test_look_at_a_run_takes_the_newest_round_of_its_report() -> None:
    run = WorkflowRunFactory.create()
    assert overview_of(run).report == ""
    step = WorkflowStepFactory.create(run=run, status="succeeded")
    for turn, text in enumerate(["first", "second"]):
        Artifact.objects.create(
            account=run.account,
            kind="report",
            run_id=run.id,
            step_id=step.id,
            round=turn,
            text=text,
            sha256="0" * 64,
        )
    assert overview_of(run).report == "second"


def test_write_a_run_as_json_says_all_the_command_line_prints() -> None:
    run = WorkflowRunFactory.create(status="running", warnings=["No posts yet."], definition__slug="made")
    WorkflowStepFactory.create(run=run, key="b", position=2, status="failed", error="No.", claims=3)
    WorkflowStepFactory.create(
        run=run, key="a", position=1, status="succeeded", output={"score": 74}, claims=1
    )
    spend(run, "0.02", simulated=True)
    told = overview_of(run).as_json()
    assert json.loads(json.dumps(told)) == told
    assert told["run"].pop("seconds") >= 0
    assert told == {
        "run": {
            "id": str(run.id),
            "workflow": "made",
            "status": "running",
            "waiting_on": f"Waiting for its steps to be counted since {run.created_at:%H:%M:%S} UTC; then it is over.",
            "cost_usd": "0.020000",
            "simulated": True,
            "tokens": {
                "input_tokens": 0,
                "output_tokens": 5,
                "cache_read_tokens": 0,
                "cache_write_5m_tokens": 0,
                "cache_write_1h_tokens": 0,
            },
            "calls": 1,
            "dry_run": False,
            "replay_of": None,
            "warnings": ["No posts yet."],
        },
        "steps": [
            {"key": "a", "status": "succeeded", "claims": 1, "output": {"score": 74}, **NOTHING},
            {"key": "b", "status": "failed", "claims": 3, "output": None, **NOTHING, "error": "No."},
        ],
        "approvals": [],
        "report": "",
    }
