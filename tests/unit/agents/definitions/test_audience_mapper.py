import math
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.contract import AgentContext
from agents.definitions.audience_mapper import (
    AudienceFacts,
    AudienceInput,
    map_audience,
    topic_weights,
)
from tests.factories.figures import NOON, make_post, make_posts
from tiktok_ops.content.figures import PostFigures

CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH")
EVERYTHING = AudienceInput(min_score=0, max_segments=20)


def post(
    *tags: str, views: int = 100, likes: int = 10, days_ago: float = 1, caption: str = ""
) -> PostFigures:
    """A post whose engagement rate is likes by views, and whose topic is its tags."""
    return make_post(
        created_at=NOON - timedelta(days=days_ago),
        caption=caption,
        hashtags=tags,
        views=views,
        likes=likes,
        comments=0,
        shares=0,
    )


def tea_and_coffee() -> list[PostFigures]:
    """Four posts each: tea has 100 views and a rate of 0.2, coffee 300 views and a rate of 0.1."""
    return [post("tea", views=100, likes=20, days_ago=n) for n in range(4)] + [
        post("coffee", views=300, likes=30, days_ago=n) for n in range(4, 8)
    ]


def mapped(posts: Sequence[PostFigures], given_input: AudienceInput = EVERYTHING) -> AudienceFacts:
    return map_audience(posts, given_input, NOON)


def test_map_two_topics_gives_figures_computed_by_hand() -> None:
    facts = mapped(tea_and_coffee())
    coffee, tea = facts.segments
    # views: tea 4 * 100, coffee 4 * 300, together 1,600
    assert (coffee.share, tea.share) == (0.75, 0.25)
    # rates: four of 0.2 and four of 0.1, median 0.15; 0.1 / 0.15 and 0.2 / 0.15
    assert (coffee.lift, tea.lift) == (0.6667, 1.3333)
    # all posts are of the last 30 days: nothing to compare
    assert (coffee.growth, tea.growth) == (None, None)
    # median share 0.5: 0.4 * 0.75 / 1.25 + 0.4 * (2/3) / (5/3) + 0.2 * 0.5 = 0.24 + 0.16 + 0.1
    assert coffee.score == 0.5
    # 0.4 * 0.25 / 0.75 + 0.4 * (4/3) / (7/3) + 0.2 * 0.5 = 0.13333 + 0.22857 + 0.1
    assert tea.score == 0.4619
    assert (coffee.terms, tea.terms) == (("coffee",), ("tea",))
    assert (coffee.posts, tea.posts) == (4, 4)
    assert (coffee.key, tea.key) == ("s1", "s2")
    assert (facts.posts_considered, facts.enough_data, facts.note) == (8, True, "")


def test_map_growth_is_the_change_of_the_share_of_views() -> None:
    recent = [post("tea", views=300, days_ago=1), post("coffee", views=100, days_ago=2)]
    older = [post("tea", views=100, days_ago=31)] * 3 + [post("coffee", views=200, days_ago=40)] * 3
    segments = {segment.terms[0]: segment for segment in mapped(recent + older).segments}
    # tea: 300 of 400 now, 300 of 900 before; 0.75 - 0.33333
    assert segments["tea"].growth == 0.4167
    # and coffee, a quarter now, two thirds before
    assert segments["coffee"].growth == -0.4167
    # tea has 600 of 1,300 views, coffee 700; median share 650 / 1,300 = 0.5; every lift is 1.
    # rates: likes are 10 everywhere: tea 10/300, 10/100 x 3 -> 0.1; coffee 10/100, 10/200 x 3 -> 0.05;
    # all of them 0.0333 0.05 0.05 0.05 0.1 0.1 0.1 0.1 -> 0.075
    tea_lift, share = 0.1 / 0.075, 600 / 1300
    score = 0.4 * share / (share + 0.5) + 0.4 * tea_lift / (tea_lift + 1) + 0.2 * 0.75 / (0.75 + 1 / 3)
    assert segments["tea"].score == round(score, 4)


