"""Long prompts: counted before they are paid for, priced by what they really are, refused where too long."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from pytest_django import Settings

from agents import prompt_size
from agents.contract import AgentContext, BrandVoice
from agents.models import AgentRun, AgentStep
from agents.prompt_size import COUNTED_FROM_BYTES, MOST_INPUT_TOKENS
from agents.providers.claude import ClaudeProvider
from agents.providers.errors import Advice, PromptTooLong, ProviderUnavailable
from agents.providers.registry import get_provider
from agents.runner import run_agent
from agents.sandbox.claude import SandboxClaudeTransport
from tests.factories.accounts import AccountFactory
from tests.factories.agents import asked, faulty, made_agent, scripted, use_agents
from tests.factories.figures import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> AgentContext:
    """Return whom an agent that speaks works for, with the sandbox to answer it."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = faulty()
    return AgentContext(account_id=AccountFactory.create().id, handle="blick", as_of=NOON)


def saying(context: AgentContext, characters: int) -> AgentContext:
    """Return the context with a brand that says this much of itself."""
    return replace(context, brand=BrandVoice(name="Blick", guidelines="a" * characters))


def sent() -> list[str]:
    """Return the paths of what the sandbox received."""
    provider: Any = get_provider("claude")
    transport: SandboxClaudeTransport = provider.transport
    return [received.path for received in transport.received]


def test_ask_with_a_short_prompt_counts_nothing(context: AgentContext) -> None:
    run_agent("speaker", {}, saying(context, 50_000))
    assert sent() == ["/v1/messages"]


def test_ask_with_a_long_prompt_counts_it_first_and_traces_that(context: AgentContext) -> None:
    held: list[float] = []
    run_agent("speaker", {}, saying(context, COUNTED_FROM_BYTES), hold=held.append)
    assert sent() == ["/v1/messages/count_tokens", "/v1/messages"]
    counted, said = AgentStep.objects.exclude(kind="guardrail").order_by("id")
    assert (counted.kind, counted.name, counted.cost_usd) == ("provider", "count_tokens", Decimal(0))
    assert counted.response == {"input_tokens": said.input_tokens}
    assert (counted.model, counted.is_simulated, len(held)) == ("claude-haiku-5-5", True, 2)


def test_ask_with_a_prompt_that_is_too_long_is_refused_before_it_is_paid(context: AgentContext) -> None:
    with pytest.raises(PromptTooLong) as refused:
        run_agent("speaker", {}, saying(context, MOST_INPUT_TOKENS * 4))
    assert sent() == ["/v1/messages/count_tokens"]
    assert str(refused.value).startswith("The prompt for 'speaker_words' has 180,")
    assert "at most 180,000 are paid for: nothing was sent" in str(refused.value)
    assert (refused.value.advice, refused.value.was_sent) == (Advice.GIVE_UP, False)
    assert (AgentRun.objects.get().status, AgentRun.objects.get().cost_usd) == ("failed", Decimal(0))


def test_ask_with_a_long_prompt_that_cannot_be_counted_is_not_paid(
    context: AgentContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500)

    provider = get_provider("claude")
    assert isinstance(provider, ClaudeProvider)
    wire: Callable[[httpx2.Request], httpx2.Response] = refuse
    monkeypatch.setattr(provider.transport, "handle_request", wire)
    with pytest.raises(ProviderUnavailable):
        run_agent("speaker", {}, saying(context, COUNTED_FROM_BYTES))
    assert [step.kind for step in AgentStep.objects.exclude(kind="guardrail")] == ["provider"]


def test_ask_a_provider_that_cannot_count_goes_by_the_bytes(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([{"summary": "Fine."}])
    run_agent("speaker", {}, saying(context, MOST_INPUT_TOKENS - 5_000))
    assert len(asked()) == 1
    with pytest.raises(PromptTooLong):
        run_agent("speaker", {}, saying(context, MOST_INPUT_TOKENS))
    assert len(asked()) == 1


def test_count_from_a_length_no_dearer_price_begins_below() -> None:
    assert COUNTED_FROM_BYTES <= 100_000  # the first tier there is: a token is at least a byte
    assert MOST_INPUT_TOKENS + 8_192 <= 200_000
    assert prompt_size.COUNT_SECONDS > 0
