from datetime import timedelta

from agents.skills.trend_speed import by_tag, trend_speed
from tests.factories.figures import NOON
from tiktok_ops.content.figures import TrendSighting


def seen(days_ago: float, views: int, tag: str = "tea") -> TrendSighting:
    return TrendSighting(tag, NOON - timedelta(days=days_ago), views, 1)


WEEK_AGO = NOON - timedelta(days=7)


def test_trend_speed_compares_the_views_a_day_gained() -> None:
    # 700 in 7 days is 100 a day before; 2,100 in 7 days is 300 a day since.
    assert trend_speed([seen(14, 0), seen(7, 700), seen(0, 2_800)], fresh_from=WEEK_AGO) == 0.5
    assert trend_speed([seen(0, 2_800), seen(14, 0), seen(7, 700)], fresh_from=WEEK_AGO) == 0.5


def test_trend_speed_of_what_slows_down_or_stands_still_is_none_at_all() -> None:
    assert trend_speed([seen(14, 0), seen(7, 700), seen(0, 800)], fresh_from=WEEK_AGO) == 0.0
    assert trend_speed([seen(14, 5), seen(7, 5), seen(0, 5)], fresh_from=WEEK_AGO) == 0.0
    assert trend_speed([seen(14, 900), seen(7, 700), seen(0, 600)], fresh_from=WEEK_AGO) == 0.0


def test_trend_speed_needs_two_sightings_before_and_one_since() -> None:
    assert trend_speed([seen(7, 700), seen(0, 800)], fresh_from=WEEK_AGO) is None
    assert trend_speed([seen(14, 0), seen(7, 700)], fresh_from=WEEK_AGO) is None
    assert trend_speed([], fresh_from=WEEK_AGO) is None


def test_by_tag_keeps_each_tags_order() -> None:
    first, other, second = seen(2, 1), seen(2, 1, "dog"), seen(1, 2)
    assert by_tag([first, other, second]) == {"tea": [first, second], "dog": [other]}