def test_map_post_of_exactly_thirty_days_ago_counts_as_before() -> None:
    posts = [post("tea", days_ago=1)] + [post("tea", days_ago=30)] * 3 + [post("x", days_ago=1)] * 4
    tea = next(segment for segment in mapped(posts).segments if segment.terms == ("tea",))
    # 1 of 5 recent posts against 3 of 3 before: 0.2 - 1
    assert tea.growth == -0.8


def test_map_without_any_views_calls_everything_usual() -> None:
    segments = mapped([post("tea", views=0)] * 4 + [post("coffee", views=0)] * 4).segments
    assert [(s.score, s.share, s.lift, s.growth) for s in segments] == [(0.5, 0.0, None, None)] * 2


def test_map_without_any_reactions_has_no_lift() -> None:
    posts = [post("tea", likes=0)] * 4 + [post("coffee", likes=0)] * 4
    # shares are equal: 0.4 * 0.5 + 0.4 * 0.5 + 0.2 * 0.5
    assert [(s.score, s.lift) for s in mapped(posts).segments] == [(0.5, None)] * 2


def test_map_topic_nobody_saw_lately_nor_before_keeps_the_usual_growth_part() -> None:
    seen = [post("coffee", days_ago=1)] * 2 + [post("coffee", days_ago=40)] * 2
    unseen = [post("tea", views=0, days_ago=1)] * 2 + [post("tea", views=0, days_ago=40)] * 2
    tea = next(segment for segment in mapped(seen + unseen).segments if segment.terms == ("tea",))
    # shares 1 and 0, median 0.5: 0.4 * 0 / 0.5 + 0.4 * 0.5 (no rate) + 0.2 * 0.5
    assert (tea.share, tea.lift, tea.growth, tea.score) == (0.0, None, 0.0, 0.3)


def test_map_joins_posts_by_co_used_tags_without_one_common_to_all() -> None:
    posts = [
        *(post("tea", "matcha"), post("tea", "matcha"), post("tea", "sencha"), post("tea", "sencha")),
        *(post("dog"), post("dog"), post("cat"), post("cat")),
    ]
    segments = mapped(posts).segments
    assert [(segment.posts, set(segment.terms)) for segment in segments] == [(4, {"tea", "matcha", "sencha"})]


def test_map_joins_posts_by_caption_words_where_there_are_no_tags() -> None:
    posts = [post(caption=f"Schnee am Gotthard {word}") for word in ("eins", "zwei", "drei", "vier")] + [
        post(caption=f"Derby im Stadion {word}") for word in ("fünf", "sechs", "sieben", "acht")
    ]
    assert [segment.terms for segment in mapped(posts).segments] == [
        ("derby", "stadion"),
        ("gotthard", "schnee"),
    ]


def test_map_word_that_is_never_a_tag_is_no_topic_where_others_are_tagged() -> None:
    posts = [post(caption="Mann gefunden"), post(caption="Mann gerettet"), post(caption="Mann bellt")]
    assert [s.terms for s in mapped(posts + [post("tea")] * 5 + [post()] * 2).segments] == [("tea",)]


def test_map_word_that_one_post_tags_is_a_topic() -> None:
    posts = [post(caption="Hagel im Tal"), post(caption="Viel Hagel"), post("hagel")]
    segments = mapped([*posts, *[post("tea")] * 4, post()]).segments
    assert {segment.terms for segment in segments} == {("tea",), ("hagel",)}


def test_map_chain_without_a_common_term_is_no_segment() -> None:
    # Each post shares a tag with the next; no tag is on three quarters of them.
    chain = [post("a1", "b1"), post("b1", "c1"), post("c1", "a1")]
    assert mapped(chain + [post("tea")] * 3 + [post()] * 2).segments[0].terms == ("tea",)
    assert len(mapped(chain + [post("tea")] * 3 + [post()] * 2).segments) == 1


