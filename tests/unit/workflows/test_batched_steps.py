"""Steps that may wait for a batch, on the engine and the sandbox Claude: paid once, at half the price."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents import batching
from agents.contract import Nothing
from agents.models import AgentRun, AgentStep, BatchedQuestion, SandboxBatch
from agents.runner import Asked, run_agent
from agents.sandbox.claude import SandboxClaudeTransport
from agents.tracing import Trace
from tests.factories.agents import MadeInput, made_agent, use_agents
from tests.factories.batches_of_claude import (
    answering,
    batch_faults,
    question,
    run_that_may_wait,
    step_of,
    time_passes,
    use_wire,
    work,
)
from tests.factories.workflows import agent_node, expire_lease, make_due, workflow_of
from workflows.definitions_admin.sheet import cards_of, graph_of
from workflows.executors import context_of
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun
from workflows.outcomes import LeaseLost
from workflows.protocol import claim
from workflows.validation import DefinitionRefused, check_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One agent that speaks, and a sandbox whose batches take a minute."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True), made_agent("silent"))
    settings.PROVIDERS = batch_faults()


def later(run: WorkflowRun, seconds: float = 61) -> WorkflowRun:
    """Let time pass, and the run go on."""
    time_passes(seconds)
    wake_waiting()
    return work(run)


def usages() -> list[tuple[str, str, int, Decimal]]:
    """Return each traced call: kind, name, tokens in, cost."""
    return list(AgentStep.objects.values_list("kind", "name", "input_tokens", "cost_usd"))


def test_ask_in_a_batch_parks_the_step_and_goes_on_once_it_is_answered() -> None:
    run = run_that_may_wait()
    step = step_of(run)
    assert (run.status, step.status, step.lease_until) == ("waiting", "waiting", None)
    assert step.error.startswith("Ask: Claude answers this with a batch, handed in ")
    assert (question().status, AgentRun.objects.get().status) == ("submitted", "running")
    assert [(kind, cost) for kind, _, _, cost in usages()] == [("provider", Decimal(0))]

    run = later(run)
    assert (run.status, step_of(run).status) == ("succeeded", "succeeded")
    agent_run = AgentRun.objects.get()
    assert (agent_run.status, step_of(run).agent_run_id) == ("succeeded", agent_run.id)
    assert step_of(run).output == agent_run.output
    assert (question().status, question().custom_id) == ("answered", f"{step_of(run).id.hex}-1")
    assert SandboxBatch.objects.count() == 1


def test_ask_in_a_batch_costs_half_on_the_trace_when_it_is_collected() -> None:
    later(run_that_may_wait())
    _, called = AgentStep.objects.order_by("id")
    # claude-haiku-5-5: 0.10 USD in and 0.50 out a million, a half of both in a batch, rounded up to a millionth
    whole = called.input_tokens * Decimal("0.10") + called.output_tokens * Decimal("0.50")
    assert called.cost_usd == (whole / 2 / 1_000_000).quantize(Decimal("0.000001"), rounding="ROUND_UP") > 0
    agent_run = AgentRun.objects.get()
    assert (agent_run.cost_usd, agent_run.input_tokens) == (called.cost_usd, called.input_tokens)
    assert called.request["batch"] == question().batch_id
    assert called.provider_request_id.startswith("msg_")


def test_look_at_a_batch_too_early_waits_longer_each_time_and_asks_nothing_anew() -> None:
    run = run_that_may_wait()
    pauses: list[float] = []
    for _ in range(3):
        run = later(run, 50 if pauses else 21)
        if step_of(run).status != "waiting":
            break
        wake_at = step_of(run).wake_at
        assert wake_at is not None
        pauses.append((wake_at - timezone.now()).total_seconds())
        SandboxBatch.objects.update(done_at=timezone.now() + timedelta(hours=1))
    assert pauses == pytest.approx([20, 35.5, 60.5], abs=2)
    assert AgentStep.objects.count() == SandboxBatch.objects.count() == AgentRun.objects.count() == 1


def test_ask_in_a_batch_whose_answer_is_lost_finds_it_and_pays_once(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    assert question().status == "submitting"
    assert "It is not known whether it was handed in" in step_of(run).error

    run = later(run, 30)  # the batch is there, but tells only at its end what it holds
    assert (question().status, SandboxBatch.objects.count()) == ("submitting", 1)
    assert "1 batches that could be it are still being worked on" in step_of(run).error

    run = later(run)
    assert (run.status, question().status) == ("succeeded", "answered")
    assert question().batch_id == SandboxBatch.objects.get().batch_id
    assert AgentStep.objects.filter(kind="claude").count() == 1


def test_ask_in_a_batch_after_a_death_before_it_left_hands_it_in_once(settings: Settings) -> None:
    run = run_that_may_wait()
    BatchedQuestion.objects.update(status="failed", finished_at=timezone.now())  # as if it had never been
    AgentRun.objects.update(status="failed")
    SandboxBatch.objects.all().delete()
    old = question()
    again = BatchedQuestion.objects.create(
        agent_run=AgentRun.objects.create(
            account_id=run.account_id, agent="speaker", as_of=run.as_of, step_id=old.step_id,
            claim=1, facts=old.agent_run.facts,
        ),
        step_id=old.step_id, number=2, custom_id=f"{old.step_id.hex}-2", status="submitting",
        request=old.request, tried_at=timezone.now(),
    )  # fmt: skip
    run = later(run, 30)
    again.refresh_from_db()
    assert (again.status, SandboxBatch.objects.count()) == ("submitted", 1)
    assert later(run).status == "succeeded"


def test_find_a_batch_passes_over_those_of_others(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    mine = SandboxBatch.objects.get()
    asked = mine.requests[0]
    for names, hours in ((["another-1"], 0), (["a", "b"], 0), (["older"], -2)):
        at = mine.created_at + timedelta(hours=hours)
        SandboxBatch.objects.create(
            requests=[{**asked, "custom_id": name} for name in names], created_at=at, done_at=at
        )
    run = later(run)
    assert (run.status, question().batch_id) == ("succeeded", mine.batch_id)
    assert SandboxBatch.objects.count() == 4


def test_find_no_batch_hands_it_in_anew(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    SandboxBatch.objects.all().delete()
    settings.PROVIDERS = batch_faults()
    run = later(run, 30)
    assert (question().status, SandboxBatch.objects.count()) == ("submitted", 1)
    assert later(run).status == "succeeded"


def test_ask_again_after_a_death_before_the_step_ended_pays_nothing_again() -> None:
    run = run_that_may_wait()
    time_passes(61)
    asked = Asked(run_id=run.id, step_id=step_of(run).id, claim=1, may_wait=True)
    answered = run_agent("speaker", {}, context_of(run), asked=asked)  # and dies before its step ends
    wake_waiting()
    run = work(run)
    assert (run.status, step_of(run).output) == ("succeeded", answered.output)
    assert [agent_run.status for agent_run in AgentRun.objects.all()] == ["succeeded", "succeeded"]
    assert SandboxBatch.objects.count() == AgentStep.objects.filter(kind="claude").count() == 1


def test_ask_in_a_batch_after_a_death_in_between_goes_on_with_the_same_agent_run() -> None:
    run = run_that_may_wait()
    time_passes(61)
    wake_waiting()
    claimed = claim(run.id)
    assert claimed is not None  # and its worker dies
    expire_lease(step_of(run))
    run = work(run)
    agent_run = AgentRun.objects.get()
    assert (run.status, agent_run.status, agent_run.claim) == ("succeeded", "succeeded", claimed.number + 1)


def test_lose_the_lease_while_a_batch_is_out_leaves_it_to_whoever_comes_next() -> None:
    run = run_that_may_wait()
    time_passes(61)

    def lost(seconds: float) -> None:
        raise LeaseLost

    asked = Asked(run_id=run.id, step_id=step_of(run).id, claim=1, may_wait=True)
    with pytest.raises(LeaseLost):
        run_agent("speaker", {}, context_of(run), asked=asked, hold=lost)
    assert (AgentRun.objects.get().status, question().status) == ("running", "submitted")
    wake_waiting()
    assert work(run).status == "succeeded"
    assert SandboxBatch.objects.count() == AgentRun.objects.count() == 1


def test_close_an_agent_run_by_a_claim_that_was_overtaken_changes_nothing() -> None:
    run_that_may_wait()
    overtaken = Trace.resumed(AgentRun.objects.get())
    AgentRun.objects.update(claim=2)
    assert overtaken.close(status="failed", error="Too late.") == []
    assert (AgentRun.objects.get().status, AgentRun.objects.get().error) == ("running", "")


def test_hand_in_by_a_worker_that_was_held_up_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "START_WITHIN_SECONDS", -1.0)
    run = run_that_may_wait()
    assert (step_of(run).status, SandboxBatch.objects.count()) == ("ready", 0)
    assert "The worker was held up" in step_of(run).error


def test_find_a_lost_batch_that_came_to_nothing_says_so_and_tries_again(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    SandboxBatch.objects.update(fate="errored")
    run = later(run)
    assert (step_of(run).status, question().status) == ("ready", "failed")
    assert question().batch_id == SandboxBatch.objects.get().batch_id
    assert "(api_error); nothing was paid" in step_of(run).error


@pytest.mark.parametrize("faults", [{}, {"lost_answer": 1}])
def test_fetch_results_in_trouble_keeps_waiting(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, faults: dict[str, int]
) -> None:
    settings.PROVIDERS = batch_faults(**faults)
    run = run_that_may_wait()
    time_passes(61)
    wake_waiting()
    sandbox = SandboxClaudeTransport()
    failing = answering(500, "api_error")
    with monkeypatch.context() as patched:
        use_wire(
            patched,
            lambda request: (failing if request.url.path.endswith("/results") else sandbox.handle_request)(
                request
            ),
        )
        run = work(run)
    assert step_of(run).status == "waiting"
    assert later(run).status == "succeeded"


def test_collect_a_batch_without_the_result_asks_a_person() -> None:
    run = run_that_may_wait()
    asked = SandboxBatch.objects.get().requests
    SandboxBatch.objects.update(requests=[{**asked[0], "custom_id": "another"}])
    run = later(run)
    assert step_of(run).status == "failed"
    assert "has ended without a result for this question" in step_of(run).error


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [
        (
            "errored",
            "ready",
            "Claude could not answer the request of a batch (api_error); nothing was paid; try again.",
        ),
        ("invalid", "failed", "Claude could not answer the request of a batch (invalid_request_error)"),
        ("canceled", "failed", "Somebody cancelled the batch at Claude before it was answered"),
    ],
)
def test_collect_a_batch_that_came_to_nothing_says_what_to_do(
    settings: Settings, fault: str, status: str, sentence: str
) -> None:
    settings.PROVIDERS = batch_faults(**{fault: 1})
    run = later(run_that_may_wait())
    assert step_of(run).status == status
    assert sentence in step_of(run).error
    assert (question().status, AgentRun.objects.get().status) == ("failed", "failed")
    assert AgentRun.objects.get().cost_usd == 0


def test_collect_an_expired_batch_tries_again_with_another(settings: Settings) -> None:
    settings.PROVIDERS = batch_faults(expired=1)
    run = later(run_that_may_wait(), 24 * 3600 + 1)
    assert (step_of(run).status, step_of(run).tries) == ("ready", 1)
    make_due(step_of(run))
    run = later(work(run))
    assert run.status == "succeeded"
    assert list(BatchedQuestion.objects.values_list("number", "status")) == [(1, "failed"), (2, "answered")]


def test_wait_for_a_batch_beyond_all_patience_cancels_it_and_tries_again() -> None:
    run = run_that_may_wait()
    SandboxBatch.objects.update(done_at=timezone.now() + timedelta(days=3))
    run = later(run, 25 * 3600)
    assert "was not done 25 hours after it was handed in" in step_of(run).error
    assert question().status == "cancelling"


def test_ask_in_a_batch_whose_words_do_not_fit_asks_once_more_in_a_second(
    settings: Settings,
) -> None:
    run = run_that_may_wait()
    batch = SandboxBatch.objects.get()
    # Claude answers this one in words that do not fit: the schema it is asked with is another.
    asked = json.loads(json.dumps(batch.requests))
    asked[0]["params"]["output_config"]["format"]["schema"]["properties"] = {"colour": {"type": "string"}}
    SandboxBatch.objects.update(requests=asked)
    run = later(run)
    assert step_of(run).status == "waiting"
    first, second = BatchedQuestion.objects.order_by("number")
    assert (first.status, second.status) == ("answered", "submitted")
    assert second.request["user"].startswith(
        f"{first.request['user']}\n\nYour last answer could not be used: "
    )
    run = later(run)
    assert run.status == "succeeded"
    agent_run = AgentRun.objects.get()
    paid = AgentStep.objects.filter(kind="claude")
    assert (paid.count(), agent_run.cost_usd) == (2, sum(step.cost_usd for step in paid))


def test_ask_in_a_batch_keeps_the_facts_it_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[MadeInput] = []
    use_agents(
        monkeypatch,
        made_agent("speaker", speaks=True, on_compute=lambda given, context: computed.append(given)),
    )
    later(run_that_may_wait())
    assert len(computed) == 1


def test_hand_in_when_the_provider_limits_us_waits_without_counting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_wire(monkeypatch, answering(429, "rate_limit_error", **{"retry-after": "7"}))
    run = run_that_may_wait()
    assert (step_of(run).status, step_of(run).tries) == ("ready", 0)
    assert "slow down" in step_of(run).error
    assert (question().status, SandboxBatch.objects.count()) == ("failed", 0)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "api_error"), (401, "authentication_error"), (429, "rate_limit_error")]
)
def test_look_at_a_batch_in_trouble_keeps_waiting_for_what_is_paid(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, status: int, kind: str
) -> None:
    run = run_that_may_wait()
    time_passes(61)
    wake_waiting()
    with monkeypatch.context() as patched:
        use_wire(patched, answering(status, kind))
        run = work(run)
    assert (step_of(run).status, question().status, AgentRun.objects.get().status) == (
        "waiting", "submitted", "running",
    )  # fmt: skip
    assert "It could not be asked just now: Claude" in step_of(run).error
    assert later(run).status == "succeeded"


def test_look_for_a_lost_batch_in_trouble_keeps_waiting(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PROVIDERS = batch_faults(lost_answer=1)
    run = run_that_may_wait()
    time_passes(61)
    wake_waiting()
    with monkeypatch.context() as patched:
        use_wire(patched, answering(529, "overloaded_error"))
        run = work(run)
    assert (step_of(run).status, question().status) == ("waiting", "submitting")
    assert later(run).status == "succeeded"


def test_let_a_node_wait_whose_agent_asks_no_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mute = made_agent("mute")
    mute.Words = Nothing  # type: ignore[assignment]
    use_agents(monkeypatch, mute)
    with pytest.raises(DefinitionRefused, match="may wait for a batch, but 'mute' asks no model"):
        check_workflow(workflow_of(agent_node("ask", agent="mute", may_wait=True)))


def test_show_a_node_that_may_wait_says_so_in_definition_box_and_card() -> None:
    workflow = workflow_of(agent_node("ask", agent="account_health", may_wait=True), agent_node("now"))
    assert [node["may_wait"] for node in workflow.model_dump(mode="json")["nodes"]] == [True, False]
    waiting, now = graph_of(workflow).boxes
    assert (waiting.may_wait, now.may_wait) == (True, False)
    assert waiting.said.endswith(", in a batch that may take a day")
    assert [card.facts.get("May wait") for card in cards_of(workflow)] == [
        "for a batch: half the price, up to a day", None,
    ]  # fmt: skip
