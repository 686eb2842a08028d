"""Every figure of the segments again, in plain loops that share no code with the agent."""

import random
import statistics
from datetime import timedelta

import pytest

from agents.definitions.audience_mapper import AudienceInput, SegmentFigures, map_audience
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

SUBJECTS = {
    "tea": ("Tea ceremony in Kyoto", ("tea", "matcha")),
    "dogs": ("Rescue dog learns tricks", ("dogs", "puppy")),
    "bread": ("Sourdough from scratch", ("bread", "baking")),
    "chess": ("Endgame with two rooks", ("chess", "endgame")),
}
SEEDS = range(6)


def account(seed: int) -> list[PostFigures]:
    """Posts of 200 days, each about one subject; the first tag tells which."""
    rng = random.Random(seed)
    posts = []
    for _ in range(rng.randint(40, 90)):
        subject = rng.choice(list(SUBJECTS))
        caption, tags = SUBJECTS[subject]
        views = rng.choice([0, 10, 1_000, 50_000]) + rng.randint(0, 900)
        posts.append(
            make_post(
                created_at=NOON - timedelta(hours=rng.randint(0, 200 * 24)),
                caption=f"{caption} #{tags[0]} #fyp",
                hashtags=tags,
                views=views,
                likes=rng.randint(0, views),
                comments=rng.randint(0, 9),
                shares=rng.randint(0, 9),
            )
        )
    return posts


def segments_of(posts: list[PostFigures]) -> dict[str, SegmentFigures]:
    """The segments by their subject."""
    facts = map_audience(posts, AudienceInput(min_score=0, max_segments=20), NOON)
    subjects = {}
    for segment in facts.segments:
        (subject,) = [name for name, (_, tags) in SUBJECTS.items() if tags[0] in segment.terms]
        subjects[subject] = segment
    assert len(subjects) == len(facts.segments)
    return subjects


def within(posts: list[PostFigures], *, oldest_days: int, newest_days: int = 0) -> list[PostFigures]:
    kept = []
    for post in posts:
        age = NOON - post.created_at
        if timedelta(days=newest_days) <= age < timedelta(days=oldest_days):
            kept.append(post)
    return kept


def views_of(posts: list[PostFigures]) -> int:
    total = 0
    for post in posts:
        total += post.views
    return total


def rate_of(posts: list[PostFigures]) -> float:
    rates = []
    for post in posts:
        if post.views > 0:
            rates.append((post.likes + post.comments + post.shares) / post.views)
    return statistics.median(rates)


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_recomputed_have_these_posts_shares_and_lifts(seed: int) -> None:
    posts = account(seed)
    window = within(posts, oldest_days=180)
    segments = segments_of(posts)
    assert set(segments) == set(SUBJECTS)
    for subject, segment in segments.items():
        own = [post for post in window if post.hashtags[0] == subject]
        assert segment.posts == len(own)
        assert segment.share == round(views_of(own) / views_of(window), 4)
        assert segment.lift == round(rate_of(own) / rate_of(window), 4)
        assert set(SUBJECTS[subject][1]) <= set(segment.terms)


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_recomputed_grow_by_this_share(seed: int) -> None:
    posts = account(seed)
    recent, earlier = within(posts, oldest_days=30), within(posts, oldest_days=180, newest_days=30)
    for subject, segment in segments_of(posts).items():
        now = views_of([post for post in recent if post.hashtags[0] == subject]) / views_of(recent)
        before = views_of([post for post in earlier if post.hashtags[0] == subject]) / views_of(earlier)
        assert segment.growth == round(now - before, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_recomputed_score_and_stand_in_this_order(seed: int) -> None:
    posts = account(seed)
    window = within(posts, oldest_days=180)
    recent, earlier = within(posts, oldest_days=30), within(posts, oldest_days=180, newest_days=30)
    shares = {
        subject: views_of([post for post in window if post.hashtags[0] == subject]) / views_of(window)
        for subject in SUBJECTS
    }
    scores = {}
    for subject in SUBJECTS:
        own = [post for post in window if post.hashtags[0] == subject]
        lift = rate_of(own) / rate_of(window)
        now = views_of([post for post in own if post in recent]) / views_of(recent)
        before = views_of([post for post in own if post in earlier]) / views_of(earlier)
        size = shares[subject] / (shares[subject] + statistics.median(shares.values()))
        warmth = lift / (lift + 1)
        growth = now / (now + before) if now + before else 0.5
        scores[subject] = round((2 * size + 2 * warmth + growth) / 5, 4)
    segments = segments_of(posts)
    assert {subject: segment.score for subject, segment in segments.items()} == scores
    assert list(segments) == sorted(scores, key=lambda subject: -scores[subject])
    assert [segment.key for segment in segments.values()] == ["s1", "s2", "s3", "s4"]
