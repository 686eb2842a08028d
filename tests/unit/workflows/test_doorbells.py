"""Doorbells a worker keeps back: nobody is woken for what it comes to itself, and nobody waits for what it does not."""

from collections.abc import Iterator

import pytest
import structlog
from django.db import OperationalError, transaction

from tests.factories.workflows import WorkflowRunFactory, add_steps, rung_clusters, statuses
from tests.processes import wait_until
from workflows import doorbells
from workflows.doorbells import PutOff
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import Claim, Succeeded
from workflows.protocol import claim, finish

pytestmark = pytest.mark.usefixtures("committed_db")

DONE = Succeeded(output={})
HOURS = 3600.0


@pytest.fixture
def never_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put off is put off for hours, so that what a test sees was not the timer."""
    monkeypatch.setattr(doorbells, "PUT_OFF_SECONDS", HOURS)


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs() as entries:
        yield entries


def forked(*, elsewhere: str = "") -> tuple[WorkflowRun, Claim]:
    """Return a run in which b, c and d wait for a, which is claimed; `elsewhere` is of the other cluster."""
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"], "c": ["a"], "d": ["a"]})
    WorkflowStep.objects.filter(run=run, key=elsewhere).update(cluster="long")
    return run, taken(run)


def taken(run: WorkflowRun) -> Claim:
    claimed = claim(run.id, cluster="short")
    assert claimed is not None
    return claimed


def test_what_a_worker_does_not_come_to_is_rung_for_in_a_moment() -> None:
    run, first = forked()
    finish(first, DONE, go_on=True, put_off=PutOff(run.id))
    wait_until(lambda: len(rung_clusters()) == 2, seconds=20, what="c and d are rung for")
    assert statuses(run) == {"a": "succeeded", "b": "running", "c": "ready", "d": "ready"}


def test_what_is_rung_for_in_a_moment_is_what_is_still_due_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbells, "PUT_OFF_SECONDS", 0.5)
    run, first = forked()
    put_off = PutOff(run.id)
    second = finish(first, DONE, go_on=True, put_off=put_off).next_claim
    assert second is not None
    finish(second, DONE, go_on=True, put_off=put_off)
    wait_until(lambda: rung_clusters() != [], seconds=20, what="d is rung for")
    assert rung_clusters() == ["short"]


@pytest.mark.usefixtures("never_in_time")
def test_what_a_worker_comes_to_itself_rings_for_nobody() -> None:
    run = WorkflowRunFactory.create()
    steps = {"a": [], "b": ["a"], "c": ["a"], "d": ["b"], "e": ["b"], "f": ["c", "d", "e"]}
    add_steps(run, steps)
    put_off, step = PutOff(run.id), taken(run)
    for _ in range(len(steps) - 1):
        following = finish(step, DONE, go_on=True, put_off=put_off).next_claim
        assert following is not None
        step = following
    assert finish(step, DONE, go_on=True, put_off=put_off).next_claim is None
    assert set(statuses(run).values()) == {"succeeded"}
    assert rung_clusters() == []


@pytest.mark.usefixtures("never_in_time")
def test_the_other_cluster_is_rung_for_at_once() -> None:
    run, first = forked(elsewhere="d")
    finish(first, DONE, go_on=True, put_off=PutOff(run.id))
    assert rung_clusters() == ["long"]


@pytest.mark.usefixtures("never_in_time")
def test_a_worker_that_leaves_the_run_rings_for_what_it_put_off() -> None:
    run, first = forked(elsewhere="d")
    put_off = PutOff(run.id)
    second = finish(first, DONE, go_on=True, put_off=put_off).next_claim
    assert second is not None
    assert finish(second, DONE, go_on=False, put_off=put_off).next_claim is None
    assert rung_clusters() == ["long", "short"]


@pytest.mark.usefixtures("never_in_time")
def test_a_worker_that_leaves_at_once_rings_for_all() -> None:
    run, first = forked()
    finish(first, DONE, go_on=False, put_off=PutOff(run.id))
    assert rung_clusters() == ["short"] * 3


@pytest.mark.usefixtures("never_in_time")
def test_in_somebodys_transaction_doorbells_are_rung_with_it() -> None:
    run, first = forked()
    with transaction.atomic():
        finish(first, DONE, go_on=True, put_off=PutOff(run.id))
    assert rung_clusters() == ["short"] * 2


def test_doorbells_that_cannot_be_rung_are_left_to_the_keeper(
    monkeypatch: pytest.MonkeyPatch, logged: list[structlog.typing.EventDict]
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the server closed the connection\n")

    monkeypatch.setattr(doorbells, "ring_clusters", away)
    run, first = forked()
    finish(first, DONE, go_on=True, put_off=PutOff(run.id))
    wait_until(lambda: logged != [], seconds=20, what="it is logged")
    assert logged[0] == {
        "event": "put off for the keeper",
        "log_level": "warning",
        "run": str(run.id),
        "error": "the server closed the connection",
    }
    assert statuses(run)["c"] == "ready"
