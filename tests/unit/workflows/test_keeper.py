import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from tests.factories.workflows import (
    WorkflowRunFactory,
    WorkflowStepFactory,
    add_steps,
    doorbells,
    events,
    expire_lease,
    rung_clusters,
    statuses,
)
from tests.unit.workflows.rows import everything, step_in, wait_for_presence
from tiktok_ops.signals import Stop
from workflows import keeper
from workflows.doorbells import DOORBELL
from workflows.keeper import Keeper, park_exhausted, ring_due, sweep
from workflows.models import WorkflowStep
from workflows.outcomes import Claim, Finished, LeaseLost
from workflows.presence import TERMS, Present, present
from workflows.protocol import MAX_CLAIMS, claim

POISON = "running for the last time, lease over"


@pytest.fixture
def keepers(committed_db: str) -> Iterator[tuple[Keeper, Keeper]]:
    """Two keepers, the first of which leads."""
    pair = Keeper(), Keeper()
    yield pair
    for one in pair:
        one.leave()


def poisoned() -> str:
    """Let a step of a run crash as often as may be; return the step's key."""
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"poison": [], "after": ["poison"], "report": ["poison"]})
    run.steps.filter(key="report").update(runs_when="all_settled")
    for _ in range(MAX_CLAIMS):
        assert claim(run.id) is not None
        expire_lease(steps["poison"])
    return str(run.id)


@pytest.mark.django_db
def test_ring_due_steps_rings_each_run_once() -> None:
    step = step_in("ready and due")
    step_in("ready later")
    assert ring_due(limit=10) == 1
    assert doorbells() == [(DOORBELL, (str(step.run_id),))]
    assert ring_due(limit=10) == 0


@pytest.mark.django_db
def test_ring_due_steps_that_cannot_be_rung_for_leaves_them_for_the_next_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = step_in("ready and due")
    before = everything(step.run)

    def refuse(*_: object, cluster: str) -> None:
        raise DatabaseError("no room for doorbells")

    monkeypatch.setattr(keeper, "ring", refuse)
    with pytest.raises(DatabaseError, match="no room"):
        ring_due(limit=10)
    assert everything(step.run) == before


@pytest.mark.django_db
def test_sweep_rings_all_there_is_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAGE", 2)
    run = WorkflowRunFactory.create()
    WorkflowStepFactory.create_batch(5, run=run)
    sweep()
    assert len(doorbells()) == 5


@pytest.mark.django_db
def test_sweep_parks_a_step_that_takes_its_worker_down_and_lets_the_others_go_on() -> None:
    run_id = poisoned()
    other = step_in("ready and due")
    sweep()
    run = WorkflowRunFactory._meta.model.objects.get(id=run_id)
    assert statuses(run) == {"poison": "failed", "after": "skipped", "report": "ready"}
    poison = run.steps.get(key="poison")
    assert poison.error == "Stopped after 3 starts in a row: each time its worker died before the step ended."
    assert (poison.claims, poison.lease_until) == (MAX_CLAIMS, None)
    *_, failed, one, other_one = events(run)
    assert failed == "step.failed poison"
    assert {one, other_one} == {"step.skipped after", "step.ready report"}
    assert sorted(doorbells()) == sorted((DOORBELL, (str(one),)) for one in (other.run_id, run_id))
    assert claim(other.run_id) == Claim(other.id, 1)


@pytest.mark.django_db
def test_park_step_that_ended_after_all_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    step = step_in(POISON)
    before = everything(step.run)

    def ended(*_: object, **__: object) -> Finished:
        raise LeaseLost

    monkeypatch.setattr(keeper, "finish", ended)
    assert park_exhausted() == 1
    assert everything(step.run) == before


def test_keep_by_the_one_that_leads_alone(keepers: tuple[Keeper, Keeper]) -> None:
    first, second = keepers
    first.tick()
    step = step_in("ready and due")
    second.tick()
    assert doorbells() == []
    first.tick()
    assert doorbells() == [(DOORBELL, (str(step.run_id),))]


def test_keep_by_the_next_when_the_first_is_gone(keepers: tuple[Keeper, Keeper]) -> None:
    first, second = keepers
    first.tick()
    first.leave()
    wait_for_presence(Present(0, 0))
    step_in("ready and due")
    second.tick()
    assert len(doorbells()) == 1


def test_keep_while_the_database_is_away_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, keepers: tuple[Keeper, Keeper], caplog: pytest.LogCaptureFixture
) -> None:
    step_in("ready and due")

    def away(leads: object) -> bool:
        raise OperationalError("the server is starting up\n")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(keeper, "sweep", away)
        keepers[0].tick()
    assert "keeper lost the database" in caplog.text
    assert connection.connection is None
    keepers[0].tick()
    assert len(doorbells()) == 1


def test_keep_until_told_to_stop_then_lets_another_lead(
    monkeypatch: pytest.MonkeyPatch, committed_db: str
) -> None:
    stop, rounds = Stop(), []

    def round_of(leads: object) -> bool:
        rounds.append(present().keepers)
        if len(rounds) == 3:
            stop.set()
        return True

    monkeypatch.setattr(keeper, "sweep", round_of)
    monkeypatch.setattr("django.conf.settings.KEEPER_SECONDS", 0.01)
    Keeper().run(stop)
    assert rounds == [1, 1, 1]
    wait_for_presence(Present(0, 0))


@pytest.mark.django_db
def test_ring_due_steps_rings_the_cluster_of_each() -> None:
    run = WorkflowRunFactory.create()
    WorkflowStepFactory.create(run=run, cluster="long")
    WorkflowStepFactory.create(run=run)
    assert ring_due(limit=10) == 2
    assert sorted(rung_clusters()) == ["long", "short"]


@pytest.mark.django_db
def test_round_of_a_keeper_that_leads_no_more_ends_before_its_next_chore() -> None:
    waiting = step_in("waiting")
    WorkflowStep.objects.filter(id=waiting.id).update(wake_at=timezone.now() - timedelta(seconds=1))
    due = step_in("ready and due")
    asked: list[bool] = []

    def leads() -> bool:
        asked.append(not asked)
        return asked[-1]

    assert not sweep(leads)
    waiting.refresh_from_db()
    assert (waiting.status, asked) == ("ready", [True, False])
    assert (DOORBELL, (str(due.run_id),)) not in doorbells()
    assert sweep()
    assert (DOORBELL, (str(due.run_id),)) in doorbells()


@pytest.mark.django_db
def test_round_with_nothing_to_do_asks_nobody_whether_it_leads() -> None:
    assert sweep(lambda: pytest.fail("it was asked"))


def test_keeper_overtaken_in_its_round_does_no_more_of_it_and_stands_by(
    keepers: tuple[Keeper, Keeper],
) -> None:
    first, second = keepers
    first.tick()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{TERMS}')")
    step_in("ready and due")
    first.tick()
    assert doorbells() == []
    wait_for_presence(Present(workers=0, keepers=0))
    second.tick()
    assert len(doorbells()) == 1
    first.tick()
    assert present() == Present(workers=0, keepers=1)
