import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.contract import AgentContext, ModelTier
from agents.definitions import account_health, health_input
from agents.definitions.account_health import (
    HealthFacts,
    HealthOutput,
    HealthWords,
    agent,
    assess,
)
from agents.definitions.health_input import HealthInput
from tests.factories.figures import NOON, make_posts
from tests.forms import examples
from tiktok_ops.content.figures import PostFigures

CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH")
POSTS = make_posts(60)


def facts_of(posts: Sequence[PostFigures], **given_values: object) -> HealthFacts:
    return assess(posts, HealthInput.model_validate(given_values), NOON)


FACTS = facts_of(POSTS)


def test_describe_agent_by_its_permanent_name() -> None:
    assert (agent.name, agent.model_tier) == ("account_health", ModelTier.FAST)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        HealthInput,
        HealthFacts,
        HealthWords,
        HealthOutput,
    )


@pytest.mark.parametrize(
    ("given_days", "days_read"),
    [((14, 30), 90), ((1, 1), 90), ((60, 30), 90), ((60, 31), 91), ((365, 365), 730)],
)
def test_compute_reads_every_post_a_figure_needs_and_no_other(
    monkeypatch: pytest.MonkeyPatch, given_days: tuple[int, int], days_read: int
) -> None:
    asked: list[tuple[UUID, datetime, datetime]] = []

    def stored_posts(account_id: UUID, *, as_of: datetime, since: datetime) -> list[PostFigures]:
        asked.append((account_id, as_of, since))
        return POSTS

    monkeypatch.setattr(account_health, "posts_until", stored_posts)
    monkeypatch.setattr(health_input, "policy_flags_of", lambda *_, **__: [])
    given_input = HealthInput(window_days=given_days[0], baseline_days=given_days[1])
    assert agent.compute(given_input, CONTEXT) == assess(POSTS, given_input, NOON)
    assert asked == [(UUID(int=7), NOON, NOON - timedelta(days=days_read))]


def test_prompt_with_enough_data_hands_over_the_facts_and_the_language() -> None:
    prompt = agent.prompt(FACTS, CONTEXT)
    assert prompt is not None
    assert prompt.facts == FACTS
    assert "'de-CH'" in prompt.instruction
    assert dict(prompt.untrusted) == {}


def test_prompt_without_enough_data_asks_for_nothing() -> None:
    assert agent.prompt(facts_of(POSTS[-1:]), CONTEXT) is None


def test_compose_joins_the_facts_and_the_trimmed_summary() -> None:
    output = agent.compose(FACTS, HealthWords(summary="  Steady.\n"))
    assert output.summary == "Steady."
    assert output.model_dump(exclude={"summary"}) == FACTS.model_dump()


def test_compose_without_enough_data_says_how_many_posts_there_are_and_how_many_are_needed() -> None:
    output = agent.compose(facts_of(POSTS[-3:]), None)
    assert output.summary == (
        "Not enough data: a judgement needs at least 8 posts in the window and the baseline together, "
        "and this account has 3."
    )


@pytest.mark.parametrize("words", [None, HealthWords(summary=" \n"), HealthWords(summary="x" * 601)])
def test_compose_with_an_unusable_summary_says_what_to_write(words: HealthWords | None) -> None:
    length = len(words.summary.strip()) if words else 0
    with pytest.raises(ValueError, match=f"'summary' has {length} characters; write two or three sentences"):
        agent.compose(FACTS, words)


def test_compose_with_the_longest_summary_takes_it() -> None:
    assert agent.compose(FACTS, HealthWords(summary="x" * 600)).summary == "x" * 600


@pytest.mark.parametrize("days", [1, 365])
def test_accept_days_at_the_bounds(days: int) -> None:
    assert HealthInput(window_days=days, baseline_days=days).window_days == days


def test_default_input_is_two_weeks_against_a_month() -> None:
    assert HealthInput().model_dump() == {"window_days": 14, "baseline_days": 30, "policy_flags": ()}


@pytest.mark.parametrize(
    ("given_values", "sentence"),
    [
        ({"window_days": 0}, "window_days\n.*greater than or equal to 1"),
        ({"window_days": 366}, "window_days\n.*less than or equal to 365"),
        ({"baseline_days": 0}, "baseline_days\n.*greater than or equal to 1"),
        ({"baseline_days": 366}, "baseline_days\n.*less than or equal to 365"),
        ({"policy_flags": ["  "]}, "policy_flags.0\n.*at least 1 character"),
        ({"policy_flags": ["flag"] * 51}, "policy_flags\n.*at most 50 items"),
        ({"weeks": 2}, "weeks\n.*not permitted"),
    ],
)
def test_refuse_input_out_of_bounds_naming_the_field(given_values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        HealthInput.model_validate(given_values)


@settings(deadline=None, max_examples=examples(60))
@given(
    st.integers(min_value=0, max_value=10_000),
    st.integers(min_value=0, max_value=130),
    st.floats(min_value=0.5, max_value=60),
    st.integers(min_value=1, max_value=365),
)
def test_assess_any_series_in_any_order_gives_one_bounded_answer(
    seed: int, n: int, hours_apart: float, days: int
) -> None:
    posts = make_posts(n, seed=seed, hours_apart=hours_apart)
    facts = facts_of(posts, window_days=days, baseline_days=366 - days)
    shuffled = random.Random(seed).sample(posts, k=n)
    assert facts_of(shuffled, window_days=days, baseline_days=366 - days) == facts
    assert facts.enough_data == (facts.overall_score is not None) == (facts.category != "not enough data")
    if facts.overall_score is not None:
        assert 0 <= facts.overall_score <= 100
        assert facts.score_parts is not None
        parts = facts.score_parts.model_dump().values()
        assert all(0 <= part["points"] <= part["weight"] for part in parts)
        assert abs(sum(part["points"] for part in parts) - facts.overall_score) <= 0.5 + 1e-9
    assert HealthFacts.model_validate_json(facts.model_dump_json()) == facts
