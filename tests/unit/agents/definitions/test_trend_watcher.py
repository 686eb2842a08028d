import math
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.contract import AgentContext, BrandVoice
from agents.definitions.trend_figures import TrendFigures
from agents.definitions.trend_watcher import (
    TrendFacts,
    TrendInput,
    watch_trends,
)
from tests.factories.figures import NOON, make_post, make_posts
from tiktok_ops.content.figures import PostFigures, TrendSighting

CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH")
TEA_HOUSE = BrandVoice(name="Tea house", voice="tea", guidelines="ritual")
EVERYTHING = TrendInput(min_fit=0, max_trends=50)


def post(*tags: str, views: int = 100, days_ago: float = 10, caption: str = "") -> PostFigures:
    """A post by its tags; by default of the time before the fresh week."""
    return make_post(created_at=NOON - timedelta(days=days_ago), caption=caption, hashtags=tags, views=views)


def tea_week() -> list[PostFigures]:
    """Eight posts of 100 views in the ten days before, two of them #tea, and two #tea of 700 this week."""
    before = [post("tea", days_ago=17), post("tea"), *(post() for _ in range(6))]
    return [*before, post("tea", views=700, days_ago=1), post("tea", views=700, days_ago=0)]


def watched(
    posts: Sequence[PostFigures],
    given_input: TrendInput = EVERYTHING,
    *,
    brand: BrandVoice | None = TEA_HOUSE,
) -> TrendFacts:
    return watch_trends(posts, given_input, NOON, brand=brand)


def figures(facts: TrendFacts, tag: str) -> TrendFigures:
    return next(trend for trend in facts.trends if trend.tag == tag)


def test_watch_one_rising_tag_gives_figures_computed_by_hand() -> None:
    facts = watched(tea_week())
    (tea,) = facts.trends
    # fresh 1,400 / 7 = 200 a day; before 200 / 10 days = 20 a day; typical 100 / 7 = 14.2857 a day
    # rise 200 - 20 = 180 over the sum 234.2857
    assert tea.velocity == round(180 / 234.2857142857, 4) == 0.7683
    # on 4 of 10 posts
    assert tea.saturation == 0.4
    # {tea: 1 + ln 4} against {tea: 1, ritual: 1}: 1 / sqrt 2
    assert tea.similarity == round(1 / math.sqrt(2), 4) == 0.7071
    # 0.70711 * 0.76829 * 0.6
    assert tea.fit == round(180 / 234.2857142857 / math.sqrt(2) * 0.6, 4) == 0.326
    assert (tea.posts, tea.fresh_posts, tea.alongside) == (4, 2, ())
    assert facts.rising_hashtags == ("tea",)
    assert (facts.posts_considered, facts.fresh_posts, facts.enough_data, facts.note) == (10, 2, True, "")
    assert (facts.source, facts.vocabulary, facts.freshness_hours) == ("own posts", "brand", 168)


def test_watch_without_brand_compares_with_the_posts_outside_the_tag() -> None:
    posts = [
        *(post("milk", caption="warm milk") for _ in range(4)),
        *(post("dog") for _ in range(4)),
        post("tea", views=700, days_ago=1, caption="warm tea"),
    ]
    facts = watched(posts, brand=None)
    assert facts.vocabulary == "own posts"
    # tea: {tea: 2 (tag and word), warm: 1}; others: {milk: 4 tags + 4 words, warm: 4, dog: 4}
    tea, warm, milk, dog = 1 + math.log(2), 1.0, 1 + math.log(8), 1 + math.log(4)
    shared = warm * (1 + math.log(4))
    norms = math.hypot(tea, warm) * math.hypot(milk, 1 + math.log(4), dog)
    assert figures(facts, "tea").similarity == round(shared / norms, 4)


@pytest.mark.parametrize(
    "brand", [BrandVoice(name="Tea"), BrandVoice(name="Tea", voice="and the", guidelines="42")]
)
def test_watch_with_a_brand_that_says_nothing_falls_back_to_own_posts(brand: BrandVoice) -> None:
    assert watched(tea_week(), brand=brand) == watched(tea_week(), brand=None)
    assert watched(tea_week(), brand=brand).vocabulary == "own posts"


