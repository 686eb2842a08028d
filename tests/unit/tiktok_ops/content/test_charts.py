"""The picture of views: where dots, ticks and bands stand."""

from datetime import timedelta

import pytest

from tests.factories.figures import NOON, make_post
from tiktok_ops.content.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, ViewsChart, views_chart

PLOT = WIDTH - LEFT - RIGHT


def chart_of(*views: int) -> ViewsChart:
    """Return the chart of posts with these views, the newest first, a day apart."""
    posts = [
        make_post(video_id=str(day), created_at=NOON - timedelta(days=day), views=count)
        for day, count in enumerate(views)
    ]
    chart = views_chart(posts, as_of=NOON, window_days=14, baseline_days=30)
    assert chart is not None
    return chart


def test_chart_puts_the_newest_post_at_the_right_and_powers_of_ten_on_lines() -> None:
    chart = chart_of(1_000, 100, 100_000)

    assert chart.dots[0].x == WIDTH - RIGHT
    assert chart.dots[1].x == pytest.approx(WIDTH - RIGHT - PLOT / 90, abs=0.1)
    assert [tick.label for tick in chart.y_ticks] == ["100", "1k", "10k", "100k"]
    assert chart.y_ticks[0].at == chart.dots[1].y == HEIGHT - BOTTOM
    assert chart.y_ticks[1].at == chart.dots[0].y
    assert chart.y_ticks[3].at == chart.dots[2].y == TOP
    assert chart.dots[2].title == f"{NOON - timedelta(days=2):%d %b}: 100,000 views"


def test_chart_stands_a_post_without_views_on_the_axis() -> None:
    chart = chart_of(0, 10)

    assert chart.dots[0].y == HEIGHT - BOTTOM
    assert [tick.label for tick in chart.y_ticks] == ["1", "10"]


def test_chart_of_equal_views_still_has_two_lines() -> None:
    assert [tick.label for tick in chart_of(1_000_000, 1_000_000).y_ticks] == ["1M", "10M"]
    assert [tick.label for tick in chart_of(10**9, 10**9).y_ticks] == ["1B", "10B"]


def test_chart_shades_the_window_and_the_baseline_before_it() -> None:
    baseline, window = chart_of(10, 10).bands

    assert (baseline.label, window.label) == ("baseline", "window")
    assert window.width == pytest.approx(PLOT * 14 / 90, abs=0.1)
    assert baseline.width == pytest.approx(PLOT * 30 / 90, abs=0.1)
    assert baseline.x + baseline.width == pytest.approx(window.x, abs=0.1)
    assert window.x + window.width == pytest.approx(WIDTH - RIGHT, abs=0.1)


@pytest.mark.parametrize(("window_days", "labels"), [(80, ["baseline", "window"]), (120, ["window"])])
def test_chart_cuts_bands_at_its_left_edge(window_days: int, labels: list[str]) -> None:
    posts = [make_post(created_at=NOON), make_post(video_id="2", created_at=NOON - timedelta(days=1))]

    chart = views_chart(posts, as_of=NOON, window_days=window_days, baseline_days=30)

    assert chart is not None
    assert [band.label for band in chart.bands] == labels
    assert min(band.x for band in chart.bands) == LEFT


def test_chart_leaves_out_posts_after_as_of_and_older_than_90_days() -> None:
    posts = [
        make_post(video_id=str(days), created_at=NOON - timedelta(days=days)) for days in (-1, 0, 89, 90, 200)
    ]

    chart = views_chart(posts, as_of=NOON, window_days=14, baseline_days=30)

    assert chart is not None
    assert len(chart.dots) == 2
    assert chart.x_ticks[0].label == f"{NOON:%d %b}"


@pytest.mark.parametrize("number", [0, 1])
def test_chart_of_fewer_than_two_posts_is_none(number: int) -> None:
    posts = [make_post(created_at=NOON)][:number]

    assert views_chart(posts, as_of=NOON, window_days=14, baseline_days=30) is None
