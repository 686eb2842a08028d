"""A step whose end leads to one other at most is recorded by one statement, which is its whole transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import AgentRun
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory, add_steps, doorbells, expire_lease, statuses
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import LeaseLost, Succeeded
from workflows.protocol import claim, finish

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]


def answered() -> Succeeded:
    """Return the outcome of a step whose agent took no call: its rows are still to be written."""
    account = AccountFactory.create()
    run = AgentRun(
        account=account, agent="made", as_of=NOON, status="succeeded", output={"n": 1}, started_at=NOON
    )
    return Succeeded(output={"n": 1}, agent_run_id=run.id, rows=(run,))


@contextmanager
def transactions() -> Iterator[list[str]]:
    """Yield a list that has the statements about transactions once the block is left."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield found
    found += [query["sql"] for query in asked if query["sql"] in {"BEGIN", "COMMIT", "ROLLBACK"}]


def chain() -> tuple[WorkflowRun, dict[str, WorkflowStep]]:
    """Return a run of two steps, one after the other."""
    run = WorkflowRunFactory.create()
    return run, add_steps(run, {"a": [], "b": ["a"]})


def test_finish_that_leads_to_one_step_is_one_transaction_with_what_its_agent_did() -> None:
    run, steps = chain()
    taken = claim(run.id)
    assert taken is not None
    outcome = answered()
    with transactions() as said:
        finished = finish(taken, outcome, go_on=True, leads_on=False)
    assert said == []
    assert finished.next_claim is not None
    assert finished.next_claim.step_id == steps["b"].id
    assert finished.next_claim.work is not None
    assert finished.next_claim.work["before"] == [["a", 0, "succeeded", {"n": 1}]]
    assert statuses(run) == {"a": "succeeded", "b": "running"}
    assert AgentRun.objects.get().id == outcome.agent_run_id
    assert doorbells() == []


def test_finish_whose_lease_is_lost_leaves_nothing_of_what_its_agent_did() -> None:
    run, steps = chain()
    taken = claim(run.id)
    assert taken is not None
    expire_lease(steps["a"])
    assert claim(run.id) is not None
    with pytest.raises(LeaseLost):
        finish(taken, answered(), go_on=True, leads_on=False)
    assert not AgentRun.objects.exists()
    assert statuses(run) == {"a": "running", "b": "pending"}


def test_finish_that_leads_to_more_than_was_said_rings_for_it_all_the_same() -> None:
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, answered(), go_on=True, leads_on=False).due == 1
    assert len(doorbells()) == 1


def test_finish_that_leads_on_is_one_transaction_with_its_doorbells() -> None:
    run, _ = chain()
    taken = claim(run.id)
    assert taken is not None
    with transactions() as said:
        finish(taken, answered(), go_on=False)
    assert said == ["BEGIN", "COMMIT"]
    assert AgentRun.objects.exists()
    assert len(doorbells()) == 1