def test_watch_tag_without_a_common_word_is_no_trend_and_may_still_rise() -> None:
    facts = watched(tea_week(), brand=BrandVoice(name="Dogs", voice="dogs only"))
    assert facts.trends == ()
    assert facts.rising_hashtags == ("tea",)
    assert facts.note == "No hashtag of the fresh posts both gains views and fits well enough."


def test_watch_tag_that_loses_views_has_no_velocity() -> None:
    posts = [post("tea", views=1000) for _ in range(8)] + [post("tea", views=10, days_ago=1)] + [post()] * 9
    facts = watched(posts)
    assert (facts.trends, facts.rising_hashtags) == ((), ())


def test_watch_without_any_views_has_no_velocity() -> None:
    assert watched([post(views=0)] * 8 + [post("tea", views=0, days_ago=1)]).trends == ()


def test_watch_one_typical_post_of_a_new_tag_is_velocity_one_half_and_rises() -> None:
    facts = watched([post() for _ in range(8)] + [post("tea", days_ago=1)])
    # 100 / 7 fresh, nothing before, 100 / 7 typical
    assert figures(facts, "tea").velocity == 0.5
    assert facts.rising_hashtags == ("tea",)


def test_watch_tag_below_a_typical_post_does_not_rise() -> None:
    facts = watched([post() for _ in range(8)] + [post("tea", views=99, days_ago=1)])
    assert figures(facts, "tea").velocity == round(99 / 199, 4)
    assert facts.rising_hashtags == ()


def test_watch_tag_below_a_third_of_a_typical_post_is_no_trend() -> None:
    # 34 / 134 = 0.2537 and 33 / 133 = 0.2481
    assert len(watched([post() for _ in range(8)] + [post("tea", views=34, days_ago=1)]).trends) == 1
    assert watched([post() for _ in range(8)] + [post("tea", views=33, days_ago=1)]).trends == ()


def test_watch_young_account_spreads_the_time_before_over_the_days_it_had() -> None:
    # Before begins with the oldest post: 8 posts of 100 views within 2 days are 400 views a day.
    young = [post("tea", days_ago=9), *(post("tea", days_ago=8) for _ in range(7))]
    facts = watched([*young, post("tea", views=7000, days_ago=1), *(post(days_ago=1) for _ in range(10))])
    # fresh 1,000 a day; typical 100 / 7
    assert figures(facts, "tea").velocity == round((1000 - 400) / (1000 + 400 + 100 / 7), 4)


def test_watch_account_that_began_within_the_day_before_counts_a_whole_day() -> None:
    posts = [post("tea", days_ago=7.25) for _ in range(4)] + [post("tea", views=7000, days_ago=1)]
    facts = watched(posts + [post(days_ago=1) for _ in range(8)])
    # before: 400 views in one day, not in a quarter of one
    assert figures(facts, "tea").velocity == round((1000 - 400) / (1000 + 400 + 100 / 7), 4)


def test_watch_without_a_time_before_compares_with_a_typical_post_only() -> None:
    facts = watched([post("tea", days_ago=1)] * 4 + [post(days_ago=1)] * 4)
    # 400 fresh, 0 before, 100 typical
    assert figures(facts, "tea").velocity == 0.8
    assert figures(facts, "tea").saturation == 0.5


def test_watch_windows_are_open_at_the_start_and_closed_at_the_end() -> None:
    inside = [post(days_ago=96.999)] + [post(days_ago=7) for _ in range(7)] + [post("tea", days_ago=6.999)]
    outside = [post("tea", days_ago=97), post("tea", days_ago=-0.001)]
    facts = watched(inside + outside)
    assert (facts.posts_considered, facts.fresh_posts) == (9, 1)
    assert facts == watched(inside)


