"""Many connections at once: nothing is taken twice, nothing is counted twice, nothing is rung for in vain."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections, transaction
from django_q.models import OrmQ

from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import (
    WorkflowDefinitionFactory,
    WorkflowRunFactory,
    add_steps,
    agent_node,
    claim_of,
    expire_lease,
    report_node,
    run_of,
    statuses,
    workflow_of,
)
from workflows.catalogue import store_definition
from workflows.engine import advance_run
from workflows.keeper import park_exhausted, ring_due
from workflows.models import RunEvent, WorkflowDefinition, WorkflowRun, WorkflowStep
from workflows.outcomes import Claim, Failed, LeaseLost, Outcome, Succeeded
from workflows.protocol import MAX_CLAIMS, claim, finish

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

THREADS = 8
DONE = Succeeded(output={})
Result = TypeVar("Result")


def at_once(*acts: Callable[[], Result]) -> list[Result]:
    """Do all this at the same moment, each in a thread with a connection of its own; return what each returned."""
    start = threading.Barrier(len(acts))

    def act_alone(act: Callable[[], Result]) -> Result:
        try:
            connection.ensure_connection()
            start.wait(30)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(act_alone, act) for act in acts]]


def tried(claimed: Claim, outcome: Outcome) -> str:
    """Finish, and return "finished" or that the lease was lost."""
    try:
        finish(claimed, outcome, go_on=False)
    except LeaseLost:
        return "lease lost"
    return "finished"


def runs_of(number: int, graph: dict[str, list[str]]) -> list[WorkflowRun]:
    """Return so many runs of the same graph on one account."""
    account, definition = AccountFactory.create(), WorkflowDefinitionFactory.create()
    runs = [WorkflowRunFactory.create(account=account, definition=definition) for _ in range(number)]
    for run in runs:
        add_steps(run, graph)
    return runs


def check_events(runs: list[WorkflowRun]) -> None:
    """Assert that each run's events are numbered from 1 without a gap, in the order of time."""
    for run in runs:
        told = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", "at"))
        assert [seq for seq, _ in told] == list(range(1, len(told) + 1))
        assert [at for _, at in told] == sorted(at for _, at in told)


def test_claim_the_same_50_runs_from_8_threads_takes_every_step_once() -> None:
    runs = runs_of(50, {"a": [], "b": [], "c": []})
    ids = [run.id for run in runs]

    def claim_all() -> list[Claim]:
        rounds = [claim(run_id) for _ in range(3) for run_id in ids]
        return [taken for taken in rounds if taken]

    claims = [taken for found in at_once(*[claim_all] * THREADS) for taken in found]
    assert Counter(taken.step_id for taken in claims) == Counter(
        WorkflowStep.objects.values_list("id", flat=True)
    )
    assert {taken.number for taken in claims} == {1}
    assert set(WorkflowStep.objects.values_list("status", "claims")) == {("running", 1)}
    assert not WorkflowRun.objects.exclude(status="running").exists()
    assert RunEvent.objects.filter(kind="run.running").count() == 50
    check_events(runs)


def test_claim_expired_steps_from_8_threads_hands_each_to_one() -> None:
    [run] = runs_of(1, {"a": [], "b": []})
    steps = list(run.steps.all())
    assert all(claim(run.id) for _ in steps)
    for step in steps:
        expire_lease(step)
    taken = [found for found in at_once(*[lambda: claim(run.id)] * THREADS) if found]
    assert sorted((one.step_id, one.number) for one in taken) == sorted((step.id, 2) for step in steps)


@pytest.mark.parametrize("attempt", range(10))
def test_finish_two_branches_at_the_same_moment_opens_the_join_once(attempt: int) -> None:
    [run] = runs_of(1, {"a": [], "b": [], "join": ["a", "b"]})
    first, second = claim(run.id), claim(run.id)
    assert first is not None
    assert second is not None
    finished = at_once(lambda: finish(first, DONE, go_on=True), lambda: finish(second, DONE, go_on=True))
    join = run.steps.get(key="join")
    assert [one.next_claim for one in finished if one.next_claim] == [Claim(join.id, 1)]
    assert [one.due for one in finished] == [0, 0]
    assert RunEvent.objects.filter(run=run, kind="step.ready").count() == 1
    check_events([run])


