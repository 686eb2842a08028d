"""What the files of a new agent say; `$name`, `$kind` and `$purpose` stand for what is asked for."""

from string import Template

MODULE = Template('''\
"""$purpose

Say here what the figures are made of, and what cannot be told from them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field, FiniteFloat

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.skills.windows import median_views, posts_between
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]

FEWEST_POSTS = 8
"""With fewer the answer is "not enough data"."""

LONGEST_SUMMARY = 600


class ${kind}Input(Typed):
    """How far back to look, in days."""

    window_days: int = Field(default=28, ge=1, le=365)


class ${kind}Facts(Typed):
    """What is computed; `median_views` is per post, None without posts."""

    as_of: AwareDatetime
    enough_data: bool
    posts: int
    median_views: FiniteFloat | None
    note: str


class ${kind}Words(Typed):
    """What the model writes."""

    summary: str = Field(max_length=LONGEST_SUMMARY)


class ${kind}Output(${kind}Facts):
    """The facts, and their summary; empty without enough data."""

    summary: str


class ${kind}(Agent[${kind}Input, ${kind}Facts, ${kind}Words, ${kind}Output]):
    """Computes the figures; the model only puts them into words."""

    name = "$name"
    purpose = "$purpose"
    model_tier = ModelTier.FAST
    Input = ${kind}Input
    Facts = ${kind}Facts
    Words = ${kind}Words
    Output = ${kind}Output

    def compute(self, given: ${kind}Input, context: AgentContext) -> ${kind}Facts:
        """Read the posts of the window, and measure them."""
        since = context.as_of - timedelta(days=given.window_days)
        return measure(posts_until(context.account_id, as_of=context.as_of, since=since), given, context.as_of)

    def prompt(self, facts: ${kind}Facts, context: AgentContext) -> Prompt | None:
        """Ask for a summary, unless there is too little to summarise."""
        if not facts.enough_data:
            return None
        return Prompt(
            instruction=(
                "Write a summary of one or two sentences. Take every number from the facts and compute none. "
                f"Locale: {context.locale!r}."
            ),
            facts=facts,
        )

    def compose(self, facts: ${kind}Facts, words: ${kind}Words | None) -> ${kind}Output:
        """Join facts and summary. Raises `ValueError` where there is enough data and no summary."""
        summary = words.summary.strip() if words else ""
        if facts.enough_data and not summary:
            raise ValueError("The field 'summary' is empty; write one or two sentences.")
        return ${kind}Output(**facts.model_dump(), summary=summary if facts.enough_data else "")


def measure(posts: Posts, given: ${kind}Input, as_of: datetime) -> ${kind}Facts:
    """Return the facts about these posts, in any order, as they were at `as_of` (aware, UTC).

    Counted: posts with `as_of - window_days < created_at <= as_of`, at least 8. State here each formula
    with its source, and for each threshold of your own why it is that.
    """
    window = posts_between(posts, after=as_of - timedelta(days=given.window_days), until=as_of)
    enough_data = len(window) >= FEWEST_POSTS
    note = f"Not enough data: that needs at least {FEWEST_POSTS} posts, and there are {len(window)}."
    return ${kind}Facts(
        as_of=as_of,
        enough_data=enough_data,
        posts=len(window),
        median_views=median_views(window),
        note="" if enough_data else note,
    )


agent = ${kind}()
''')

TEST = Template('''\
"""The figures by hand, their edges, and what the model may write."""

from datetime import timedelta
from uuid import UUID

import pytest

from agents.contract import AgentContext
from agents.definitions.$name import (
    ${kind}Facts,
    ${kind}Input,
    ${kind}Words,
    agent,
    measure,
)
from agents.registry import AGENTS
from tests.factories.figures import NOON, make_post

CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH")


def measured(*views: int, days: float = 1) -> ${kind}Facts:
    posts = [make_post(views=one, created_at=NOON - timedelta(days=days)) for one in views]
    return measure(posts, ${kind}Input(), NOON)


def test_describe_agent_by_its_permanent_name() -> None:
    assert AGENTS["$name"] is agent


def test_measure_eight_posts_by_hand() -> None:
    # Of 1 to 8 the two in the middle are 4 and 5: (4 + 5) / 2 = 4.5.
    facts = measured(*range(1, 9))
    assert (facts.enough_data, facts.posts, facts.median_views, facts.note) == (True, 8, 4.5, "")


def test_measure_fewer_says_not_enough_data_and_asks_no_model() -> None:
    facts = measured(*range(7))
    assert facts.note == "Not enough data: that needs at least 8 posts, and there are 7."
    assert agent.prompt(facts, CONTEXT) is None
    assert agent.compose(facts, None).summary == ""


@pytest.mark.parametrize(("days", "posts"), [(0, 8), (27.99, 8), (28, 0), (-0.01, 0)])
def test_measure_counts_the_posts_of_the_window(days: float, posts: int) -> None:
    assert measured(*range(8), days=days).posts == posts


def test_prompt_tells_the_facts_and_the_locale() -> None:
    prompt = agent.prompt(measured(*range(8)), CONTEXT)
    assert prompt is not None
    assert prompt.facts == measured(*range(8))
    assert "'de-CH'" in prompt.instruction


def test_compose_joins_the_facts_with_a_summary_or_refuses_an_empty_one() -> None:
    facts = measured(*range(8))
    assert agent.compose(facts, ${kind}Words(summary=" Steady. ")).summary == "Steady."
    with pytest.raises(ValueError, match="The field 'summary' is empty"):
        agent.compose(facts, ${kind}Words(summary=" "))
''')