def test_watch_saturation_is_over_the_last_ninety_days() -> None:
    # the posts of 95 days ago belong to the time before, not to saturation: 1 of 8
    old = [post("tea", days_ago=95) for _ in range(3)]
    facts = watched(old + [post()] * 7 + [post("tea", views=900, days_ago=1)])
    assert figures(facts, "tea").saturation == 0.125
    assert figures(facts, "tea").posts == 4


def test_watch_freshness_of_a_day_looks_at_a_day() -> None:
    facts = watched(tea_week(), TrendInput(freshness_hours=24, min_fit=0))
    # exactly 24 hours ago belongs to the time before
    assert (facts.fresh_posts, facts.posts_considered, facts.freshness_hours) == (1, 10, 24)
    # fresh 700 a day; before 100 + 100 + 700 over 16 days; typical 100 a day
    assert facts.trends[0].velocity == round((700 - 56.25) / (700 + 56.25 + 100), 4)


def test_watch_signature_tag_of_more_than_half_the_posts_is_no_trend() -> None:
    posts = [post("tea")] * 4 + [post()] * 5 + [post("tea", views=9000, days_ago=1)]
    # 5 of 10 is half, 6 of 11 more
    assert figures(watched(posts), "tea").saturation == 0.5
    assert watched([*posts, post("tea")]).trends == ()
    assert watched([*posts, post("tea")]).rising_hashtags == ()


@pytest.mark.parametrize("tag", ["fyp", "viral", "2025", "x" * 61])
def test_watch_ignores_pleas_for_reach_and_endless_tags(tag: str) -> None:
    facts = watched([post()] * 8 + [post(tag, views=900, days_ago=1)])
    assert (facts.trends, facts.rising_hashtags) == ((), ())


def test_watch_takes_a_tag_of_sixty_characters() -> None:
    assert watched([post()] * 8 + [post("x" * 60, views=900, days_ago=1)]).rising_hashtags == ("x" * 60,)


def test_watch_reads_tags_from_the_caption_and_in_any_spelling() -> None:
    posts = [post()] * 8 + [
        post(caption="#TEA", days_ago=1),
        post("Tea", days_ago=1),
        post("tea", days_ago=1),
    ]
    assert figures(watched(posts), "tea").fresh_posts == 3


def test_watch_tags_of_one_story_are_listed_alongside_the_strongest() -> None:
    posts = [
        *(post() for _ in range(12)),
        post("tea", "matcha", "bowl", views=900, days_ago=1),
        post("tea", "matcha", views=900, days_ago=2),
        post("dog", views=300, days_ago=2),
    ]
    facts = watched(posts, brand=BrandVoice(name="x", voice="tea matcha bowl dog"))
    tea = facts.trends[0]
    # matcha and tea are on the same posts and go by the alphabet; bowl is on half of them
    assert (tea.tag, tea.alongside) == ("matcha", ("tea", "bowl"))
    assert {trend.tag for trend in facts.trends} == {"matcha", "dog"}
    assert facts.rising_hashtags == ("matcha", "dog")


def test_watch_tag_on_more_posts_speaks_for_a_story_of_equals() -> None:
    posts = [post("tea", views=0), *(post() for _ in range(8)), post("bowl", "tea", views=900, days_ago=1)]
    # the old post had no views, so tea is as fast as bowl
    (tea,) = watched(posts, brand=BrandVoice(name="x", voice="tea bowl")).trends
    assert (tea.tag, tea.alongside, tea.posts) == ("tea", ("bowl",), 2)


def test_watch_tag_with_half_of_its_posts_in_common_is_listed_alongside() -> None:
    posts = [
        *(post() for _ in range(12)),
        post("tea", views=500),  # makes tea the slower of the two
        post("bowl", "tea", views=9000, days_ago=1),
        post("tea", views=10, days_ago=2),
    ]
    (bowl,) = watched(posts, brand=BrandVoice(name="x", voice="tea bowl")).trends
    assert (bowl.tag, bowl.alongside) == ("bowl", ("tea",))