def test_finish_the_same_step_from_8_threads_writes_one_result() -> None:
    [run] = runs_of(1, {"a": [], "b": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    results = at_once(
        *[lambda: tried(taken, DONE)] * (THREADS - 1), lambda: tried(taken, Failed(error="No."))
    )
    assert Counter(results) == {"finished": 1, "lease lost": THREADS - 1}
    assert OrmQ.objects.count() == int(statuses(run)["b"] == "ready")
    check_events([run])


def test_finish_while_another_takes_the_expired_step_lets_one_of_them_win() -> None:
    for _ in range(10):
        [run] = runs_of(1, {"a": []})
        step = run.steps.get()
        taken = claim(run.id)
        assert taken is not None
        expire_lease(step)
        finished, taken_over = at_once(lambda: tried(taken, DONE), lambda: str(claim(run.id)))  # noqa: B023
        assert (finished == "finished") == (taken_over == "None")
        assert statuses(run) == {"a": "succeeded" if finished == "finished" else "running"}


def test_ring_due_steps_from_8_keepers_at_once_rings_each_once() -> None:
    runs_of(40, {"a": [], "b": []})
    rung = at_once(*[lambda: ring_due(limit=500)] * THREADS)
    assert sum(rung) == OrmQ.objects.count() == 80


def test_ring_due_steps_passes_over_those_another_transaction_moves() -> None:
    [run] = runs_of(1, {"a": [], "b": []})
    with transaction.atomic():
        WorkflowStep.objects.select_for_update().get(run=run, key="a")
        assert at_once(lambda: ring_due(limit=10)) == [1]
    assert ring_due(limit=10) == 1


def test_park_from_8_keepers_at_once_fails_the_step_once() -> None:
    [run] = runs_of(1, {"a": [], "b": ["a"]})
    step = run.steps.get(key="a")
    for _ in range(MAX_CLAIMS):
        claim(run.id)
        expire_lease(step)
    at_once(*[park_exhausted] * THREADS)
    assert statuses(run) == {"a": "failed", "b": "skipped"}
    assert RunEvent.objects.filter(run=run, kind="step.failed").count() == 1
    check_events([run])


def test_advance_the_same_runs_from_8_threads_runs_each_step_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[UUID, str]] = []
    use_agents(
        monkeypatch,
        made_agent("made", on_compute=lambda given, context: seen.append((context.account_id, given.text))),
    )
    keys = "abcd"
    nodes = [
        agent_node(key, *keys[:place][-2:], agent="made", options={"text": key})
        for place, key in enumerate(keys)
    ]
    workflow = workflow_of(*nodes, report_node("report", *keys))
    runs = [run_of(workflow) for _ in range(4)]

    def advance_all() -> int:
        return sum(advance_run(run.id, seconds_left=lambda: 10_000) for run in runs)

    assert sum(at_once(*[advance_all] * THREADS)) == len(runs) * 5
    assert Counter(seen) == Counter((run.account_id, key) for run in runs for key in keys)
    for run in runs:
        run.refresh_from_db()
        assert run.status == "succeeded"
        assert {step.claims for step in run.steps.all()} == {1}
    check_events(runs)


def test_store_the_same_definition_from_8_threads_stores_one_version() -> None:
    workflow = workflow_of(agent_node("a"))
    stored = at_once(*[lambda: store_definition(workflow, by="test").id] * THREADS)
    assert len(set(stored)) == 1
    assert WorkflowDefinition.objects.get().version == 1


def test_store_8_definitions_of_one_slug_at_once_numbers_them_without_a_gap() -> None:
    workflows = [workflow_of(agent_node(f"n{number}")) for number in range(THREADS)]
    at_once(*[lambda made=made: store_definition(made, by="test") for made in workflows])
    assert sorted(WorkflowDefinition.objects.values_list("version", flat=True)) == list(range(1, THREADS + 1))


def test_doorbells_show_to_others_only_when_the_finish_commits(committed_db: str) -> None:
    [run] = runs_of(1, {"a": [], "b": ["a"], "c": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    with psycopg.connect(committed_db, autocommit=True) as other:

        def rung() -> int:
            row = other.execute("SELECT count(*) FROM django_q_ormq").fetchone()
            assert row is not None
            return int(row[0])

        with transaction.atomic():
            assert finish(taken, DONE, go_on=False).due == 2
            assert (OrmQ.objects.count(), rung()) == (2, 0)
            transaction.set_rollback(True)
        assert (rung(), statuses(run)["a"]) == (0, "running")
        finish(claim_of(run.steps.get(key="a")), DONE, go_on=False)
        assert (rung(), statuses(run)["a"]) == (2, "succeeded")
