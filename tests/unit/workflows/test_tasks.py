import logging
from collections.abc import Callable
from uuid import UUID

import pytest
from pytest_django import Settings

from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, doorbells, run_of, rung_clusters, statuses, workflow_of
from tiktok_ops.queue import ring
from tiktok_ops.signals import Stop
from workflows import tasks
from workflows.doorbells import DOORBELL
from workflows.models import WorkflowRun
from workflows.processes import STOP_FD
from workflows.webhooks import tasks as webhook_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one agent."""
    use_agents(monkeypatch, made_agent("made"))


@pytest.fixture
def goes_by_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker takes no doorbell itself."""
    monkeypatch.setattr(tasks, "STAY_SECONDS", 0)


def test_answer_a_doorbell_runs_what_is_due() -> None:
    run = run_of(workflow_of(agent_node("a", agent="made"), agent_node("b", "a", agent="made")))
    tasks.advance(str(run.id))
    assert statuses(run) == {"a": "succeeded", "b": "succeeded"}
    tasks.advance(str(run.id))


@pytest.mark.usefixtures("goes_by_the_queue")
def test_answer_a_doorbell_leaves_time_to_spare_before_the_queue_ends_it(settings: Settings) -> None:
    settings.DOORBELL_TIMEOUT_SECONDS = 130
    run = run_of(workflow_of(agent_node("a", agent="made"), agent_node("b", "a", agent="made")))
    tasks.advance(str(run.id))
    assert statuses(run) == {"a": "succeeded", "b": "ready"}


@pytest.mark.parametrize("run_id", ["no id", "", "0192d0c0-0000-7000-8000-000000000000"])
def test_answer_a_doorbell_of_nothing_does_nothing(run_id: str) -> None:
    tasks.advance(run_id)


def test_answer_a_doorbell_that_leads_to_a_bug_writes_it_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def advance_run(*_: object, **__: object) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(tasks, "advance_run", advance_run)
    with caplog.at_level(logging.ERROR):
        tasks.advance("0192d0c0-0000-7000-8000-000000000000")
    assert "doorbell failed" in caplog.text


def test_answer_a_doorbell_goes_on_with_those_that_wait_oldest_first() -> None:
    runs = [run_of(workflow_of(agent_node("a", agent="made"))) for _ in range(3)]
    tasks.advance(str(runs[2].id))
    assert [statuses(run) for run in runs] == [{"a": "succeeded"}] * 3
    assert doorbells() == []
    ended = WorkflowRun.objects.order_by("finished_at")
    assert [run.id for run in ended] == [runs[2].id, runs[0].id, runs[1].id]


@pytest.mark.usefixtures("goes_by_the_queue")
def test_answer_a_doorbell_goes_on_no_longer_than_a_moment() -> None:
    first, second = (run_of(workflow_of(agent_node("a", agent="made"))) for _ in range(2))
    tasks.advance(str(first.id))
    assert [statuses(run)["a"] for run in (first, second)] == ["succeeded", "ready"]


def test_answer_a_doorbell_goes_on_with_none_once_the_worker_is_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of(workflow_of(agent_node("a", agent="made")))
    monkeypatch.setattr(tasks, "is_stopping", lambda: True)
    tasks.advance(str(UUID(int=1)))
    assert statuses(run) == {"a": "ready"}
    assert [ids for _, ids in doorbells()] == [(str(run.id),), (str(UUID(int=1)),)]


def test_answer_a_doorbell_goes_on_with_those_for_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(webhook_tasks, "process", heard.append)
    ring("workflows.webhooks.tasks.process", UUID(int=1))
    ring(DOORBELL, UUID(int=2))
    ring("workflows.webhooks.tasks.process", UUID(int=3))
    tasks.advance("0192d0c0-0000-7000-8000-000000000000")
    assert heard == [str(UUID(int=1)), str(UUID(int=3))]
    assert doorbells() == []


def test_answer_a_doorbell_leaves_what_is_another_clusters() -> None:
    run = run_of(workflow_of(agent_node("a", agent="made", timeout_seconds=200)))
    assert rung_clusters() == ["long"]
    tasks.advance(str(run.id))
    assert statuses(run) == {"a": "ready"}


@pytest.fixture
def told_to_stop(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give what lets this process be told to stop by its supervisor, as a worker's is."""
    stop = Stop()
    monkeypatch.setenv(STOP_FD, str(stop.read_end))
    return stop.set


def rings_for(run: WorkflowRun) -> int:
    """Return how often somebody rang for the run and was not heard yet."""
    return sum(args == (str(run.id),) for _, args in doorbells())


def test_answer_a_doorbell_while_stopping_rings_for_another_worker_and_runs_nothing(
    told_to_stop: Callable[[], None],
) -> None:
    run = run_of(workflow_of(agent_node("a", agent="made")))
    before, clusters = rings_for(run), rung_clusters()
    told_to_stop()

    tasks.advance(str(run.id))

    assert rings_for(run) == before + 1
    assert set(rung_clusters()) == set(clusters) == {"short"}
    assert statuses(run) == {"a": "ready"}


def test_answer_the_same_doorbell_again_while_stopping_is_left_to_the_keeper(
    told_to_stop: Callable[[], None],
) -> None:
    run, other = (run_of(workflow_of(agent_node("a", agent="made"))) for _ in range(2))
    before = rings_for(run), rings_for(other)
    told_to_stop()

    for _ in range(5):  # a worker that is alone hears itself
        tasks.advance(str(run.id))
    tasks.advance(str(other.id))

    assert (rings_for(run), rings_for(other)) == (before[0] + 1, before[1] + 1)


def test_answer_a_doorbell_that_is_none_while_stopping_is_written_down(
    told_to_stop: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    told_to_stop()

    with caplog.at_level(logging.ERROR):
        tasks.advance("no id")

    assert "doorbell failed" in caplog.text


def test_answer_a_doorbell_before_the_stop_runs_what_is_due(told_to_stop: Callable[[], None]) -> None:
    run = run_of(workflow_of(agent_node("a", agent="made")))

    tasks.advance(str(run.id))

    assert statuses(run) == {"a": "succeeded"}