def test_map_term_of_three_quarters_of_the_posts_is_core_enough() -> None:
    # tea is on 3 of the 4; the fourth post joins by matcha
    posts = [post("tea", "matcha"), post("tea", "matcha"), post("tea"), post("matcha")]
    segments = mapped(posts + [post("dog")] * 4).segments
    assert {segment.posts for segment in segments} == {4}
    assert {"tea", "matcha"} in [set(segment.terms) for segment in segments]


def test_map_two_posts_are_too_few_for_a_segment() -> None:
    facts = mapped([post("tea")] * 2 + [post(f"only{n}") for n in range(6)])
    assert facts.segments == ()
    assert facts.note == "No topic is shared by 3 posts or more, so there are no segments."


@pytest.mark.parametrize("tag", ["fyp", "foryou", "viral", "2025"])
def test_map_ignores_pleas_for_reach(tag: str) -> None:
    assert mapped([post(tag)] * 4 + [post()] * 6).segments == ()


def test_map_ignores_what_more_than_half_of_the_posts_say() -> None:
    # "news" is on 5 of 9 posts; with a tenth post it is on half of them, and tells a topic
    posts = [post("news")] * 5 + [post(f"only{n}") for n in range(4)]
    assert mapped(posts).segments == ()
    assert [segment.terms for segment in mapped([*posts, post()]).segments] == [("news",)]


def test_map_ignores_terms_of_more_than_forty_characters() -> None:
    assert mapped([post("x" * 41)] * 4 + [post()] * 6).segments == ()
    assert len(mapped([post("x" * 40)] * 4 + [post()] * 6).segments) == 1


def test_map_reads_tags_from_the_caption_and_in_any_spelling() -> None:
    posts = [post(caption="#TEA"), post("Tea"), post("tea"), post(caption="\uff03tea"), *[post("x")] * 4]
    assert {segment.terms: segment.posts for segment in mapped(posts).segments} == {("tea",): 4, ("x",): 4}


def test_map_terms_lists_at_most_eight_most_distinctive_first() -> None:
    tags = [f"t{n}" for n in range(9)]
    # t0 is also on two other posts: 4 * 4 / 6 against 4 * 4 / 4
    posts = [post(*tags)] * 4 + [post("t0", "dog"), post("t0", "dog"), *[post("dog")] * 3, *[post()] * 3]
    tea = next(segment for segment in mapped(posts).segments if "t1" in segment.terms)
    assert tea.terms == ("t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8")


def test_topic_weights_are_logarithms_of_rarity_and_words_count_half() -> None:
    posts = [post("tea"), post(caption="tea time"), *[post()] * 6]
    # ln(8 / 2) for the tag, half of it for the word; "time" is in one post only
    assert topic_weights(posts)[:3] == [
        {"tea": pytest.approx(math.log(4))},
        {"tea": pytest.approx(math.log(4) / 2)},
        {},
    ]


def test_topic_weights_of_a_word_that_is_also_a_tag_of_the_post_count_fully() -> None:
    assert topic_weights([post("tea", caption="tea")] * 2 + [post()] * 2)[0] == {
        "tea": pytest.approx(math.log(2))
    }


@pytest.mark.parametrize("count", [0, 1, 7])
def test_map_fewer_than_eight_posts_is_not_enough(count: int) -> None:
    facts = mapped(tea_and_coffee()[:count])
    assert (facts.enough_data, facts.segments, facts.posts_considered) == (False, (), count)
    assert facts.note == (
        "Not enough data: grouping needs at least 8 posts in the last 180 days, "
        f"and this account has {count}."
    )


def test_map_reads_one_hundred_and_eighty_days_up_to_now() -> None:
    inside = [post("tea", days_ago=179.99)] * 4 + [post("coffee", days_ago=0)] * 4
    outside = [post("tea", days_ago=180), post("coffee", days_ago=-0.01)]
    assert mapped(inside + outside) == mapped(inside)
    assert mapped(inside).posts_considered == 8


