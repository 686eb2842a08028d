"""Winners, losers and what they are measured against once more, from rows of text, with no skill."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.definitions.performance_feedback import FeedbackInput, judge
from tests.factories.figures import NOON, make_posts
from tests.factories.real_posts import real_posts
from tiktok_ops.content.figures import PostFigures

Row = dict[str, str]


def as_rows(posts: list[PostFigures]) -> list[Row]:
    """The posts as a file would carry them."""
    return [
        {"video_id": post.video_id, "created_at": post.created_at.isoformat(), "views": str(post.views)}
        for post in posts
    ]


def age_days(row: Row, as_of: datetime) -> float:
    return (as_of - datetime.fromisoformat(row["created_at"])) / timedelta(days=1)


def middle(numbers: list[float]) -> float:
    """The middle of some numbers, by taking away the ends."""
    ordered = sorted(numbers)
    while len(ordered) > 2:
        ordered = ordered[1:-1]
    return sum(ordered) / len(ordered)


def recomputed(rows: list[Row], window_days: int, as_of: datetime) -> dict[str, Any]:
    """What stands out, by hand: 3 days old or older, at most 90 days or the window, seen at all."""
    oldest = max(90, window_days)
    measured = [row for row in rows if 3 <= age_days(row, as_of) < oldest and row["views"] != "0"]
    scores: dict[str, float] = {}
    if len(measured) >= 8:
        logs = {row["video_id"]: math.log(int(row["views"])) for row in measured}
        centre = middle(list(logs.values()))
        spread = 1.4826 * middle([abs(value - centre) for value in logs.values()])
        judged = {row["video_id"] for row in measured if age_days(row, as_of) < window_days}
        scores = {name: (value - centre) / spread for name, value in logs.items() if name in judged}
    return {
        "measured": len(measured),
        "judged": len(scores),
        "winners": {name: round(score, 4) for name, score in scores.items() if score >= 1.5},
        "losers": {name: round(score, 4) for name, score in scores.items() if score <= -1.5},
    }


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("window_days", [7, 28, 120])
def test_recompute_winners_and_losers_of_made_posts(seed: int, window_days: int) -> None:
    posts = make_posts(150, seed=seed, hours_apart=20)
    for as_of in (NOON, NOON - timedelta(days=11, hours=5)):
        check(posts, window_days, as_of)


def check(posts: list[PostFigures], window_days: int, as_of: datetime) -> int:
    """Compare what the agent finds with what is found here; return how many winners and losers there are."""
    facts = judge(posts, FeedbackInput(window_days=window_days), as_of)
    mine = recomputed([row for row in as_rows(posts) if age_days(row, as_of) >= 0], window_days, as_of)
    assert (facts.posts_measured, facts.posts_judged) == (mine["measured"], mine["judged"])
    for name in ("winners", "losers"):
        listed = {post.video_id: post.score for post in getattr(facts, name)}
        assert getattr(facts, f"{name}_found") == len(mine[name])
        assert listed == pytest.approx({key: mine[name][key] for key in listed}, abs=1e-4)
        assert len(listed) == min(20, len(mine[name]))
    return len(mine["winners"]) + len(mine["losers"])


def test_recompute_winners_and_losers_of_a_real_file() -> None:
    """Every account of the file, as of its last post, a week after it, and as of each tenth day of the 200 before."""
    found = sum(
        check(posts, window_days, max(post.created_at for post in posts) - timedelta(days=days))
        for posts in real_posts().values()
        for window_days in (7, 28, 120)
        for days in (-7, *range(0, 210, 10))
    )
    assert found


def test_recompute_finds_something_to_compare() -> None:
    found = [recomputed(as_rows(make_posts(150, seed=seed, hours_apart=20)), 120, NOON) for seed in range(6)]
    assert sum(len(one["winners"]) for one in found) > 10
    assert sum(len(one["losers"]) for one in found) > 5
    assert recomputed(as_rows(make_posts(9, hours_apart=12)), 28, NOON)["judged"] == 0