def test_watch_tag_with_a_third_of_its_posts_in_common_stands_alone() -> None:
    posts = [
        *(post() for _ in range(12)),
        post("tea", views=500),  # makes tea the slower of the two
        post("bowl", "tea", views=9000, days_ago=1),
        post("tea", views=10, days_ago=2),
        post("tea", views=10, days_ago=3),
    ]
    facts = watched(posts, brand=BrandVoice(name="x", voice="tea bowl"))
    assert {trend.tag: trend.alongside for trend in facts.trends} == {"bowl": (), "tea": ()}


def test_watch_lists_at_most_eight_tags_alongside() -> None:
    tags = [f"t{n}" for n in range(12)]
    facts = watched([post()] * 12 + [post(*tags, "tea", days_ago=1)])
    assert facts.trends[0].alongside == ("t1", "t10", "t11", "t2", "t3", "t4", "t5", "t6")


def rivals(count: int) -> list[PostFigures]:
    """Fresh posts of tags that each tell their own story, the first the most viewed."""
    return [post(f"r{n:02}", "", views=1000 - n, days_ago=1, caption="tea") for n in range(count)]


def test_watch_keeps_the_best_trends_and_the_fastest_tags() -> None:
    facts = watched([post()] * 30 + rivals(12), TrendInput(max_trends=3))
    assert [trend.tag for trend in facts.trends] == ["r00", "r01", "r02"]
    assert facts.rising_hashtags == tuple(f"r{n:02}" for n in range(10))
    assert set(facts.captions) == {"r00", "r01", "r02"}


def test_watch_keeps_trends_from_the_lowest_fit_on() -> None:
    assert len(watched(tea_week(), TrendInput(min_fit=0.326)).trends) == 1
    assert watched(tea_week(), TrendInput(min_fit=0.3261)).trends == ()


@pytest.mark.parametrize("count", [0, 1, 7])
def test_watch_fewer_than_eight_posts_is_not_enough(count: int) -> None:
    facts = watched([post("tea", days_ago=1)] * count)
    assert (facts.enough_data, facts.trends, facts.rising_hashtags) == (False, (), ())
    assert facts.note == (
        "Not enough data: a comparison needs at least 8 posts in the fresh hours and the 90 days before, "
        f"and this account has {count}."
    )


def test_watch_without_fresh_posts_is_not_enough() -> None:
    facts = watched([post("tea", days_ago=8)] * 8)
    assert (facts.enough_data, facts.trends, facts.posts_considered) == (False, (), 8)
    assert facts.note == (
        "Not enough data: the account posted nothing in the last 168 hours before the data ends; raise "
        "freshness_hours to look further back."
    )


@pytest.mark.parametrize("values", [{"category": "food"}, {"region": "CH"}])
def test_watch_with_category_or_region_says_that_they_were_not_used(values: dict[str, str]) -> None:
    sentence = "Category and region need a trend source and were not used."
    assert watched(tea_week(), TrendInput.model_validate(values)).note == sentence
    without_posts = watched([]).note
    assert watched([], TrendInput.model_validate(values)).note == f"{without_posts} {sentence}"


@pytest.mark.parametrize("seed", range(5))
def test_watch_does_not_depend_on_the_order_of_posts(seed: int) -> None:
    posts = make_posts(60, seed=3)
    shuffled = random.Random(seed).sample(posts, k=len(posts))
    assert watched(shuffled, brand=None) == watched(posts, brand=None)
    assert watched(posts, brand=None).trends


tag_names = st.sampled_from(["tea", "coffee", "dog", "fyp", "zürich", "🙂"])
any_posts = st.lists(
    st.builds(
        post,
        tag_names,
        tag_names,
        views=st.integers(0, 10**9),
        days_ago=st.floats(-1, 120),
        caption=st.text(max_size=20),
    ),
    max_size=25,
)