def test_map_more_than_five_hundred_posts_takes_the_newest() -> None:
    old = [post("old", days_ago=100)] * 10
    new = [post("tea" if n % 2 else "coffee", days_ago=n / 10) for n in range(500)]
    facts = mapped(old + new)
    assert facts.posts_considered == 500
    assert facts == mapped(new)


def test_map_keeps_segments_from_the_lowest_score_on() -> None:
    # scores 0.5 and 0.4619, see above
    posts = tea_and_coffee()
    assert [s.terms for s in mapped(posts, AudienceInput()).segments] == [("coffee",)]
    assert len(mapped(posts, AudienceInput(min_score=0.4619)).segments) == 2
    none = mapped(posts, AudienceInput(min_score=0.51))
    assert none.segments == ()
    assert none.note == "None of the 2 topics found scores 0.51 or more; try a lower min_score."


def test_map_keeps_at_most_so_many_segments_the_best_ones() -> None:
    facts = mapped(tea_and_coffee(), AudienceInput(min_score=0, max_segments=1))
    assert [(segment.key, segment.terms) for segment in facts.segments] == [("s1", ("coffee",))]
    assert set(facts.captions) <= {"s1"}


def test_map_equal_segments_go_by_share_and_then_by_their_terms() -> None:
    posts = [post("b")] * 4 + [post("a")] * 4
    assert [segment.terms for segment in mapped(posts).segments] == [("a",), ("b",)]


def test_map_captions_are_the_most_viewed_three_cut_and_on_one_line_each() -> None:
    captions = ["low", "high\n\nnoise", "x" * 300, "", "middle"]
    posts = [
        post("tea", caption=caption, views=views)
        for caption, views in zip(captions, [1, 50, 40, 60, 30], strict=True)
    ]
    facts = mapped(posts + [post("coffee")] * 5)
    key = next(segment.key for segment in facts.segments if "tea" in segment.terms)
    assert facts.captions == {key: "high noise\n" + "x" * 200 + "\nmiddle"}


@pytest.mark.parametrize("seed", range(5))
def test_map_does_not_depend_on_the_order_of_posts(seed: int) -> None:
    posts = make_posts(80, seed=3)
    shuffled = random.Random(seed).sample(posts, k=len(posts))
    assert mapped(shuffled) == mapped(posts)


def test_map_plausible_posts_finds_their_subjects() -> None:
    found = [set(segment.terms) for segment in mapped(make_posts(120)).segments]
    for subject in ({"schnee", "gotthard"}, {"gipfeli", "backt"}, {"derby", "fussball"}):
        assert any(subject <= terms for terms in found)


tag_names = st.sampled_from(["tea", "coffee", "dog", "news", "fyp", "zürich", "🙂"])
any_posts = st.lists(
    st.builds(
        post,
        tag_names,
        tag_names,
        views=st.integers(0, 10**7),
        likes=st.integers(0, 10**6),
        days_ago=st.floats(0, 200),
        caption=st.text(max_size=20),
    ),
    max_size=30,
)


@given(posts=any_posts)
@settings(deadline=None)
def test_map_any_posts_gives_bounded_figures(posts: list[PostFigures]) -> None:
    facts = mapped(posts)
    scores = [segment.score for segment in facts.segments]
    assert scores == sorted(scores, reverse=True)
    assert sum(segment.share for segment in facts.segments) <= 1.001
    assert sum(segment.posts for segment in facts.segments) <= facts.posts_considered
    for segment in facts.segments:
        assert 0 <= segment.score <= 1
        assert 0 <= segment.share <= 1
        assert segment.lift is None or segment.lift >= 0
        assert segment.growth is None or -1 <= segment.growth <= 1
        assert segment.posts >= 3
        assert segment.terms
