"""The producer: what a draft is made of, and every limit its texts are held to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from agents.contract import AgentContext, BrandVoice, ModelTier
from agents.definitions import content_producer
from agents.definitions.compliance import NO_BRAND
from agents.definitions.content_ideator import Idea
from agents.definitions.content_producer import (
    IdeaBrief,
    ProducerFacts,
    ProducerInput,
    ProducerOutput,
    ProducerWords,
    SettingsDraft,
    Shot,
    agent,
    offered_hashtags,
    plan_draft,
)
from agents.definitions.drafting import SegmentBrief
from agents.skills.captions import CAPTION_MAX_UTF16, utf16_length
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

BRAND = BrandVoice(name="Tea house", banned_claims=("cures everything",))
CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH", brand=BRAND)
IDEA = IdeaBrief(hook="Stop boiling\nwater #kettle", outline="Show  a kettle.", topic="green tea")


def post(*tags: str, caption: str = "", days_ago: int = 0) -> PostFigures:
    return make_post(caption=caption, hashtags=tags, created_at=NOON - timedelta(days=days_ago))


def posts() -> list[PostFigures]:
    return [
        post("matcha", "pot", caption="Green is good", days_ago=2),
        post("matcha", caption="More green", days_ago=1),
        post("dog", "fyp", "ad", caption="A dog"),
    ]


def drafted(brand: BrandVoice | None = BRAND, **given: Any) -> ProducerFacts:
    return plan_draft(posts(), ProducerInput(**({"idea": IDEA} | given)), NOON, brand=brand)


def words(**changes: Any) -> ProducerWords:
    good: dict[str, Any] = {
        "caption": " Water matters. ",
        "hashtags": ("matcha",),
        "on_screen_text": ("Stop",),
    }
    return ProducerWords(**(good | changes))


def test_describe_agent_by_its_permanent_name() -> None:
    assert (agent.name, agent.model_tier) == ("content_producer", ModelTier.SMART)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        ProducerInput,
        ProducerFacts,
        ProducerWords,
        ProducerOutput,
    )


def test_input_takes_an_idea_as_the_ideator_puts_it_out() -> None:
    idea = Idea(key="i1", hook="Hook", outline="Outline", topic="tea", novelty=0.5)
    given = ProducerInput.model_validate({"idea": idea.model_dump()})
    assert given.idea == IdeaBrief(hook="Hook", outline="Outline", topic="tea")
    assert (given.duration_seconds, given.segment) == (6, None)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"topic": " # "},
        {"idea": {"hook": ""}},
        {"topic": "tea", "duration_seconds": 2},
        {"topic": "tea", "duration_seconds": 61},
        {"topic": "x" * 101},
        {"topic": "tea", "more": 1},
        {"listing": {"title": ""}},
        {"listing": {"title": None, "description": " "}},
        {"listing": {"title": "Lamp", "description": 5}},
        {"idea": {"hook": "Hook"}, "listing": {"title": "Lamp"}},
    ],
)
def test_input_without_a_subject_or_outside_its_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProducerInput.model_validate(values)


def test_compute_reads_half_a_year_of_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[UUID, datetime, datetime]] = []

    def stored_posts(account_id: UUID, *, as_of: datetime, since: datetime) -> list[PostFigures]:
        asked.append((account_id, as_of, since))
        return posts()

    monkeypatch.setattr(content_producer, "posts_until", stored_posts)
    computed = agent.compute(ProducerInput(idea=IDEA), CONTEXT)
    assert computed == drafted()
    assert asked == [(UUID(int=7), NOON, NOON - timedelta(days=180))]


def test_plan_of_an_idea_cleans_its_texts() -> None:
    facts = drafted(segment=SegmentBrief(name="Tea people"))
    assert (facts.topic, facts.hook, facts.outline) == (
        "green tea",
        "Stop boiling water #kettle",
        "Show a kettle.",
    )
    assert (facts.segment, facts.duration_seconds, facts.note) == ("Tea people", 6, "")
    assert facts.banned_claims == ("cures everything",)
    assert facts.captions == ("More green", "Green is good")


def test_plan_of_a_topic_alone_has_no_hook() -> None:
    facts = drafted(idea=None, topic=" #green   tea")
    assert (facts.topic, facts.hook, facts.outline, facts.segment) == ("green tea", "", "", "")


def test_plan_of_an_idea_without_a_topic_takes_the_one_beside_it() -> None:
    assert drafted(idea=IdeaBrief(hook="Hook"), topic="lamp").topic == "lamp"
    assert drafted(idea=IDEA, topic="lamp").topic == "green tea"


def test_plan_of_an_approved_listing_takes_title_description_and_tags() -> None:
    variant = {"title": "Paper  lamp", "description": "Folds flat.", "hashtags": ["#desk"], "score": 70.1}
    facts = drafted(idea=None, listing=variant)
    assert (facts.topic, facts.hook, facts.outline) == ("", "Paper lamp", "Folds flat.")
    assert facts.hashtags[0] == "desk"
    assert drafted(idea=None, listing=variant, topic="lamp").topic == "lamp"


def test_plan_of_a_listing_as_a_person_approved_it() -> None:
    """The payload of its gate: fields of its own, a description as long as a shop takes, perhaps no title."""
    payload = {"product_id": "1", "handle": "lumen", "title": "Paper lamp", "description": "d" * 9_000}
    facts = drafted(idea=None, listing=payload, hashtags=["#desk"])
    assert (facts.hook, facts.outline, facts.hashtags[0]) == ("Paper lamp", "d" * 2_000, "desk")
    only_words = drafted(idea=None, listing={"title": None, "description": "Folds flat."})
    assert (only_words.hook, only_words.outline) == ("Folds flat.", "Folds flat.")
    assert drafted(idea=None, listing={"title": "Lamp", "description": None}).outline == ""


def test_compose_hands_a_persons_wishes_on_to_the_studio() -> None:
    facts = drafted(asset_brief=" Our red\nkettle, close. ")
    assert agent.compose(facts, words()).brief.wishes == "Our red kettle, close."
    assert agent.compose(drafted(), words()).brief.wishes == ""


def test_plan_without_a_brand_says_what_was_not_checked() -> None:
    facts = drafted(brand=None)
    assert (facts.note, facts.banned_claims) == (NO_BRAND, ())


def test_plan_on_something_new_shows_the_newest_captions() -> None:
    assert drafted(idea=None, topic="opera").captions == ("A dog", "More green", "Green is good")


@pytest.mark.parametrize(("seconds", "lines"), [(3, 3), (5, 5), (6, 6), (60, 6)])
def test_plan_gives_a_line_a_second_at_least(seconds: int, lines: int) -> None:
    assert drafted(duration_seconds=seconds).most_lines == lines


def test_offer_hashtags_of_the_idea_then_those_of_posts_like_it() -> None:
    offered = offered_hashtags(posts(), topic="green tea", about="green tea Stop #kettle #fyp #werbung")
    assert offered == ("greentea", "kettle", "matcha", "pot")


def test_offer_hashtags_on_something_new_are_the_most_used() -> None:
    assert offered_hashtags(posts(), topic="Opera!", about="Opera!") == ("opera", "matcha", "dog", "pot")


@pytest.mark.parametrize("topic", ["", "2026", "fyp", "Werbung", "!?"])
def test_offer_no_hashtag_of_a_topic_that_is_none(topic: str) -> None:
    assert offered_hashtags([], topic=topic, about=topic) == ()


def test_offer_fifteen_hashtags_at_most() -> None:
    many = [post(*(f"tag{n}" for n in range(20)))]
    assert len(offered_hashtags(many, topic="tea", about="tea")) == 15


def test_prompt_keeps_captions_out_of_the_facts() -> None:
    prompt = agent.prompt(drafted(), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {"captions of the account": "More green\nGreen is good"}
    assert "More green" not in prompt.facts.model_dump_json() + prompt.instruction
    assert prompt.facts.model_dump()["banned_claims"] == ("cures everything",)
    assert "'de-CH'" in prompt.instruction
    assert "1 to 6 lines" in prompt.instruction


def test_prompt_of_a_new_account_sends_no_captions() -> None:
    prompt = agent.prompt(plan_draft([], ProducerInput(topic="tea"), NOON), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {}


def test_compose_puts_the_hashtags_behind_the_caption() -> None:
    output = agent.compose(drafted(), words(hashtags=("#Matcha", "kettle", "matcha", " ")))
    assert output.caption == "Water matters. #matcha #kettle"
    assert output.hashtags == ("matcha", "kettle")
    assert output.caption_utf16_units == len(output.caption)
    assert (output.topic, output.duration_seconds, output.as_of, output.note) == ("green tea", 6, NOON, "")


def test_compose_without_hashtags_leaves_the_caption_alone() -> None:
    output = agent.compose(drafted(), words(hashtags=()))
    assert (output.caption, output.hashtags) == ("Water matters.", ())


def test_compose_leaves_the_settings_at_their_most_careful() -> None:
    output = agent.compose(drafted(), words())
    assert output.settings == SettingsDraft()
    assert output.settings.model_dump() == {
        "privacy_level": None,
        "allow_comment": False,
        "allow_duet": False,
        "allow_stitch": False,
        "is_brand_organic": False,
        "is_branded_content": False,
        "is_ai_generated": True,
    }


def test_compose_shares_the_time_among_the_lines() -> None:
    output = agent.compose(
        drafted(duration_seconds=10), words(on_screen_text=(" Stop\nboiling ", "Two", "Three"))
    )
    assert output.on_screen_text == ("Stop boiling", "Two", "Three")
    assert output.brief.shots == (
        Shot(line="Stop boiling", starts_at_seconds=0, ends_at_seconds=3.333),
        Shot(line="Two", starts_at_seconds=3.333, ends_at_seconds=6.667),
        Shot(line="Three", starts_at_seconds=6.667, ends_at_seconds=10),
    )
    assert output.brief.model_dump(exclude={"shots"}) == {
        "aspect_ratio": "9:16",
        "duration_seconds": 10,
        "topic": "green tea",
        "hook": "Stop boiling water #kettle",
        "outline": "Show a kettle.",
        "audience": "",
        "wishes": "",
        "avoid": ("cures everything",),
    }


def test_compose_without_a_hook_takes_the_first_line_for_one() -> None:
    output = agent.compose(drafted(idea=None, topic="tea"), words(hashtags=()))
    assert output.brief.hook == "Stop"


def test_compose_fits_a_caption_of_exactly_the_limit() -> None:
    tag_units = len(" #matcha")
    emoji, rest = divmod(CAPTION_MAX_UTF16 - tag_units, 2)
    output = agent.compose(drafted(), words(caption="🍵" * emoji + "x" * rest))
    assert output.caption_utf16_units == utf16_length(output.caption) == CAPTION_MAX_UTF16


def test_compose_with_one_unit_too_many_says_how_many() -> None:
    emoji = (CAPTION_MAX_UTF16 - len(" #matcha")) // 2 + 1
    with pytest.raises(
        ValueError, match=r"caption has 2202 UTF-16 units with its hashtags; write at most 2200\."
    ):
        agent.compose(drafted(), words(caption="🍵" * emoji))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"caption": " \n"}, "caption is empty"),
        ({"caption": "Water #tea matters"}, "caption holds the hashtag 'tea'"),
        (
            {"hashtags": ("matcha", "cats")},
            r"hashtags has 'cats', which was not offered; choose of \('greentea'",
        ),
        ({"on_screen_text": ()}, "on_screen_text has 0 lines; give 1 to 6"),
        ({"on_screen_text": ("Stop", " \n")}, "on_screen_text has an empty line"),
        ({"caption": "It cures everything."}, "The caption claims 'cures everything'"),
        (
            {"on_screen_text": ("Stop", "Cures everything!")},
            "Line 2 of on_screen_text claims 'cures everything'",
        ),
    ],
)
def test_compose_with_texts_outside_the_limits_names_the_field(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        agent.compose(drafted(), words(**changes))


def test_compose_with_more_lines_than_there_is_time_is_refused() -> None:
    with pytest.raises(ValueError, match="on_screen_text has 4 lines; give 1 to 3"):
        agent.compose(drafted(duration_seconds=3), words(on_screen_text=("1", "2", "3", "4")))


def test_compose_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="There are no texts"):
        agent.compose(drafted(), None)


@pytest.mark.parametrize(
    "changes",
    [
        {"hashtags": ("matcha",) * 6},
        {"on_screen_text": ("Stop",) * 7},
        {"on_screen_text": ("x" * 61,)},
        {"caption": "x" * 2001},
    ],
)
def test_words_that_are_too_long_do_not_validate(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        words(**changes)
