"""The sandbox's log of questions and its prompt cache, written apart and read by every process.

What is written apart is not rolled back with a test: each asks with a text nobody else used.
"""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from django.db import transaction
from pytest_django import Settings

from agents.contract import AgentContext, BrandVoice
from agents.models import AgentRun, AgentStep, SandboxQuestion
from agents.prices.pricing import cost_usd
from agents.prices.public import PUBLIC_PRICES
from agents.prompts import render_system
from agents.providers.claude import ClaudeProvider
from agents.providers.errors import ProviderError
from agents.providers.language import Usage
from agents.runner import Asked, run_agent
from agents.sandbox.claude import SandboxClaudeTransport
from agents.sandbox.claude_log import digest_of
from agents.totals import totals_of_run
from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.figures import NOON
from tests.unit.agents.providers.wire import KEY, make_request

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 20)
CLASSES = [field.name for field in SandboxQuestion._meta.fields if field.name.endswith("_tokens")]


def sandbox(**faults: Any) -> ClaudeProvider:
    """Return a sandbox that keeps its log."""
    return ClaudeProvider("sandbox", {"faults": faults, "keeps_log": True})


def long_system() -> str:
    """Return a system text that nobody used before, long enough for the cache: 1,024 tokens of 4 bytes and more."""
    return f"{uuid4()} " + "words " * 700


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> AgentContext:
    """Return whom two agents that speak work for: a brand that says much about itself."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True), made_agent("teller", speaks=True))
    brand = BrandVoice(name="Blick", guidelines=long_system())
    return AgentContext(account_id=AccountFactory.create().id, handle="blick", as_of=NOON, brand=brand)


def test_ask_logs_the_texts_and_the_tokens_by_class_for_every_process() -> None:
    request = make_request(system=str(uuid4()), user="Tell \\ud800 this.\0")
    provider = sandbox()
    with transaction.atomic():
        answer = provider.ask(request)
        transaction.set_rollback(True)  # whatever becomes of the caller
    row = SandboxQuestion.objects.get(system=request.system)
    assert (row.operation, row.status, row.model) == ("messages", 200, "claude-haiku-5-5")
    assert (row.system_sha256, row.user_sha256) == (digest_of(request.system), digest_of(request.user))
    assert row.user == "Tell \\ud800 this.\ufffd"
    assert (row.request_id, row.cache_ttl) == (answer.request_id, "5m")
    usage = Usage(**{name: getattr(row, name) for name in CLASSES})
    assert usage == answer.usage
    assert usage.input_tokens == -(-len(request.system) // 4) + -(-len(request.user.encode()) // 4)


def test_ask_in_vain_logs_that_it_was_asked_and_nothing_was_paid() -> None:
    for fault, status in (("rate_limited", 429), ("reset_after", None)):
        request = make_request(system=str(uuid4()))
        with pytest.raises(ProviderError):
            sandbox(**{fault: 1}).ask(request)
        row = SandboxQuestion.objects.get(system=request.system)
        assert (row.status, row.fault, row.input_tokens, row.output_tokens) == (status, fault, 0, 0)


def test_ask_in_vain_before_it_arrived_logs_nothing() -> None:
    request = make_request(system=str(uuid4()))
    with pytest.raises(ProviderError):
        sandbox(reset_before=1).ask(request)
    assert not SandboxQuestion.objects.filter(system=request.system).exists()


def test_ask_again_with_a_long_system_text_reads_it_from_the_cache() -> None:
    request = make_request(system=long_system())
    first, second = sandbox().ask(request).usage, sandbox().ask(request).usage
    tokens = -(-len(request.system) // 4)
    assert (first.cache_write_5m_tokens, first.cache_read_tokens) == (tokens, 0)
    assert (second.cache_write_5m_tokens, second.cache_read_tokens) == (0, tokens)
    assert first.total_input_tokens == second.total_input_tokens
    costs = [
        cost_usd(model=request.model, usage=usage, prices=PUBLIC_PRICES, on=TODAY)
        for usage in (first, second)
    ]
    # 0.125 USD a million tokens written for five minutes, 0.01 read.
    assert float(costs[0] - costs[1]) == pytest.approx(tokens * (0.125 - 0.01) / 1_000_000, abs=2e-6)


def test_ask_again_of_another_model_or_text_finds_nothing_in_the_cache() -> None:
    request = make_request(system=long_system())
    sandbox().ask(request)
    for changes in ({"model": "claude-haiku-4-5"}, {"system": long_system()}):
        assert (
            sandbox().ask(make_request(**{"system": request.system, **changes})).usage.cache_read_tokens == 0
        )


def test_ask_for_an_hour_in_the_cache_is_counted_apart() -> None:
    body = {
        "model": "claude-haiku-5-5",
        "max_tokens": 100,
        "system": [
            {"type": "text", "text": long_system(), "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        ],
        "messages": [{"role": "user", "content": "Summarise."}],
    }
    headers = {"authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}
    with httpx2.Client(transport=SandboxClaudeTransport(keeps_log=True), headers=headers) as client:
        usages = [client.post("https://x.invalid/v1/messages", json=body).json()["usage"] for _ in range(2)]
    written = [usage["cache_creation"]["ephemeral_1h_input_tokens"] for usage in usages]
    assert (written[1], written[0]) == (0, usages[1]["cache_read_input_tokens"])
    assert written[0] > 1024


def test_count_tokens_logs_the_question_and_costs_nothing() -> None:
    request = make_request(system=str(uuid4()))
    provider = sandbox()
    assert provider.count_tokens(request) == provider.ask(request).usage.input_tokens
    counted, _ = SandboxQuestion.objects.filter(system=request.system)
    assert (counted.operation, counted.input_tokens, counted.output_tokens) == ("count_tokens", 0, 0)


@pytest.mark.parametrize(
    ("method", "content", "status"),
    [
        ("GET", b"", 405),
        ("POST", b"[" * 100_000, 400),
        ("POST", b"[]", 400),
        ("POST", json.dumps({"model": "claude-x", "max_tokens": 5, "messages": []}).encode(), 400),
        ("POST", json.dumps({"model": "claude-x", "messages": []}).encode(), 400),
    ],
)
def test_count_tokens_of_what_is_no_question_is_refused(method: str, content: bytes, status: int) -> None:
    headers = {"authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}
    with httpx2.Client(transport=SandboxClaudeTransport(), headers=headers) as client:
        answer = client.request(method, "https://x.invalid/v1/messages/count_tokens", content=content)
    assert answer.status_code == status


def test_run_agents_of_a_brand_costs_what_the_sandbox_counted(
    context: AgentContext, settings: Settings
) -> None:
    claude = {**settings.PROVIDERS["claude"], "OPTIONS": {"keeps_log": True}}
    settings.PROVIDERS = {**settings.PROVIDERS, "claude": claude}
    run_id = uuid4()
    for name, number in (("speaker", 1), ("teller", 2), ("speaker", 3)):
        run_agent(name, {"number": number}, context, asked=Asked(run_id=run_id))
    system = render_system(context.brand, context.locale)
    rows = SandboxQuestion.objects.filter(system_sha256=digest_of(system))
    counted = {name: sum(getattr(row, name) for row in rows) for name in CLASSES}
    totals = totals_of_run(run_id)
    assert (totals.tokens, totals.calls, rows.count()) == (counted, 3, 3)
    assert counted["cache_read_tokens"] == 2 * counted["cache_write_5m_tokens"] > 0
    runs = AgentRun.objects.filter(run_id=run_id)
    assert sum(run.cost_usd for run in runs) == totals.simulated_usd > 0
    whole = sum(
        cost_usd(
            model=row.model,
            usage=Usage(**{name: getattr(row, name) for name in CLASSES}),
            prices=PUBLIC_PRICES,
            on=TODAY,
        )
        for row in rows
    )
    assert whole == totals.simulated_usd
    steps = AgentStep.objects.filter(agent_run__run_id=run_id, kind="claude").order_by("id")
    assert [step.request["user"] for step in steps] == [row.user for row in rows]
