import logging

import pytest
from pytest_django import Settings

from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, run_of, rung_clusters, statuses, workflow_of
from workflows import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one agent."""
    use_agents(monkeypatch, made_agent("made"))


def test_answer_a_doorbell_runs_what_is_due() -> None:
    run = run_of(workflow_of(agent_node("a", agent="made"), agent_node("b", "a", agent="made")))
    tasks.advance(str(run.id))
    assert statuses(run) == {"a": "succeeded", "b": "succeeded"}
    tasks.advance(str(run.id))


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


def test_answer_a_doorbell_leaves_what_is_another_clusters() -> None:
    run = run_of(workflow_of(agent_node("a", agent="made", timeout_seconds=200)))
    assert rung_clusters() == ["long"]
    tasks.advance(str(run.id))
    assert statuses(run) == {"a": "ready"}