@given(posts=any_posts, hours=st.integers(1, 2160), brand=st.sampled_from([None, TEA_HOUSE]))
@settings(deadline=None)
def test_watch_any_posts_gives_bounded_figures(
    posts: list[PostFigures], hours: int, brand: BrandVoice | None
) -> None:
    facts = watched(posts, TrendInput(freshness_hours=hours, min_fit=0, max_trends=50), brand=brand)
    fits = [trend.fit for trend in facts.trends]
    assert fits == sorted(fits, reverse=True)
    for trend in facts.trends:
        assert 0 < trend.fit <= min(trend.velocity, trend.similarity, 1 - trend.saturation) + 1e-4
        assert 0.25 <= trend.velocity <= 1
        assert 0 <= trend.similarity <= 1
        assert 0 <= trend.saturation <= 0.5
        assert 1 <= trend.fresh_posts <= trend.posts <= facts.posts_considered
        assert trend.tag not in trend.alongside
    assert bool(facts.note) == (not facts.trends)


def seen(tag: str, *views: int, last_days_ago: int = 0) -> list[TrendSighting]:
    """A trend seen once a day, last so many days ago, with these views."""
    days = [last_days_ago + len(views) - 1 - place for place in range(len(views))]
    return [
        TrendSighting(tag, NOON - timedelta(days=day), count, 1)
        for day, count in zip(days, views, strict=True)
    ]


def test_watch_tiktoks_trends_takes_their_speed_and_the_accounts_fit() -> None:
    # Up to 7 days ago 100 a day, since then 300 a day: (300 - 100) / (300 + 100).
    tea = seen("tea", 0, 100, 200, 500, 800, 1100, 1400, 1700, 2000, 2300)
    robots = seen("robots", 0, 100, 200, 500, 800, 1100, 1400, 1700, 2000, 2300)
    steady = seen("ritual", *range(0, 1000, 100))
    posts = [post("tea", days_ago=17), post("tea"), *(post() for _ in range(6))]
    facts = watch_trends(posts, TrendInput(), NOON, brand=TEA_HOUSE, sightings=[*tea, *robots, *steady])
    assert (facts.source, facts.enough_data, facts.note) == ("tiktok", True, "")
    (trend,) = facts.trends
    assert (trend.tag, trend.velocity, trend.saturation) == ("tea", 0.5, 0.25)
    # {tea: 1 + ln 2} against {tea: 1, ritual: 1}
    assert trend.similarity == 0.7071
    assert trend.fit == round(0.5 * 0.75 / math.sqrt(2), 4)
    assert facts.rising_hashtags == ("robots", "tea")
    assert facts.off_brand == ("robots",)


def test_watch_tiktoks_trends_does_not_call_foreign_what_the_account_posts_about() -> None:
    # Neither word of the guidelines is among the words of these posts: {balcony: 1 + ln 2, lamp: 1 + ln 2}
    # against those outside the tag, {lamp: 1 + ln 6}.
    balcony = seen("balcony", 0, 100, 200, 500, 800, 1100, 1400, 1700, 2000, 2300)
    posts = [post("balcony", "lamp", days_ago=17), post("balcony", "lamp"), *(post("lamp") for _ in range(6))]
    facts = watch_trends(posts, TrendInput(), NOON, brand=TEA_HOUSE, sightings=balcony)
    assert facts.off_brand == ()
    (trend,) = facts.trends
    assert (trend.tag, trend.similarity) == ("balcony", 0.7071)


def test_watch_tiktoks_trends_of_an_account_that_does_not_post_needs_its_brand() -> None:
    sightings = seen("tea", 0, 100, 200, 500, 800, 1100, 1400, 1700, 2000, 2300)
    with_brand = watch_trends([], TrendInput(), NOON, brand=TEA_HOUSE, sightings=sightings)
    assert [trend.tag for trend in with_brand.trends] == ["tea"]
    without = watch_trends([], TrendInput(), NOON, sightings=sightings)
    assert (without.enough_data, without.trends, without.off_brand) == (False, (), ())
    assert "neither a brand nor 8 posts" in without.note


def test_watch_tiktoks_trends_says_when_none_fits() -> None:
    facts = watch_trends(
        [], TrendInput(), NOON, brand=TEA_HOUSE, sightings=seen("robots", *range(0, 1000, 100))
    )
    assert facts.note == "No trend both gains views and fits well enough."
