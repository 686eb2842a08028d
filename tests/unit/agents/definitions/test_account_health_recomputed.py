"""Every figure once more, from rows of text as a file has them, by sorting and fractions, with no skill."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from agents.definitions.account_health import HealthFacts, assess
from agents.definitions.health_input import HealthInput
from tests.factories.figures import NOON, make_posts
from tests.factories.real_posts import real_posts
from tiktok_ops.content.figures import PostFigures

DAY_SECONDS = 24 * 60 * 60
END = int(NOON.timestamp())

Row = dict[str, str]


def as_rows(posts: list[PostFigures]) -> list[Row]:
    """The posts as a file would carry them."""
    return [
        {
            "created_at": post.created_at.isoformat(),
            "views": str(post.views),
            "likes": str(post.likes),
            "comments": str(post.comments),
            "shares": str(post.shares),
        }
        for post in posts
    ]


def second(row: Row) -> int:
    return int(datetime.fromisoformat(row["created_at"]).timestamp())


def days_back(rows: list[Row], first: int, last: int, end: int) -> list[Row]:
    """Rows whose age in days, at the second `end`, is at least `first` and under `last`."""
    return [row for row in rows if first * DAY_SECONDS <= end - second(row) < last * DAY_SECONDS]


def middle(numbers: list[Fraction]) -> Fraction | None:
    ordered = sorted(numbers)
    while len(ordered) > 2:
        ordered = ordered[1:-1]
    return sum(ordered, Fraction(0)) / len(ordered) if ordered else None


def column(rows: list[Row], name: str) -> list[Fraction]:
    return [Fraction(row[name]) for row in rows]


def comments_per_1000(rows: list[Row]) -> Fraction | None:
    views = sum(column(rows, "views"))
    return Fraction(1000 * sum(column(rows, "comments")), views) if views else None


def engagement(rows: list[Row]) -> Fraction | None:
    return middle(
        [
            Fraction(int(row["likes"]) + int(row["comments"]) + int(row["shares"]), int(row["views"]))
            for row in rows
            if row["views"] != "0"
        ]
    )


def change(now: Fraction | None, before: Fraction | None) -> Fraction | None:
    return None if now is None or before is None or before == 0 else now / before - 1


def shown(number: Fraction | None) -> Any:
    return None if number is None else pytest.approx(float(number), abs=0.000_051)


def expected_window(rows: list[Row]) -> dict[str, Any]:
    return {
        "posts": len(rows),
        "median_views": middle(column(rows, "views")),
        "median_likes": middle(column(rows, "likes")),
        "comments_per_1000_views": shown(comments_per_1000(rows)),
    }


def expected_trend(window: list[Row], baseline: list[Row]) -> dict[str, Any]:
    now, before = engagement(window), engagement(baseline)
    moved = change(now, before)
    direction = None
    if moved is not None:
        direction = "steady"
        if abs(moved) > Fraction(1, 10):
            direction = "rising" if moved > 0 else "falling"
    return {"direction": direction, "window": shown(now), "baseline": shown(before), "change": shown(moved)}


def expected_canaries(
    rows: list[Row], window: list[Row], baseline: list[Row], flags: int, end: int
) -> list[dict[str, Any]]:
    weeks = [middle(column(days_back(rows, first, first + 7, end), "views")) for first in (0, 7)]
    views = change(weeks[0], weeks[1])
    talk = [comments_per_1000(window), comments_per_1000(baseline)]
    comments = change(talk[0], talk[1])
    usual = middle(column(baseline, "views"))
    share = None
    if window and usual:
        share = Fraction(len([1 for count in column(window, "views") if count < usual / 10]), len(window))
    tripped = [
        None if views is None else views < Fraction(-1, 5),
        None if comments is None else comments < Fraction(-1, 2),
        None if share is None else share >= Fraction(1, 4),
        flags > 0,
    ]
    figures = [
        [*weeks, views],
        [*talk, comments],
        [share, usual and usual / 10, None],
        [Fraction(flags), None, None],
    ]
    return [
        {"tripped": verdict, "value": shown(value), "reference": shown(reference), "change": shown(moved)}
        for verdict, (value, reference, moved) in zip(tripped, figures, strict=True)
    ]


def expected_risk(verdicts: list[bool | None]) -> str | None:
    tripped = verdicts.count(True)
    if tripped:
        return "medium" if tripped == 1 else "high"
    return None if verdicts[:3] == [None, None, None] else "low"


def expected_points(window: list[Row], baseline: list[Row], risk: str | None) -> list[Fraction]:
    per_day = [Fraction(len(window), 14), Fraction(len(baseline), 30)]
    kept = [
        change(middle(column(window, "views")), middle(column(baseline, "views"))),
        change(engagement(window), engagement(baseline)),
        change(per_day[0], per_day[1]),
    ]
    points = [
        Fraction(weight, 2) if share is None else weight * min(share + 1, Fraction(1))
        for weight, share in zip((40, 25, 15), kept, strict=True)
    ]
    return [
        *points,
        {"low": Fraction(20), "medium": Fraction(10), "high": Fraction(0), None: Fraction(10)}[risk],
    ]


def expected_category(score: int, risk: str | None) -> str:
    if risk == "high" or score <= 49:
        return "at risk"
    return "healthy" if risk != "medium" and score >= 75 else "watch"


def expected_hours(rows: list[Row], end: int) -> list[dict[str, Any]]:
    ranking = []
    for hour in range(24):
        at_hour = [
            row
            for row in days_back(rows, 0, 90, end)
            if datetime.fromtimestamp(second(row), UTC).hour == hour
        ]
        if len(at_hour) > 2:
            views = middle(column(at_hour, "views"))
            assert views is not None
            ranking.append((-views, hour, len(at_hour)))
    return [
        {"hour": hour, "posts": posts, "median_views": -minus_views}
        for minus_views, hour, posts in sorted(ranking)
    ]


def check(facts: HealthFacts, rows: list[Row], flags: int, *, end: int = END) -> None:
    window, baseline = days_back(rows, 0, 14, end), days_back(rows, 14, 44, end)
    canaries = expected_canaries(rows, window, baseline, flags, end)
    risk = expected_risk([canary["tripped"] for canary in canaries])
    points = expected_points(window, baseline, risk)
    assert facts.posts_considered == len(window) + len(baseline) >= 8
    assert facts.window.model_dump() == expected_window(window)
    assert facts.baseline.model_dump() == expected_window(baseline)
    assert facts.engagement_trend.model_dump() == expected_trend(window, baseline)
    assert facts.posts_per_week == len(window) / 2
    compared = {"tripped", "value", "reference", "change"}
    assert [canary.model_dump(include=compared) for canary in facts.canaries] == canaries
    assert facts.shadowban_risk == risk
    assert facts.score_parts is not None
    assert [part["points"] for part in facts.score_parts.model_dump().values()] == [
        pytest.approx(float(part), abs=0.005_1) for part in points
    ]
    assert facts.overall_score == pytest.approx(float(sum(points)), abs=0.53)
    assert facts.category == expected_category(facts.overall_score or 0, risk)
    assert [hour.model_dump() for hour in facts.best_hours] == expected_hours(rows, end)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("hours_apart", [6.0, 12.0, 30.0])
def test_assess_generated_file_equals_the_independent_recomputation(seed: int, hours_apart: float) -> None:
    posts = make_posts(120, seed=seed, hours_apart=hours_apart)
    flags = seed % 3 // 2
    given = HealthInput(policy_flags=("limited",) * flags)
    check(assess(posts, given, NOON), as_rows(posts), flags)


def test_generate_files_for_the_recomputation_shows_every_kind_of_account() -> None:
    """The seeds above would prove little if every file looked alike."""
    found = [
        assess(make_posts(120, seed=seed, hours_apart=hours_apart), HealthInput(), NOON)
        for seed in range(1, 9)
        for hours_apart in (6.0, 12.0, 30.0)
    ]
    assert {facts.shadowban_risk for facts in found} >= {"low", "medium"}
    assert {facts.engagement_trend.direction for facts in found} == {"rising", "steady", "falling"}
    assert {facts.category for facts in found} >= {"healthy", "watch"}
    assert all(facts.best_hours for facts in found)


def test_assess_a_real_file_equals_the_independent_recomputation() -> None:
    """Every account of the file, as of its last post and as of each tenth day of the 200 before."""
    compared = 0
    for posts in real_posts().values():
        last = max(post.created_at for post in posts)
        for as_of in (last - timedelta(days=days) for days in range(0, 210, 10)):
            facts = assess(posts, HealthInput(), as_of)
            if facts.enough_data:
                check(facts, as_rows(posts), 0, end=int(as_of.timestamp()))
                compared += 1
    assert compared
