from decimal import Decimal

import pytest
from django.db import transaction

from agents.models import AgentRun, AgentStep
from agents.providers.language import Usage
from agents.tracing import CUT_OFF, Call, Trace, traced
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.prepared import insert

pytestmark = pytest.mark.django_db

KIND = AgentStep.Kind.CLAUDE


def made_trace() -> Trace:
    """Return the trace of a run that has not been written yet."""
    return Trace(AgentRun(account=AccountFactory.create(), agent="made", as_of=NOON, input={"number": 1}))


def open_trace() -> Trace:
    """Return the trace of a run that is going on."""
    trace = made_trace()
    trace.open()
    return trace


def test_trace_a_call_writes_all_that_is_known_of_it() -> None:
    trace = open_trace()
    with traced(trace, KIND, "made_words", request={"user": "Hello"}, prompt_digest="d" * 64) as call:
        call.response = {"text": "Grüezi"}
        call.usage = Usage(1, 2, cache_read_tokens=3, cache_write_5m_tokens=4, cache_write_1h_tokens=5)
        call.cost_usd = Decimal("0.000123")
        call.model = "claude-haiku-5-5"
        call.is_simulated = False
        call.provider_request_id = "req_1"
    step = AgentStep.objects.get()
    assert (step.agent_run, step.kind, step.name) == (trace.agent_run, "claude", "made_words")
    assert (step.request, step.response) == ({"user": "Hello"}, {"text": "Grüezi"})
    assert [step.input_tokens, step.output_tokens, step.cache_read_tokens] == [1, 2, 3]
    assert [step.cache_write_5m_tokens, step.cache_write_1h_tokens] == [4, 5]
    assert (step.cost_usd, step.model, step.is_simulated) == (Decimal("0.000123"), "claude-haiku-5-5", False)
    assert (step.provider_request_id, step.prompt_digest, step.error) == ("req_1", "d" * 64, "")
    assert str(step)


def test_trace_a_call_that_says_nothing_of_itself_counts_nothing() -> None:
    with traced(open_trace(), KIND, "made", request={}):
        pass
    step = AgentStep.objects.get()
    assert (step.response, step.cost_usd, step.input_tokens, step.is_simulated) == (None, Decimal(0), 0, True)


def fail(call: Call) -> None:
    """Fail after seven tokens."""
    call.usage = Usage(7, 0)
    raise ValueError("no such colour")


def test_trace_a_call_that_fails_writes_what_it_had_and_the_sentence() -> None:
    with (
        pytest.raises(ValueError, match="no such colour"),
        traced(open_trace(), KIND, "made", request={}) as call,
    ):
        fail(call)
    step = AgentStep.objects.get()
    assert (step.error, step.input_tokens) == ("ValueError: no such colour", 7)


def test_trace_a_call_its_worker_did_not_live_to_end_says_so() -> None:
    with pytest.raises(SystemExit), traced(open_trace(), KIND, "made", request={}):
        raise SystemExit
    assert AgentStep.objects.get().error == CUT_OFF


def test_trace_that_cannot_be_written_fails_the_call() -> None:
    run = open_trace()
    with (
        pytest.raises(TypeError, match="not JSON serializable"),
        transaction.atomic(),
        traced(run, KIND, "made", request={}) as call,
    ):
        call.response = object()
    assert not AgentStep.objects.exists()


def test_measure_a_call_in_whole_milliseconds() -> None:
    call = Call()
    call.started -= 1.2345
    assert 1234 <= call.latency_ms < 2000


def test_trace_without_a_call_leaves_the_writing_to_who_closes_it() -> None:
    rows = made_trace().close(status="succeeded", output={"number": 2}, facts={"number": 1})
    assert not AgentRun.objects.exists()
    insert(rows)
    run = AgentRun.objects.get()
    assert (run.status, run.input, run.output) == ("succeeded", {"number": 1}, {"number": 2})
    assert run.facts == {"number": 1}
    assert not AgentStep.objects.exists()
    assert run.finished_at is not None
    assert run.latency_ms is not None


def test_trace_opened_before_a_call_has_on_record_what_was_computed() -> None:
    trace = made_trace()
    trace.agent_run.facts = {"number": 1}
    trace.open()
    assert (AgentRun.objects.get().status, AgentRun.objects.get().facts) == ("running", {"number": 1})
    trace.open()
    with traced(trace, KIND, "made", request={}):
        pass
    assert (AgentRun.objects.count(), AgentStep.objects.count()) == (1, 1)
    assert trace.close(status="failed", error="No.") == []
    assert (AgentRun.objects.get().status, AgentRun.objects.get().error) == ("failed", "No.")


def test_trace_begins_when_it_was_made_however_late_it_is_written() -> None:
    trace = made_trace()
    insert(trace.close(status="failed", error="No."))
    run = AgentRun.objects.get()
    assert run.finished_at is not None
    assert run.started_at <= run.finished_at
