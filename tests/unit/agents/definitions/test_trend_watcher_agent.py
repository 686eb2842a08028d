from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from agents.contract import AgentContext, BrandVoice, ModelTier
from agents.definitions import trend_watcher
from agents.definitions.trend_watcher import (
    TrendFacts,
    TrendInput,
    TrendOutput,
    TrendReason,
    TrendWords,
    agent,
    watch_trends,
)
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH")
TEA_HOUSE = BrandVoice(name="Tea house", voice="tea", guidelines="ritual")


def post(*tags: str, views: int = 100, days_ago: float = 10, caption: str = "") -> PostFigures:
    """A post by its tags; by default of the time before the fresh week."""
    return make_post(created_at=NOON - timedelta(days=days_ago), caption=caption, hashtags=tags, views=views)


def tea_week() -> list[PostFigures]:
    """Eight posts before, and #tea rising this week."""
    return [post()] * 8 + [post("tea", views=700, days_ago=1), post("tea", views=700, days_ago=0)]


def rivals() -> list[PostFigures]:
    """Two fresh posts that each tell their own story, the first the more viewed."""
    return [
        post("r00", views=1000, days_ago=1, caption="tea"),
        post("r01", views=999, days_ago=1, caption="tea"),
    ]


def watched(posts: Sequence[PostFigures]) -> TrendFacts:
    return watch_trends(posts, TrendInput(), NOON, brand=TEA_HOUSE)


def test_describe_agent_by_its_permanent_name() -> None:
    assert (agent.name, agent.model_tier) == ("trend_watcher", ModelTier.FAST)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        TrendInput,
        TrendFacts,
        TrendWords,
        TrendOutput,
    )


def test_compute_reads_the_fresh_hours_and_the_ninety_days_before(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[UUID, datetime, datetime]] = []

    def stored_posts(account_id: UUID, *, as_of: datetime, since: datetime) -> list[PostFigures]:
        asked.append((account_id, as_of, since))
        return tea_week()

    monkeypatch.setattr(trend_watcher, "posts_until", stored_posts)
    monkeypatch.setattr(trend_watcher, "trends_until", lambda account_id, **asked: [])
    context = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, brand=TEA_HOUSE)
    facts = agent.compute(TrendInput(freshness_hours=48), context)
    assert facts.vocabulary == "brand"
    assert [trend.tag for trend in facts.trends] == ["tea"]
    assert asked == [(UUID(int=7), NOON, NOON - timedelta(days=92))]


def test_prompt_hands_over_figures_and_keeps_captions_apart() -> None:
    captions = ["oldest", "  two\nlines ", "x" * 300, "newest"]
    fresh = [post("tea", days_ago=6 - n, caption=caption) for n, caption in enumerate(captions)]
    facts = watched([post()] * 8 + fresh)
    prompt = agent.prompt(facts, CONTEXT)
    assert prompt is not None
    # the newest three that say anything
    assert prompt.untrusted == {"tea": "newest\n" + "x" * 200 + "\ntwo lines"}
    assert "newest" not in prompt.facts.model_dump_json() + prompt.instruction
    assert [trend["tag"] for trend in prompt.facts.model_dump()["trends"]] == ["tea"]
    assert "'de-CH'" in prompt.instruction


def test_prompt_without_captions_sends_none() -> None:
    prompt = agent.prompt(watched(tea_week()), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {}


def test_prompt_without_trends_asks_for_nothing() -> None:
    assert agent.prompt(watched([]), CONTEXT) is None


def words(*tags: str, why: str = " Because. ") -> TrendWords:
    return TrendWords(trends=tuple(TrendReason(tag=tag, why=why) for tag in tags))


def test_compose_joins_reasons_by_tag_whatever_their_order() -> None:
    facts = watched([post()] * 30 + rivals())
    output = agent.compose(facts, words("r01", "r00"))
    assert [(trend.tag, trend.why) for trend in output.trends] == [("r00", "Because."), ("r01", "Because.")]
    assert output.model_dump(exclude={"trends"}) == facts.model_dump(exclude={"trends", "captions"})
    assert [trend.fit for trend in output.trends] == [trend.fit for trend in facts.trends]


@pytest.mark.parametrize("tags", [(), ("tea", "tea"), ("Tea",), ("tea", "dog")])
def test_compose_with_missing_double_or_unknown_tags_says_which_are_wanted(tags: tuple[str, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"trends has the tags \[.*\]; give exactly one item for each of \['tea'\]"
    ):
        agent.compose(watched(tea_week()), words(*tags))


def test_compose_without_words_for_trends_is_refused() -> None:
    with pytest.raises(ValueError, match=r"trends has the tags \[\]"):
        agent.compose(watched(tea_week()), None)


def test_compose_with_an_empty_reason_names_the_tag() -> None:
    with pytest.raises(ValueError, match="trends has an empty why for 'tea'; write one sentence"):
        agent.compose(watched(tea_week()), words("tea", why=" \n"))


def test_compose_without_enough_data_needs_no_words() -> None:
    output = agent.compose(watched([]), None)
    assert (output.enough_data, output.trends, output.source) == (False, (), "own posts")


def test_default_input_is_a_week_and_ten_trends() -> None:
    assert TrendInput().model_dump() == {
        "category": "",
        "region": "",
        "freshness_hours": 168,
        "min_fit": 0.01,
        "max_trends": 10,
    }


@pytest.mark.parametrize(
    "values",
    [
        {"freshness_hours": 0},
        {"freshness_hours": 2161},
        {"min_fit": -0.1},
        {"min_fit": 1.1},
        {"max_trends": 0},
        {"max_trends": 51},
        {"region": "x" * 11},
        {"category": "x" * 101},
        {"days": 7},
    ],
)
def test_input_outside_its_bounds_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        TrendInput.model_validate(values)
