"""The ideator as an agent: what it asks for, what it takes, what it refuses."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from agents.contract import AgentContext, BrandVoice, ModelTier
from agents.definitions import content_ideator
from agents.definitions.content_ideator import (
    IdeatorFacts,
    IdeatorInput,
    IdeatorOutput,
    IdeatorWords,
    IdeaWords,
    agent,
    plan_ideas,
)
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

BRAND = BrandVoice(name="Tea house", banned_claims=("cures everything",))
CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH", brand=BRAND)


def facts(*captions: str, n: int = 2) -> IdeatorFacts:
    posts = [
        make_post(caption=caption, created_at=NOON - timedelta(days=day), hashtags=())
        for day, caption in enumerate(captions)
    ]
    given = IdeatorInput(topics=("tea", "lamp"), n=n)
    return plan_ideas(posts, given, NOON, banned_claims=BRAND.banned_claims)


def words(*ideas: tuple[str, str, str]) -> IdeatorWords:
    return IdeatorWords(
        ideas=tuple(IdeaWords(key=key, hook=hook, outline=outline) for key, hook, outline in ideas)
    )


GOOD = (("i1", " Stop boiling\nwater ", "Show a kettle."), ("i2", "Hang it lower", "Measure twice."))


def test_describe_agent_by_its_permanent_name() -> None:
    assert (agent.name, agent.model_tier) == ("content_ideator", ModelTier.SMART)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        IdeatorInput,
        IdeatorFacts,
        IdeatorWords,
        IdeatorOutput,
    )


@pytest.mark.parametrize(("brand", "banned"), [(BRAND, ("cures everything",)), (None, ())])
def test_compute_reads_half_a_year_of_posts(
    monkeypatch: pytest.MonkeyPatch, brand: BrandVoice | None, banned: tuple[str, ...]
) -> None:
    asked: list[tuple[UUID, datetime, datetime]] = []

    def stored_posts(account_id: UUID, *, as_of: datetime, since: datetime) -> list[PostFigures]:
        asked.append((account_id, as_of, since))
        return [make_post(caption="One caption")]

    monkeypatch.setattr(content_ideator, "posts_until", stored_posts)
    context = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, brand=brand)
    computed = agent.compute(IdeatorInput(topics=("tea",)), context)
    assert (computed.captions, computed.banned_claims) == (("One caption",), banned)
    assert asked == [(UUID(int=7), NOON, NOON - timedelta(days=180))]


def test_prompt_keeps_captions_out_of_the_facts() -> None:
    prompt = agent.prompt(facts(*(f"caption {n}" for n in range(25))), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {"newest captions": "\n".join(f"caption {n}" for n in range(20))}
    assert "caption 3" not in prompt.facts.model_dump_json() + prompt.instruction
    assert prompt.facts.model_dump()["banned_claims"] == ("cures everything",)
    assert "'de-CH'" in prompt.instruction


def test_prompt_without_captions_sends_none() -> None:
    prompt = agent.prompt(facts(), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {}


def test_prompt_without_topics_asks_for_nothing() -> None:
    nothing = plan_ideas([], IdeatorInput(), NOON)
    assert agent.prompt(nothing, CONTEXT) is None
    output = agent.compose(nothing, None)
    assert (output.ideas, output.enough_data) == ((), False)


def test_compose_joins_words_by_key_and_measures_novelty() -> None:
    output = agent.compose(facts("Red lamp hang"), words(*reversed(GOOD)))
    assert [(idea.key, idea.hook, idea.outline, idea.topic) for idea in output.ideas] == [
        ("i1", "Stop boiling water", "Show a kettle.", "tea"),
        ("i2", "Hang it lower", "Measure twice.", "lamp"),
    ]
    # i2's hook has the terms hang and lower, the caption red, lamp and hang: 1 / sqrt(2 * 3)
    assert [idea.novelty for idea in output.ideas] == [1.0, pytest.approx(1 - 6**-0.5, abs=1e-4)]
    assert output.model_dump(exclude={"ideas"}) == facts("Red lamp hang").model_dump(
        exclude={"ideas", "captions", "banned_claims", "feedback"}
    )


def test_compose_measures_novelty_against_the_other_ideas_too() -> None:
    output = agent.compose(facts(), words(("i1", "red tea", "One."), ("i2", "green tea", "Two.")))
    assert [idea.novelty for idea in output.ideas] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("caption", "hook"),
    [
        ("Hang the lamp lower", "hang the lamp LOWER"),
        ("What is it?", "What is it?"),  # no terms, the same words
    ],
)
def test_compose_with_a_hook_that_was_posted_names_idea_and_caption(caption: str, hook: str) -> None:
    given = words(("i1", hook, "Show a kettle."), GOOD[1])
    with pytest.raises(
        ValueError, match=r"The idea 'i1' \('.*'\) is too much like the caption '.*' \(similarity"
    ):
        agent.compose(facts(caption), given)


def test_compose_with_hook_and_outline_that_make_a_caption_is_refused() -> None:
    caption = "Stop boiling water show kettle"
    with pytest.raises(
        ValueError, match=r"'i1' .* too much like the caption 'Stop boiling water show kettle'"
    ):
        agent.compose(facts(caption), words(*GOOD))


def test_compose_draws_the_line_at_the_designs_number() -> None:
    """Of n terms each, k shared, the cosine is k / n: 17 of 20 is 0.85, 16 of 20 is below."""
    terms = [f"w{chr(97 + n)}w" for n in range(20)]
    others = [f"x{chr(97 + n)}x" for n in range(20)]
    seventeen, sixteen = terms[:17] + others[:3], terms[:16] + others[:4]
    given = words(("i1", " ".join(terms), "-"), GOOD[1])
    with pytest.raises(ValueError, match=r"similarity 0\.85, must be below 0\.85"):
        agent.compose(facts(" ".join(seventeen)), given)
    assert agent.compose(facts(" ".join(sixteen)), given).ideas[0].novelty == pytest.approx(0.2)


def test_compose_with_two_ideas_alike_names_both() -> None:
    with pytest.raises(ValueError, match=r"The idea 'i1' .* is too much like the idea 'i2'"):
        agent.compose(facts(), words(("i1", "red tea", "One."), ("i2", "Tea, red!", "Two.")))


@pytest.mark.parametrize("keys", [(), ("i1",), ("i1", "i1"), ("i1", "i2", "i3"), ("i1", "I2")])
def test_compose_with_missing_double_or_unknown_keys_says_which_are_wanted(keys: tuple[str, ...]) -> None:
    given = words(*((key, f"hook {key}", "outline") for key in keys))
    with pytest.raises(ValueError, match=r"ideas has the keys \[.*\]; give exactly one .* of \['i1', 'i2'\]"):
        agent.compose(facts(), given)


def test_compose_without_words_for_ideas_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ideas has the keys \[\]"):
        agent.compose(facts(), None)


@pytest.mark.parametrize("change", [{"hook": " "}, {"outline": "\n"}])
def test_compose_with_an_empty_text_names_the_idea(change: dict[str, Any]) -> None:
    second = IdeaWords(key="i2", hook="Hook", outline="Outline").model_copy(update=change)
    given = IdeatorWords(ideas=(words(*GOOD).ideas[0], second))
    with pytest.raises(ValueError, match="The idea 'i2' has an empty hook or outline; write both"):
        agent.compose(facts(), given)


@pytest.mark.parametrize(
    ("place", "idea"),
    [
        ("hook", ("i1", "Tea cures everything", "Outline")),
        ("outline", ("i1", "Hook", "It Cures Everything, they say")),
    ],
)
def test_compose_with_a_banned_claim_names_where_it_stands(place: str, idea: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=f"The {place} of 'i1' claims 'cures everything'"):
        agent.compose(facts(), words(idea, GOOD[1]))
