"""Every figure of the trends again, in plain loops that share no code with the agent."""

import math
import random
import statistics
from datetime import timedelta

import pytest

from agents.contract import BrandVoice
from agents.definitions.trend_watcher import TrendFacts, TrendInput, watch_trends
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

TAGS = ("tea", "matcha", "dogs", "puppy", "bread", "baking", "chess", "rooks", "kyoto", "garden")
WORDS = ("morning", "quiet", "garden", "market", "kitchen", "tea", "river", "window")
BRAND = BrandVoice(name="House", voice="Quiet mornings", guidelines="Tea and bread from our garden kitchen")
BRAND_WORDS = ["quiet", "mornings", "tea", "bread", "garden", "kitchen"]
HOURS = 240
SEEDS = range(6)


def account(seed: int) -> list[PostFigures]:
    """Posts of 100 days with one or two tags and two words each."""
    rng = random.Random(seed)
    return [
        make_post(
            created_at=NOON - timedelta(hours=rng.randint(0, 100 * 24 - 1)),
            caption=" ".join(rng.sample(WORDS, k=2)),
            hashtags=tuple(rng.sample(TAGS, k=rng.randint(1, 2))),
            views=rng.choice([0, 100, 5_000]) + rng.randint(0, 900),
        )
        for _ in range(rng.randint(60, 90))
    ]


def facts_of(posts: list[PostFigures], brand: BrandVoice | None) -> TrendFacts:
    return watch_trends(posts, TrendInput(freshness_hours=HOURS, min_fit=0, max_trends=50), NOON, brand=brand)


def velocity_of(tag: str, posts: list[PostFigures]) -> float:
    start = NOON - timedelta(hours=HOURS)
    oldest = min(post.created_at for post in posts)
    days_before = (start - oldest).total_seconds() / 86_400
    fresh, before = 0, 0
    for post in posts:
        if tag in post.hashtags and post.created_at > start:
            fresh += post.views
        elif tag in post.hashtags:
            before += post.views
    now, then = fresh / 10, before / days_before
    typical = statistics.median(post.views for post in posts) / 10
    return max(0.0, (now - then) / (now + then + typical))


def saturation_of(tag: str, posts: list[PostFigures]) -> float:
    lately = [post for post in posts if NOON - post.created_at < timedelta(days=90)]
    using = [post for post in lately if tag in post.hashtags]
    return len(using) / len(lately)


def counted(words: list[str]) -> dict[str, float]:
    return {word: 1 + math.log(words.count(word)) for word in words}


def said_in(posts: list[PostFigures]) -> list[str]:
    words: list[str] = []
    for post in posts:
        words += [*post.hashtags, *post.caption.split()]
    return words


def likeness(left: dict[str, float], right: dict[str, float]) -> float:
    product = sum(left[word] * right.get(word, 0.0) for word in left)
    lengths = math.dist([0.0] * len(left), list(left.values())) * math.dist(
        [0.0] * len(right), list(right.values())
    )
    return product / lengths


@pytest.mark.parametrize("brand", [None, BRAND])
@pytest.mark.parametrize("seed", SEEDS)
def test_trends_recomputed_have_these_figures(seed: int, brand: BrandVoice | None) -> None:
    posts = account(seed)
    facts = facts_of(posts, brand)
    assert facts.trends
    for trend in facts.trends:
        using = [post for post in posts if trend.tag in post.hashtags]
        others = [post for post in posts if trend.tag not in post.hashtags]
        velocity, saturation = velocity_of(trend.tag, posts), saturation_of(trend.tag, posts)
        similarity = likeness(counted(said_in(using)), counted(BRAND_WORDS if brand else said_in(others)))
        assert trend.velocity == round(velocity, 4)
        assert trend.saturation == round(saturation, 4)
        assert trend.similarity == round(similarity, 4)
        assert trend.fit == round(similarity * velocity * (1 - saturation), 4)
        assert trend.posts == len(using)
        assert trend.fresh_posts == len([p for p in using if NOON - p.created_at < timedelta(hours=HOURS)])


@pytest.mark.parametrize("seed", SEEDS)
def test_trends_recomputed_leave_out_no_tag_that_gains(seed: int) -> None:
    posts = account(seed)
    facts = facts_of(posts, None)
    fresh = [post for post in posts if NOON - post.created_at < timedelta(hours=HOURS)]
    gaining = {tag for post in fresh for tag in post.hashtags if velocity_of(tag, posts) >= 0.25}
    shown = {tag for trend in facts.trends for tag in (trend.tag, *trend.alongside)}
    assert gaining <= shown
    assert shown <= {tag for post in fresh for tag in post.hashtags}


@pytest.mark.parametrize("seed", SEEDS)
def test_rising_tags_recomputed_are_the_fastest_that_speak_for_themselves(seed: int) -> None:
    posts = account(seed)
    facts = facts_of(posts, None)
    repeated = {tag for trend in facts.trends for tag in trend.alongside}
    fresh_tags = {
        tag for post in posts if NOON - post.created_at < timedelta(hours=HOURS) for tag in post.hashtags
    }
    speeds = {tag: round(velocity_of(tag, posts), 4) for tag in fresh_tags - repeated}
    fastest = sorted((tag for tag in speeds if speeds[tag] >= 0.5), key=lambda tag: (-speeds[tag], tag))
    assert list(facts.rising_hashtags) == fastest
