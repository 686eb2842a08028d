"""The system text on the wire: the same bytes for every question of a brand, so that it is paid for once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pytest_django import Settings

from agents.contract import AgentContext, BrandVoice
from agents.providers.claude import ClaudeProvider
from agents.providers.registry import get_provider
from agents.runner import Asked, run_agent
from agents.sandbox.claude import SandboxClaudeTransport
from tests.factories.accounts import AccountFactory
from tests.factories.agents import faulty, made_agent, use_agents
from tests.factories.figures import NOON

pytestmark = pytest.mark.django_db

BRAND = BrandVoice(
    name="Blick <Zürich>",
    voice="Kurz & klar.",
    guidelines="Nie duzen.\nNie schreien!",
    banned_claims=("heilt",),
)


class Recording(SandboxClaudeTransport):
    """The sandbox, and the bytes of all that came to it."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Keep the bytes and answer."""
        self.bodies.append(request.read())
        return super().handle_request(request)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Recording:
    """Have two agents of different tiers speak over a wire that keeps what goes over it."""
    smart = made_agent("smart", speaks=True)
    monkeypatch.setattr(type(smart), "model_tier", "smart")
    use_agents(monkeypatch, made_agent("fast", speaks=True), smart)
    recording = Recording()
    settings.PROVIDERS = faulty()
    provider: Any = get_provider("claude")
    assert isinstance(provider, ClaudeProvider)
    monkeypatch.setattr(provider, "_given_transport", recording)
    return recording


def system_of(body: bytes) -> bytes:
    """Return the bytes of the system part of a body."""
    return body[body.index(b'"system":') : body.index(b"}]", body.index(b'"system":')) + 2]


def test_ask_for_a_brand_sends_the_same_system_bytes_whoever_asks_when_and_for_which_run(
    wire: Recording,
) -> None:
    account = AccountFactory.create()
    context = AgentContext(account_id=account.id, handle="blick", as_of=NOON, locale="de-CH", brand=BRAND)
    other = AccountFactory.create()
    run_agent("fast", {"text": "one"}, context, asked=Asked(run_id=uuid4(), step_id=uuid4(), claim=1))
    elsewhere = replace(context, account_id=other.id, handle="other", as_of=NOON + timedelta(days=400))
    run_agent("smart", {"number": 2}, elsewhere, asked=Asked(run_id=uuid4(), step_id=uuid4(), claim=7))
    run_agent("fast", {}, replace(context, brand=replace(BRAND)), instruction="Say it otherwise.")
    first, second, third = map(system_of, wire.bodies)
    assert first == second == third
    assert first.startswith(b'"system":[{"')
    assert b'"cache_control":{"type":"ephemeral"}' in first
    assert len(set(wire.bodies)) == 3


def test_ask_for_another_brand_or_locale_sends_another(wire: Recording) -> None:
    account = AccountFactory.create()
    context = AgentContext(account_id=account.id, handle="blick", as_of=NOON, locale="de-CH", brand=BRAND)
    for changed in (
        context,
        replace(context, locale="fr-CH"),
        replace(context, brand=None),
        replace(context, brand=replace(BRAND, voice="Kurz.")),
    ):
        run_agent("fast", {}, changed)
    assert len(set(map(system_of, wire.bodies))) == 4


def test_ask_once_more_for_other_words_sends_the_same_system_bytes(
    wire: Recording, settings: Settings
) -> None:
    settings.PROVIDERS = faulty(malformed=1)
    provider: Any = get_provider("claude")
    recording = Recording()
    recording._faults = provider._options.faults
    provider._given_transport = recording
    account = AccountFactory.create()
    run_agent("fast", {}, AgentContext(account_id=account.id, handle="b", as_of=NOON, brand=BRAND))
    question, repair = recording.bodies
    assert system_of(question) == system_of(repair)
    assert question != repair
