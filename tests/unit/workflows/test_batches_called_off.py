"""Batches nobody waits for any more: cancelled at Claude, and what was paid for them kept."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from agents.batch_care import call_off
from agents.models import AgentRun, AgentStep, BatchedQuestion, SandboxBatch
from tests.factories.agents import made_agent, use_agents
from tests.factories.batches_of_claude import (
    answering,
    batch_faults,
    question,
    run_that_may_wait,
    step_of,
    time_passes,
    use_wire,
)
from workflows.batched_steps import abandoned_and_due, call_off_one, ring_for_abandoned
from workflows.control import cancel_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One agent that speaks, and a sandbox whose batches take a minute."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = batch_faults()


def called_off() -> str:
    """Let the keeper ring for what nobody waits for, and answer; return how the question is then."""
    BatchedQuestion.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    OrmQ.objects.all().delete()
    assert ring_for_abandoned() == OrmQ.objects.count() == 1
    call_off_one(str(question().id))
    return question().status


def test_cancel_run_cancels_its_batch_and_closes_its_agent_run() -> None:
    run = run_that_may_wait()
    assert not abandoned_and_due().exists()
    cancel_run(run_id=run.id, by="test")
    assert step_of(run).status == "cancelled"
    assert (called_off(), called_off()) == ("cancelling", "cancelled")
    assert SandboxBatch.objects.get().cancelled_at is not None
    agent_run = AgentRun.objects.get()
    assert (agent_run.status, agent_run.cost_usd) == ("failed", Decimal(0))
    assert agent_run.error == "Called off: its step ended before the batch was answered."
    assert not abandoned_and_due().exists()


def test_cancel_run_whose_batch_was_answered_by_then_keeps_what_it_cost() -> None:
    run = run_that_may_wait()
    time_passes(61)
    cancel_run(run_id=run.id, by="test")
    assert (called_off(), called_off()) == ("cancelling", "cancelled")
    paid = AgentStep.objects.get(kind="claude")
    agent_run = AgentRun.objects.get()
    assert agent_run.cost_usd == paid.cost_usd > 0
    assert (agent_run.status, agent_run.output_tokens) == ("failed", paid.output_tokens)


def test_cancel_run_whose_batch_is_not_known_looks_for_it_first(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    cancel_run(run_id=run.id, by="test")
    assert called_off() == "submitting"  # it may be the one that is being worked on
    time_passes(61)
    assert (called_off(), called_off()) == ("cancelling", "cancelled")


def test_cancel_run_whose_batch_never_left_is_done_at_once(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    SandboxBatch.objects.all().delete()
    cancel_run(run_id=run.id, by="test")
    assert called_off() == "cancelled"
    assert AgentRun.objects.get().status == "failed"


def test_call_off_in_trouble_is_left_for_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_that_may_wait()
    cancel_run(run_id=run.id, by="test")
    with monkeypatch.context() as patched:
        use_wire(patched, answering(500, "api_error"))
        assert called_off() == "submitted"
    assert not abandoned_and_due().exists()  # rests for a minute
    assert called_off() == "cancelling"


def test_call_off_while_the_batch_is_still_ending_looks_again() -> None:
    run = run_that_may_wait()
    cancel_run(run_id=run.id, by="test")
    BatchedQuestion.objects.update(status="cancelling")
    assert called_off() == "cancelling"


def test_call_off_what_cannot_be_read_keeps_that_it_was_paid(settings: Settings) -> None:
    run = run_that_may_wait()
    asked = SandboxBatch.objects.get().requests
    asked[0]["params"]["max_tokens"] = 1
    SandboxBatch.objects.update(requests=asked)
    time_passes(61)
    cancel_run(run_id=run.id, by="test")
    assert (called_off(), called_off()) == ("cancelling", "cancelled")
    assert AgentStep.objects.get(kind="claude").error.startswith("OutputTruncated: ")
    assert AgentRun.objects.get().cost_usd > 0


def test_call_off_after_all_patience_adds_what_was_paid_to_the_closed_agent_run() -> None:
    run = run_that_may_wait()
    time_passes(61)
    BatchedQuestion.objects.update(status="cancelling")
    AgentRun.objects.update(status="failed", error="It took too long.")
    assert run.status == "waiting"
    assert called_off() == "cancelled"
    agent_run = AgentRun.objects.get()
    assert (agent_run.error, agent_run.cost_usd > 0) == ("It took too long.", True)


def test_call_off_what_is_settled_or_still_waited_for_does_nothing() -> None:
    run_that_may_wait()
    call_off_one(str(question().id))
    assert question().status == "submitted"
    assert call_off(uuid4()) is None
