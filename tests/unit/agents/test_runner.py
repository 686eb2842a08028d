from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from agents.contract import AgentContext, BrandVoice
from agents.models import AgentRun, AgentStep, ModelPrice
from agents.prices.pricing import PriceUnknown
from agents.prompts import render_system
from agents.providers.errors import OutputInvalid, OutputTruncated, ProviderUnavailable
from agents.providers.language import Usage
from agents.runner import MAX_TOKENS, WAITS_PER_CALL, AgentRefused, Asked, run_agent
from tests.factories.accounts import AccountFactory
from tests.factories.agents import (
    Compute,
    MadeInput,
    MadeWords,
    answer,
    made_agent,
    scripted,
    use_agents,
)
from tests.factories.agents import (
    asked as model_asked,
)
from tests.factories.figures import NOON

pytestmark = pytest.mark.django_db

FINE = {"summary": "All is well."}
WRONG = {"summary": "wrong"}
COST_USD = Decimal("0.00015")  # 1,000 tokens in at 0.10 and 100 out at 0.50 USD a million (claude-haiku-5-5)


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One agent that speaks, one that does not, and a model that says all is well."""
    use_agents(monkeypatch, made_agent("silent"), made_agent("speaker", speaks=True))
    settings.PROVIDERS = scripted([FINE])


@pytest.fixture
def context() -> AgentContext:
    account = AccountFactory.create(handle="blick")
    brand = BrandVoice(name="Blick", voice="Short.")
    return AgentContext(account_id=account.id, handle="blick", as_of=NOON, locale="de-CH", brand=brand)


def use_compute(monkeypatch: pytest.MonkeyPatch, on_compute: Compute, *, speaks: bool = False) -> None:
    """Let the agent "acting" do this when it computes."""
    use_agents(monkeypatch, made_agent("acting", speaks=speaks, on_compute=on_compute))


def raising(error: BaseException) -> Compute:
    """Return a computation that fails."""

    def compute(given: MadeInput, context: AgentContext) -> None:
        raise error

    return compute


def trace() -> list[tuple[str, str, str]]:
    """Return each traced call: kind, name, error."""
    return list(AgentStep.objects.values_list("kind", "name", "error"))


def test_ask_agent_without_words_returns_its_output_and_asks_no_model(context: AgentContext) -> None:
    asked = Asked(run_id=uuid4(), step_id=uuid4(), claim=3)
    answered = run_agent("silent", {"text": "hi", "number": 2}, context, asked=asked)
    assert answered.output == {"text": "hi", "number": 2, "nested": {"number": 2}, "summary": ""}
    assert model_asked() == []
    run = AgentRun.objects.get(id=answered.agent_run_id)
    assert (run.agent, run.status, run.output, run.error) == ("silent", "succeeded", answered.output, "")
    assert (run.run_id, run.step_id, run.claim) == (asked.run_id, asked.step_id, 3)
    assert (run.account_id, run.as_of, run.input) == (context.account_id, NOON, {"text": "hi", "number": 2})
    assert run.facts == {"text": "hi", "number": 2, "nested": {"number": 2}}
    assert (run.cost_usd, run.input_tokens, run.is_simulated) == (Decimal(0), 0, True)
    assert run.latency_ms is not None
    assert run.finished_at is not None
    assert trace() == []


def test_ask_agent_for_nobody_names_no_run(context: AgentContext) -> None:
    run = AgentRun.objects.get(id=run_agent("silent", {}, context).agent_run_id)
    assert (run.run_id, run.step_id, run.claim) == (None, None, 0)


def test_ask_agent_with_words_puts_the_facts_on_record_before_the_model_sees_them(
    context: AgentContext,
) -> None:
    answered = run_agent("speaker", {"text": "hi"}, context)
    assert answered.output["summary"] == "All is well."
    called = AgentStep.objects.get(kind="claude")
    assert AgentRun.objects.get().facts == {"text": "hi", "number": 0, "nested": {"number": 0}}
    assert (called.kind, called.name, called.model) == ("claude", "speaker_words", "claude-haiku-5-5")
    assert called.request["schema"] == MadeWords.model_json_schema()
    assert "Name: Blick" in called.request["system"]
    assert "'text'" not in called.request["system"]
    assert '"text":"hi"' in called.request["user"]
    assert called.response == {"stop_reason": "end_turn", "model": "claude-haiku-5-5", "text": str(FINE)}
    assert (called.provider_request_id, len(called.prompt_digest)) == ("req_1", 64)


def test_ask_agent_asks_the_model_of_its_tier(context: AgentContext, settings: Settings) -> None:
    settings.MODELS = {"fast": "claude-haiku-4-5", "smart": "claude-opus-5"}
    run_agent("speaker", {}, context)
    [request] = model_asked()
    assert (request.model, request.schema_name, request.max_tokens) == (
        "claude-haiku-4-5",
        "speaker_words",
        MAX_TOKENS,
    )


@pytest.mark.parametrize(("timeout_seconds", "expected"), [(5, 2.5), (60, 30), (120, 60), (600, 60)])
def test_ask_agent_holds_the_lease_for_each_call_before_it_is_made(
    context: AgentContext, settings: Settings, timeout_seconds: float, expected: float
) -> None:
    settings.PROVIDERS = scripted([WRONG, FINE])
    held: list[tuple[float, int]] = []
    run_agent(
        "speaker",
        {},
        context,
        hold=lambda seconds: held.append((seconds, len(model_asked()))),
        timeout_seconds=timeout_seconds,
    )
    # What is left for the agent bounds its calls, so the second may be a little shorter.
    assert [calls for _, calls in held] == [0, 1]
    assert [seconds for seconds, _ in held] == pytest.approx([expected * WAITS_PER_CALL] * 2, abs=0.5)
    assert [request.timeout_seconds for request in model_asked()] == pytest.approx([expected] * 2, abs=0.5)


def test_ask_agent_with_no_time_left_makes_no_call(context: AgentContext, settings: Settings) -> None:
    settings.PROVIDERS = scripted([FINE])
    with pytest.raises(ProviderUnavailable, match="The agent's time was used up"):
        run_agent("speaker", {}, context, timeout_seconds=-1)
    assert model_asked() == []


def test_ask_agent_closes_what_an_earlier_claim_of_the_step_left_open(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([FINE])
    step_id = uuid4()
    old = [
        AgentRun.objects.create(
            account_id=context.account_id, agent="speaker", as_of=context.as_of, step_id=step, claim=claim
        )
        for step, claim in ((step_id, 1), (step_id, 3), (uuid4(), 1))
    ]
    run_agent("speaker", {}, context, asked=Asked(step_id=step_id, claim=2))
    statuses = []
    for agent_run in old:
        agent_run.refresh_from_db()
        statuses.append((agent_run.status, agent_run.error))
    assert statuses == [("failed", "Cut off before it ended."), ("running", ""), ("running", "")]


def test_ask_agent_that_lost_its_lease_makes_no_call(context: AgentContext) -> None:
    def hold(seconds: float) -> None:
        raise RuntimeError("The lease is lost.")

    with pytest.raises(RuntimeError, match="lease is lost"):
        run_agent("speaker", {}, context, hold=hold)
    assert model_asked() == []
    assert trace() == [("guardrail", "guardrails_in", "")]
    assert AgentRun.objects.get().error == "RuntimeError: The lease is lost."


def test_ask_agent_adds_up_tokens_and_cost_of_its_trace(context: AgentContext, settings: Settings) -> None:
    settings.PROVIDERS = scripted([WRONG, FINE])
    run = AgentRun.objects.get(id=run_agent("speaker", {}, context).agent_run_id)
    assert (run.input_tokens, run.output_tokens, run.cost_usd) == (2_000, 200, 2 * COST_USD)
    assert [step.cost_usd for step in run.steps.filter(kind="claude")] == [COST_USD, COST_USD]


@pytest.mark.parametrize(("mode", "simulated"), [("sandbox", True), ("live", False)])
def test_ask_agent_marks_whose_money_it_was(
    context: AgentContext, settings: Settings, mode: str, simulated: bool
) -> None:
    settings.PROVIDERS = scripted([FINE], mode=mode)
    run = AgentRun.objects.get(id=run_agent("speaker", {}, context).agent_run_id)
    assert (run.is_simulated, run.cost_usd) == (simulated, COST_USD)
    assert run.steps.get(kind="claude").is_simulated == simulated


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (WRONG, "The summary is wrong; write another."),
        ({}, "The field 'summary' does not do: Field required."),
        ({"summary": 7}, "The field 'summary' does not do: Input should be a valid string."),
        (
            {"summary": "a", "colour": "red"},
            "The field 'colour' does not do: Extra inputs are not permitted.",
        ),
        (OutputInvalid("The answer is not JSON.", answer=answer(FINE)), "The answer is not JSON."),
    ],
)
def test_ask_agent_whose_words_do_not_fit_asks_once_more_with_the_reason(
    context: AgentContext, settings: Settings, first: Any, sentence: str
) -> None:
    settings.PROVIDERS = scripted([first, FINE])
    assert run_agent("speaker", {}, context).output["summary"] == "All is well."
    question, repair = model_asked()
    assert repair.user == (
        f"{question.user}\n\nYour last answer could not be used: {sentence} Answer again, in full."
    )
    assert repair.system == question.system


def test_ask_agent_whose_words_echo_the_system_text_asks_once_more_and_keeps_none_of_it(
    context: AgentContext, settings: Settings
) -> None:
    echo = {"summary": f"I was told: {render_system(context.brand, context.locale)}"}
    settings.PROVIDERS = scripted([echo])
    with pytest.raises(OutputInvalid, match="The answer repeats its instructions") as failure:
        run_agent("speaker", {}, context)
    assert (len(model_asked()), failure.value.request_id) == (2, "req_2")
    assert failure.value.usage == Usage(input_tokens=1_000, output_tokens=100)
    for step in AgentStep.objects.filter(kind="claude"):
        text = (step.response or {})["text"]
        assert "[system prompt]" in text
        assert "people who run TikTok accounts" not in text


def test_ask_agent_whose_words_never_fit_gives_up_after_the_second(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([WRONG])
    with pytest.raises(OutputInvalid, match="The summary is wrong") as failure:
        run_agent("speaker", {}, context)
    assert len(model_asked()) == 2
    assert failure.value.usage == Usage(input_tokens=1_000, output_tokens=100)
    run = AgentRun.objects.get()
    assert (run.status, run.cost_usd) == ("failed", 2 * COST_USD)
    assert run.error == "OutputInvalid: The summary is wrong; write another."
    assert run.facts is not None
    assert run.output is None


def test_ask_agent_whose_answer_was_paid_but_useless_keeps_what_it_took(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([OutputTruncated("It was cut off.", answer=answer({}))])
    with pytest.raises(OutputTruncated):
        run_agent("speaker", {}, context)
    called = AgentStep.objects.get(kind="claude")
    assert (called.input_tokens, called.cost_usd) == (1_000, COST_USD)
    assert called.error == "OutputTruncated: It was cut off."
    assert AgentRun.objects.get().cost_usd == COST_USD


def test_ask_agent_whose_answer_is_lost_keeps_that_it_asked(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([OutputTruncated("It was cut off.")])
    with pytest.raises(OutputTruncated):
        run_agent("speaker", {}, context)
    called = AgentStep.objects.get(kind="claude")
    assert (called.response, called.cost_usd) == (None, Decimal(0))
    assert called.error == "OutputTruncated: It was cut off."


def test_ask_agent_whose_provider_is_away_keeps_the_providers_own_number(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([ProviderUnavailable("No answer.", request_id="req_9")])
    with pytest.raises(ProviderUnavailable):
        run_agent("speaker", {}, context)
    called = AgentStep.objects.get(kind="claude")
    assert (called.provider_request_id, called.error) == ("req_9", "ProviderUnavailable: No answer.")
    assert len(model_asked()) == 1


def test_ask_agent_of_a_model_without_a_price_makes_no_call(
    context: AgentContext, settings: Settings
) -> None:
    settings.MODELS = {"fast": "claude-brand-new", "smart": "claude-brand-new"}
    held: list[float] = []
    with pytest.raises(PriceUnknown, match="The price of the model 'claude-brand-new'"):
        run_agent("speaker", {}, context, hold=held.append)
    assert (model_asked(), held) == ([], [])
    assert AgentRun.objects.get().status == "failed"


def test_ask_agent_with_a_prompt_that_may_be_beyond_the_priced_length_makes_no_call(
    context: AgentContext,
) -> None:
    ModelPrice.objects.filter(model="claude-haiku-5-5", up_to_input_tokens=None).delete()
    long = replace(context, brand=BrandVoice(name="Blick", guidelines="ü" * 50_000))
    with pytest.raises(PriceUnknown, match="send a shorter one"):
        run_agent("speaker", {}, long)
    assert model_asked() == []


def test_ask_agent_whose_answer_took_more_than_is_priced_keeps_its_tokens(
    context: AgentContext, settings: Settings
) -> None:
    ModelPrice.objects.filter(model="claude-haiku-5-5", up_to_input_tokens=None).delete()
    long = answer(FINE, usage=Usage(input_tokens=100_001, output_tokens=1))
    settings.PROVIDERS = scripted([OutputInvalid("Not JSON.", answer=long)])
    with pytest.raises(PriceUnknown, match="100,001 tokens"):
        run_agent("speaker", {}, context)
    assert AgentStep.objects.get(kind="claude").input_tokens == AgentRun.objects.get().input_tokens == 100_001


def test_ask_unknown_agent_is_refused_and_leaves_nothing(context: AgentContext) -> None:
    with pytest.raises(AgentRefused) as refusal:
        run_agent("nobody", {}, context)
    assert str(refusal.value) == "There is no agent 'nobody'; there are silent, speaker."
    assert not AgentRun.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"colour": "red"},
            "The agent 'silent' does not take colour = 'red': Extra inputs are not permitted.",
        ),
        (
            {"number": -1},
            "The agent 'silent' does not take number = -1: Input should be greater than or equal to 0.",
        ),
        ({"tags": ["a", 1]}, "The agent 'silent' does not take tags.1 = 1: Input should be a valid string."),
    ],
)
def test_ask_agent_with_an_input_it_does_not_take_is_refused(
    context: AgentContext, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AgentRefused) as refusal:
        run_agent("silent", given, context)
    assert str(refusal.value) == sentence
    run = AgentRun.objects.get()
    assert (run.status, run.error, run.facts) == ("failed", f"AgentRefused: {sentence}", None)
    assert trace() == []


def test_ask_agent_with_an_input_that_is_no_object_is_refused(context: AgentContext) -> None:
    given: Any = ["a"]
    with pytest.raises(
        AgentRefused, match=r"does not take the whole = \['a'\]: Input should be a valid dict"
    ):
        run_agent("silent", given, context)


@pytest.mark.parametrize("speaks", [False, True])
def test_ask_agent_that_has_a_bug_fails_with_what_it_was(
    monkeypatch: pytest.MonkeyPatch, context: AgentContext, speaks: bool
) -> None:
    use_compute(monkeypatch, raising(ZeroDivisionError("division by zero")), speaks=speaks)
    with pytest.raises(ZeroDivisionError):
        run_agent("acting", {}, context)
    run = AgentRun.objects.get()
    assert (run.status, run.error) == ("failed", "ZeroDivisionError: division by zero")
    assert trace() == []


def test_ask_agent_gives_it_its_input_and_its_context(
    monkeypatch: pytest.MonkeyPatch, context: AgentContext
) -> None:
    seen: list[Any] = []
    on_compute: Callable[[Any, Any], None] = lambda given, context: seen.extend([given, context])  # noqa: E731
    use_compute(monkeypatch, on_compute)
    run_agent("acting", {"text": "hi"}, context)
    assert seen == [MadeInput(text="hi"), context]
