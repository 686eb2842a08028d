"""A figure a model makes up is sent back once, and not taken; one it was handed is, however it is written."""

from typing import Any

import pytest
from pytest_django import Settings

from agents.contract import AgentContext, BrandVoice
from agents.models import AgentRun
from agents.providers.errors import OutputInvalid
from agents.runner import run_agent
from tests.factories.accounts import AccountFactory
from tests.factories.agents import asked, made_agent, scripted, use_agents
from tests.factories.figures import NOON
from tests.factories.memory import accepted
from tiktok_ops.accounts.models import TikTokAccount

pytestmark = pytest.mark.django_db

GIVEN = {"text": "Sold 1,204 lamps for ana@example.com", "number": 7}


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(handle="lamps1900")
    return made


@pytest.fixture
def context(account: TikTokAccount, monkeypatch: pytest.MonkeyPatch) -> AgentContext:
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    brand = BrandVoice(name="Lumen", guidelines="We have made lamps since 1987.")
    return AgentContext(account.id, account.handle, NOON, brand=brand)


def said(context: AgentContext, **options: Any) -> str:
    """Return what the agent says of what it is given."""
    return str(run_agent("speaker", GIVEN, context, **options).output["summary"])


def test_made_up_figure_is_sent_back_with_the_field_and_the_figure(
    context: AgentContext, settings: Settings
) -> None:
    settings.PROVIDERS = scripted([{"summary": "It has 98,765 views."}, {"summary": "It has views."}])
    assert said(context) == "It has views."
    first, second = asked()
    assert "98,765" not in first.user
    assert "The field 'summary' has the figure '98,765', which is none of the facts" in second.user


def test_made_up_figure_said_twice_is_not_taken(context: AgentContext, settings: Settings) -> None:
    settings.PROVIDERS = scripted([{"summary": "It has 98,765 views."}] * 2)
    with pytest.raises(OutputInvalid, match="has the figure '98,765'"):
        said(context)
    assert AgentRun.objects.get().output is None


@pytest.mark.parametrize(
    "summary",
    [
        "7 of them.", "1 204 lamps.", "1.2k lamps.", "Since 1987.", "@lamps1900 is well.", "Write to [EMAIL_1].",
        "Seven of them.",
    ],
)  # fmt: skip
def test_figure_that_was_handed_over_is_taken(
    context: AgentContext, settings: Settings, summary: str
) -> None:
    settings.PROVIDERS = scripted([{"summary": summary}])
    assert said(context) == summary.replace("[EMAIL_1]", "ana@example.com")
    assert len(asked()) == 1


def test_figure_of_a_persons_own_instruction_is_taken(context: AgentContext, settings: Settings) -> None:
    settings.PROVIDERS = scripted([{"summary": "All 25 % off."}])
    assert said(context, instruction="Say that all is 25 % off.") == "All 25 % off."


def test_figure_that_is_only_remembered_is_not_taken(
    account: TikTokAccount, context: AgentContext, settings: Settings
) -> None:
    accepted(account, "It was 4,321 views last time.")
    settings.PROVIDERS = scripted([{"summary": "It has 4,321 views."}, {"summary": "Fine."}])
    assert said(context) == "Fine."
    assert "4,321" in asked()[0].user
