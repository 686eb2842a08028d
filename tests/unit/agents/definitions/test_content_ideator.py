"""Which ideas are asked for: topics, angles and segments in turn."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from agents.definitions.content_ideator import (
    ANGLES,
    MOST_CAPTIONS,
    MOST_IDEAS,
    IdeatorFacts,
    IdeatorInput,
    TopicsFrom,
    plan_ideas,
    told_before,
)
from agents.definitions.drafting import SegmentBrief
from agents.definitions.idea_topics import TopicFigures, best_topics
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures


def post(*tags: str, views: int = 100, caption: str = "") -> PostFigures:
    return make_post(caption=caption, hashtags=tags, views=views)


def planned(posts: Sequence[PostFigures] = (), **given: Any) -> IdeatorFacts:
    return plan_ideas(posts, IdeatorInput(**given), NOON)


def several() -> list[PostFigures]:
    """Ten posts: tea does twice as well as usual, dog half as well, the rest are about nothing."""
    return [
        *(post("tea", views=200) for _ in range(3)),
        *(post("dog", views=50) for _ in range(3)),
        *(post(views=100) for _ in range(4)),
    ]


def test_best_topics_come_by_their_shrunken_lift() -> None:
    # three posts with twice the median and two usual ones give tea 8 fifths, dog has 3.5 fifths
    assert best_topics(several(), most=5) == ["tea", "dog"]
    assert best_topics(several(), most=1) == ["tea"]


def test_best_topics_prefer_many_good_posts_to_two_lucky_ones() -> None:
    lucky = [post("lucky", views=260) for _ in range(2)]  # (2 * 2.6 + 2) / 4 = 1.8
    steady = [post("steady", views=220) for _ in range(6)]  # (6 * 2.2 + 2) / 8 = 1.9
    usual = [post(views=100) for _ in range(12)]
    assert best_topics([*lucky, *steady, *usual], most=2) == ["steady", "lucky"]


def test_best_topics_of_equals_begin_with_more_posts_then_the_name() -> None:
    posts = [post("b"), post("b"), post("a"), post("a"), post("c"), post("c"), post("c"), post(), post()]
    assert best_topics(posts, most=3) == ["c", "a", "b"]


def test_best_topics_leave_out_rare_and_ever_present_ones() -> None:
    posts = [post("own", "rare"), post("own", "two"), post("own", "two"), post()]
    assert best_topics(posts, most=5) == ["two"]


def test_best_topics_count_captions_that_name_the_tag() -> None:
    posts = [post("tea"), post(caption="A pot of tea"), post(), post()]
    assert best_topics(posts, most=5) == ["tea"]


def test_best_topics_tell_each_story_once() -> None:
    posts = [post("tea", "matcha", views=200), post("tea", "matcha", views=200), post("tea", views=200)]
    # matcha is on two posts, both of tea, which is on more
    assert best_topics([*posts, *(post() for _ in range(5))], most=5) == ["tea"]


def test_best_topics_without_tags_are_terms_of_the_captions() -> None:
    posts = [post(caption="Brew tea"), post(caption="Pour tea"), post(caption="Walk"), post(caption="Run")]
    assert best_topics(posts, most=5) == ["tea"]


@pytest.mark.parametrize("posts", [[], [post()], [post(views=0), post("x")]])
def test_best_topics_of_too_little_are_none(posts: list[PostFigures]) -> None:
    assert best_topics(posts, most=5) == []


def test_best_topics_nobody_viewed_are_still_told_by_name() -> None:
    posts = [post("tea", views=0), post("tea", views=0), post(views=0), post(views=0)]
    assert best_topics(posts, most=5) == ["tea"]


def test_plan_with_given_topics_measures_them_in_the_posts() -> None:
    posts = [post("coldbrew", views=300), post(caption="A cold, slow brew", views=100), post(views=100)]
    facts = planned(posts, topics=("Cold brew", "lamp"), n=3)
    assert facts.topics_from is TopicsFrom.GIVEN
    assert facts.topics == (
        TopicFigures(topic="Cold brew", posts=2, median_views=200, lift=2.0),
        TopicFigures(topic="lamp", posts=0, median_views=None, lift=None),
    )
    assert [idea.topic for idea in facts.ideas] == ["Cold brew", "lamp", "Cold brew"]
    assert [idea.key for idea in facts.ideas] == ["i1", "i2", "i3"]


def test_plan_with_segments_takes_their_first_terms_and_names_them_in_turn() -> None:
    segments = (SegmentBrief(name="Tea people", terms=("tea", "pot")), SegmentBrief(name="Dogs"))
    facts = planned(several(), segments=segments, n=3)
    assert facts.topics_from is TopicsFrom.SEGMENTS
    assert [(idea.topic, idea.segment) for idea in facts.ideas] == [
        ("tea", "Tea people"),
        ("Dogs", "Dogs"),
        ("tea", "Tea people"),
    ]


def test_plan_with_topics_and_segments_keeps_the_topics() -> None:
    facts = planned(topics=("lamp",), segments=(SegmentBrief(name="Dogs"),), n=1)
    assert facts.topics_from is TopicsFrom.GIVEN
    assert [(idea.topic, idea.segment) for idea in facts.ideas] == [("lamp", "Dogs")]


def test_plan_without_topics_takes_the_best_of_the_posts() -> None:
    facts = planned(several(), n=2)
    assert (facts.topics_from, facts.enough_data, facts.note) == (TopicsFrom.OWN_POSTS, True, facts.note)
    assert [idea.topic for idea in facts.ideas] == ["tea", "dog"]
    assert [idea.segment for idea in facts.ideas] == ["", ""]


def test_plan_without_topics_and_posts_says_what_is_lacking() -> None:
    facts = planned()
    assert (facts.topics_from, facts.enough_data, facts.ideas) == (TopicsFrom.NOWHERE, False, ())
    assert facts.note.startswith("Not enough data")
    assert "name the topics" in facts.note


def test_plan_of_a_new_account_with_topics_is_enough() -> None:
    facts = planned(topics=("tea",))
    assert facts.enough_data
    assert facts.note == "The account has no captions yet, so the ideas were only compared with each other."


def test_plan_with_captions_has_no_note_and_carries_a_bounded_number() -> None:
    posts = [
        make_post(created_at=NOON - timedelta(hours=n), caption=f"caption {n}")
        for n in range(MOST_CAPTIONS + 5)
    ]
    facts = planned(posts, topics=("tea",))
    assert facts.note == ""
    assert facts.captions_compared == len(facts.captions) == MOST_CAPTIONS
    assert facts.captions[0] == "caption 0"
    assert facts.posts_considered == MOST_CAPTIONS + 5


def test_plan_carries_what_the_brand_never_claims() -> None:
    facts = plan_ideas([], IdeatorInput(topics=("tea",)), NOON, banned_claims=["cures"])
    assert facts.banned_claims == ("cures",)
    assert facts.as_of == NOON


@pytest.mark.parametrize("n_topics", range(1, MOST_IDEAS + 1))
@pytest.mark.parametrize("n_posts", [0, 1, 19])
def test_plan_never_gives_two_slots_the_same_topic_and_angle(n_topics: int, n_posts: int) -> None:
    topics = tuple(f"topic {n}" for n in range(n_topics))
    facts = planned([post() for _ in range(n_posts)], topics=topics, n=MOST_IDEAS)
    assert len({(idea.topic, idea.angle) for idea in facts.ideas}) == MOST_IDEAS


def test_plan_after_another_post_begins_with_the_next_angle() -> None:
    one, two = planned([post()], topics=("tea",), n=1), planned([post(), post()], topics=("tea",), n=1)
    assert [one.ideas[0].angle, two.ideas[0].angle] == list(ANGLES[1:3])


def test_angles_are_as_many_as_ideas_at_most_and_differ() -> None:
    assert len(set(ANGLES)) >= MOST_IDEAS


def test_input_cleans_topics_and_drops_repeats() -> None:
    given = IdeatorInput(topics=("#tea", " cold   brew ", "tea"))
    assert given.topics == ("tea", "cold brew")
    assert (IdeatorInput().n, IdeatorInput().topics, IdeatorInput().segments) == (3, (), ())


@pytest.mark.parametrize(
    "values",
    [
        {"n": 0},
        {"n": 51},
        {"topics": ("# ",)},
        {"topics": ("x" * 101,)},
        {"topics": ("x",) * 51},
        {"more": 1},
    ],
)
def test_input_outside_its_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IdeatorInput(**values)


def test_plan_ideas_names_a_proposed_idea_that_was_told_before() -> None:
    posts = [
        make_post(caption="Cold brew in a jar overnight #coffee"),
        make_post(caption="Latte art for a cat"),
    ]
    given = IdeatorInput(
        topics=("coffee",), n=1, proposed=("Overnight: cold brew coffee in a jar", "A new grinder")
    )
    (told,) = plan_ideas(posts, given, NOON).already_told
    # the caption's tag is no term of it: 4 shared of 5 and 4 terms, 4 / sqrt(5 * 4)
    assert (told.idea, told.caption, told.similarity) == (given.proposed[0], posts[0].caption, 0.8944)


def test_told_before_begins_at_a_likeness_of_085() -> None:
    # 6 terms of which 5 are shared by 6: 5 / 6 = 0.833; 7 of which 6 are shared by 7: 6 / 7 = 0.857
    six, seven = "ant bee cat dog elk fox", "ant bee cat dog elk fox gnu"
    assert told_before(six, ["ant bee cat dog elk hen"]) is None
    told = told_before(seven, ["something else", "ant bee cat dog elk fox hen"])
    assert told is not None
    assert told.similarity == 0.8571
    assert told_before(seven, []) is None
