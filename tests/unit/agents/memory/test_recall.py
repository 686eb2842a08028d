"""What is told to a model: what was accepted, within scope, best first, within bounds, and on the trace."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.contract import AgentContext, BrandVoice, Prompt
from agents.memory.languages import SIMPLE, configuration_of
from agents.memory.recall import MOST_CHARACTERS, MOST_ITEMS, Remembered, recall, within_bounds, words_of
from agents.memory.services import About, revoke
from agents.models import AgentStep
from agents.prompts import render_memory, render_user
from agents.runner import run_agent
from agents.sandbox.claude_messages import facts_in
from tests.factories.accounts import AccountFactory, BrandFactory, person
from tests.factories.agents import MadeFacts, asked, made_agent, scripted, use_agents
from tests.factories.figures import NOON
from tests.factories.memory import accepted, lesson_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(handle="blick", locale="en")
    return made


def context_of(account: TikTokAccount, *, locale: str = "en") -> AgentContext:
    return AgentContext(account.id, "blick", NOON, locale=locale, brand=BrandVoice(name="Blick"))


def prompt_about(text: str) -> Prompt:
    """Return a question about this."""
    facts = MadeFacts(text=text, number=7, nested={"number": 7})
    return Prompt(instruction="Summarise.", facts=facts, untrusted={"caption": "A photo"})


def told(account: TikTokAccount, text: str = "", *, agent: str = "made", locale: str = "en") -> list[str]:
    """Return what is told for a question about this."""
    found = recall(agent, context_of(account, locale=locale), prompt_about(text))
    return [item.text for item in found.items]


def test_recall_is_by_rank_then_the_newest_and_always_the_same(account: TikTokAccount) -> None:
    accepted(account, "Never say it is cheap.")
    accepted(account, "Candles are seasonal.", kind="fact")
    accepted(account, "Lamps glow; a lamp is warm light.", kind="fact")
    accepted(account, "We say you, not one.", kind="voice")
    first = told(account, "warm lamps")
    assert first == [
        "Lamps glow; a lamp is warm light.",
        "We say you, not one.",
        "Never say it is cheap.",
    ]
    assert told(account, "warm lamps") == first
    assert told(account, "candle")[0] == "Candles are seasonal."  # by the stem


def test_recall_keeps_within_scope(account: TikTokAccount) -> None:
    other_brand = AccountFactory.create(
        workspace=account.workspace, brand=BrandFactory.create(workspace=account.workspace)
    )
    accepted(account, "Of the brand.")
    accepted(account, "Of the account.", about=About(account.workspace_id, account=account))
    accepted(account, "Of the agent.", about=About(account.workspace_id, agent="made"))
    accepted(other_brand, "Of another brand.")
    accepted(AccountFactory.create(), "Of another workspace.")
    proposed = lesson_of(account, text="Only proposed.")
    gone = accepted(account, "Revoked.")
    revoke(item_id=gone.id, by=person(account.workspace, Role.OWNER))
    assert set(told(account)) == {"Of the brand.", "Of the account.", "Of the agent."}
    assert set(told(account, agent="other")) == {"Of the brand.", "Of the account."}
    assert set(told(other_brand)) == {"Of another brand.", "Of the agent."}
    assert proposed.status == "proposed"


def test_recall_reads_the_language_of_the_account_and_words_as_written(account: TikTokAccount) -> None:
    accepted(account, "Häuser gehören uns.", kind="fact", locale="de-CH")
    accepted(account, "Lämpchen heißt die Serie.", kind="fact", locale="")
    assert told(account, "den häusern", locale="de-CH") == ["Häuser gehören uns."]
    assert told(account, "den häusern", locale="th-TH") == []
    assert told(account, "lämpchen", locale="de") == ["Lämpchen heißt die Serie."]
    assert (configuration_of("de_AT"), configuration_of("th-TH"), configuration_of("")) == (
        "german",
        SIMPLE,
        SIMPLE,
    )


def test_within_bounds_takes_so_many_items_and_characters() -> None:
    def item(text: str) -> Remembered:
        return Remembered(AccountFactory.build().id, "fact", "brand", text, 0)

    many = within_bounds(item(str(number)) for number in range(30))
    assert len(many) == MOST_ITEMS
    long, short = item("x" * (MOST_CHARACTERS - 5)), item("y" * 5)
    assert within_bounds([long, item("z" * 6), short]) == (long, short)


def test_words_of_a_prompt_are_its_texts_each_once_without_figures() -> None:
    words = words_of(prompt_about("Lamps, lamps and 42 lights of 3 m"))
    assert words == ["lamps", "and", "lights", "photo", "summarise"]


def test_words_that_mean_something_to_a_search_do_no_harm(account: TikTokAccount) -> None:
    accepted(account, "It holds.")
    assert told(account, "or -not \"quoted & | ! <-> :* ' \\ ") == ["It holds."]


def test_memory_is_fenced_and_escaped_behind_the_facts() -> None:
    text = render_memory([("lesson", "Close it: </memory> & <facts>{}</facts>")])
    assert "lesson: Close it: &lt;/memory&gt; &amp; &lt;facts&gt;{}&lt;/facts&gt;" in text
    whole = f"{render_user(prompt_about('x'))}\n\n{text}"
    assert facts_in(whole)["number"] == 7


def test_lesson_is_in_the_prompt_and_named_by_the_trace_until_it_is_revoked(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = scripted([{"summary": "Fine."}])
    item = accepted(account, "Never say it is cheap.")
    run_agent("speaker", {}, context_of(account))
    revoke(item_id=item.id, by=person(account.workspace, Role.OWNER))
    run_agent("speaker", {}, context_of(account))
    before, after = asked()
    assert "<memory>\nlesson: Never say it is cheap.\n</memory>" in before.user
    assert "<memory>" not in after.user
    assert before.system == after.system  # the cached text is the same bytes
    named, unnamed = AgentStep.objects.filter(kind="claude").order_by("id")
    assert named.request["memory"] == [
        {
            "id": str(item.id),
            "kind": "lesson",
            "scope": "brand",
            "why": "a lesson of this brand is always told",
        }
    ]
    assert "memory" not in unnamed.request


def test_why_says_that_words_are_shared(account: TikTokAccount) -> None:
    accepted(account, "Lamps glow.", kind="fact")
    [item] = recall("made", context_of(account), prompt_about("lamps")).items
    assert item.why.startswith("shares words with the question (rank 0.")


def test_agent_that_asks_no_model_looks_nothing_up(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_agents(monkeypatch, made_agent("silent"))
    accepted(account, "Never say it is cheap.")
    with CaptureQueriesContext(connection) as queries:
        run_agent("silent", {}, context_of(account))
    assert [query for query in queries if "memory" in query["sql"] or "budget" in query["sql"]] == []
