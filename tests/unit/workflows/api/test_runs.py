"""`/api/v1/runs/`: what it says of a run and of its steps."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from agents.models import AgentStep
from tests.factories.accounts import AccountFactory, UserFactory
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.workflows.api.runs import AS_OF, add_step, make_run
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun, WorkflowStep

pytestmark = pytest.mark.django_db

STARTED = datetime(2025, 7, 1, 8, 0, tzinfo=UTC)
FINISHED = datetime(2025, 7, 1, 8, 1, 30, tzinfo=UTC)
USED_TOKENS = {
    "input_tokens": 100,
    "output_tokens": 10,
    "cache_read_tokens": 0,
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 0,
}


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in the sandbox."""
    return AccountFactory.create(handle="blick")


def get(run: WorkflowRun) -> dict[str, Any]:
    """Return the run as the API tells it to a key of its workspace."""
    key = make_key(run.workspace, is_sandbox_only=False)
    answer = using(key).get(f"/api/v1/runs/{run.id}/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def usd(amount: str) -> dict[str, str]:
    """Return an amount as the API writes it."""
    return {"amount": amount, "currency": "USD"}


def test_get_a_run_tells_all_of_it(account: TikTokAccount) -> None:
    run = make_run(
        account,
        status="succeeded",
        input={"brief": "short"},
        warnings=["No brand."],
        requested_by=UserFactory.create(username="ana"),
        started_at=STARTED,
        finished_at=FINISHED,
    )
    run.refresh_from_db()
    body = get(run)
    assert body.pop("steps") == []
    assert body.pop("spend")["calls"] == 0
    assert body == {
        "id": str(run.id),
        "sandbox": True,
        "workspace_id": str(run.workspace_id),
        "account": {"id": str(account.id), "sandbox": True, "handle": "blick"},
        "workflow": "profile_audit",
        "workflow_version": 3,
        "status": "succeeded",
        "dry_run": False,
        "replay_of_id": None,
        "batch_id": None,
        "overrides": {},
        "input": {"brief": "short"},
        "as_of": "2025-06-30T12:00:00Z",
        "warnings": ["No brand."],
        "waiting_on": None,
        "estimate": None,
        "last_event": 0,
        "requested_by": "user:ana",
        "created_at": f"{run.created_at.replace(tzinfo=None).isoformat()}Z",
        "started_at": "2025-07-01T08:00:00Z",
        "finished_at": "2025-07-01T08:01:30Z",
    }
    assert run.as_of == AS_OF


def test_list_runs_tells_the_same_without_steps_and_spend(account: TikTokAccount) -> None:
    run = make_run(account, steps=2)
    [listed] = using(make_key(account.workspace)).get("/api/v1/runs/").json()["results"]
    alone = get(run)
    assert set(alone) - set(listed) == {"steps", "spend", "estimate", "waiting_on", "last_event"}
    assert listed == {key: alone[key] for key in listed}


def test_get_a_run_names_who_asked_for_it(account: TikTokAccount) -> None:
    issued = make_key(account.workspace)
    assert get(make_run(account))["requested_by"] is None
    by_key = get(make_run(account, api_key=issued.key))
    assert by_key["requested_by"] == f"api_key:{issued.key.prefix}"
    both = get(make_run(account, api_key=issued.key, requested_by=UserFactory.create()))
    assert both["requested_by"] == f"api_key:{issued.key.prefix}"


def test_get_a_run_has_its_steps_in_their_order(account: TikTokAccount) -> None:
    run = make_run(account)
    for position in (2, 0, 1):
        add_step(run, position=position)
    make_run(account, steps=1)
    assert [step["key"] for step in get(run)["steps"]] == ["step-0", "step-1", "step-2"]


def test_get_a_run_tells_all_of_a_step(account: TikTokAccount) -> None:
    run = make_run(account, status="running")
    step = add_step(run, position=0, cost_usd=Decimal("0.000125"))
    WorkflowStep.objects.filter(id=step.id).update(
        started_at=STARTED, finished_at=FINISHED, not_before=STARTED, claims=2
    )
    [told] = get(run)["steps"]
    assert told == {
        "id": str(step.id),
        "sandbox": True,
        "key": "step-0",
        "item": 0,
        "round": 0,
        "position": 0,
        "kind": "agent",
        "status": "succeeded",
        "claims": 2,
        "tries": 1,
        "output": {"score": 7},
        "error": "",
        "waiting_on": None,
        "agent_run_id": str(step.agent_run_id),
        "taken_from_id": None,
        "taken_sha256": "",
        "cost": usd("0.000000"),
        "simulated_cost": usd("0.000125"),
        "not_before": "2025-07-01T08:00:00Z",
        "started_at": "2025-07-01T08:00:00Z",
        "finished_at": "2025-07-01T08:01:30Z",
    }


def test_get_a_run_keeps_real_and_simulated_money_apart(account: TikTokAccount) -> None:
    run = make_run(account)
    add_step(run, position=0, cost_usd=Decimal("0.5"), is_simulated=False)
    add_step(run, position=1, cost_usd=Decimal("0.25"))
    body = get(run)
    assert [(step["cost"], step["simulated_cost"]) for step in body["steps"]] == [
        (usd("0.500000"), usd("0.000000")),
        (usd("0.000000"), usd("0.250000")),
    ]
    assert body["spend"] == {
        "calls": 2,
        "tokens": {name: 2 * number for name, number in USED_TOKENS.items()},
        "cost": usd("0.500000"),
        "simulated_cost": usd("0.250000"),
    }


def test_get_a_run_counts_the_calls_of_a_claim_that_was_lost(account: TikTokAccount) -> None:
    run = make_run(account)
    lost = add_step(run, position=0)
    add_step(run, position=1)
    WorkflowStep.objects.filter(id=lost.id).delete()
    body = get(run)
    assert AgentStep.objects.count() == 2
    assert len(body["steps"]) == 1
    assert body["spend"]["simulated_cost"] == usd("0.500000")


def test_get_a_run_with_a_step_that_asked_no_agent_costs_nothing(account: TikTokAccount) -> None:
    run = make_run(account)
    WorkflowStep.objects.create(run=run, key="report", position=0, kind="report")
    [step] = get(run)["steps"]
    assert (step["agent_run_id"], step["output"], step["status"]) == (None, None, "pending")
    assert (step["cost"], step["simulated_cost"]) == (usd("0.000000"), usd("0.000000"))
    assert get(run)["spend"] == {
        "calls": 0,
        "tokens": dict.fromkeys(USED_TOKENS, 0),
        "cost": usd("0.000000"),
        "simulated_cost": usd("0.000000"),
    }


def test_get_a_run_shows_the_sentence_of_a_failure_and_never_the_traceback(account: TikTokAccount) -> None:
    run = make_run(account)
    WorkflowStep.objects.create(
        run=run,
        key="audit",
        position=0,
        kind="agent",
        status="failed",
        error="The account has no posts.",
        traceback="Traceback: /srv/secret/path.py",
    )
    body = get(run)
    assert body["steps"][0]["error"] == "The account has no posts."
    assert "Traceback" not in str(body)
    assert "/srv/secret" not in str(body)


def test_get_a_live_run_says_so_of_the_run_and_its_steps_whatever_the_account_became(
    account: TikTokAccount,
) -> None:
    run = make_run(account, steps=1, mode="live")
    body = get(run)
    assert (body["sandbox"], body["steps"][0]["sandbox"], body["account"]["sandbox"]) == (False, False, True)


def test_get_a_run_under_way_says_why_it_and_each_step_wait(account: TikTokAccount) -> None:
    run = make_run(account, status="running")
    step = WorkflowStep.objects.create(run=run, key="ask", position=0, kind="agent", status="ready")
    after = WorkflowStep.objects.create(run=run, key="after", position=1, kind="agent", open_dependencies=1)
    body = get(run)
    since = f"{step.not_before:%H:%M:%S} UTC"
    assert body["waiting_on"] == f"'ask' waits for a worker since {since}; then it begins."
    sentences = [
        f"It waits for a worker since {since}; then it begins.",
        f"It waits for the steps before it since {after.not_before:%H:%M:%S} UTC; then it begins.",
    ]
    assert [one["waiting_on"] for one in body["steps"]] == sentences
    steps = using(make_key(account.workspace)).get(f"/api/v1/runs/{run.id}/steps/").json()["results"]
    assert [one["waiting_on"] for one in steps] == sentences


@pytest.mark.parametrize("kind", ["effect.sent", "run.expanded", "step.running"])
def test_poll_a_run_with_its_etag_is_304_until_anything_happens(account: TikTokAccount, kind: str) -> None:
    run, client = make_run(account, status="running"), using(make_key(account.workspace))
    address = f"/api/v1/runs/{run.id}/"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"if-none-match": etag}).status_code == 304
    with connection.cursor() as cursor:
        cursor.execute("SELECT workflow_event(%s, %s, '{}')", [run.id, kind])
    answer = client.get(address, headers={"if-none-match": etag})
    assert (answer.status_code, answer.json()["last_event"]) == (200, 1)
    assert answer.headers["ETag"] != etag
