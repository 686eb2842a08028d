"""How fast a trend gains views, from how many it had each time it was seen."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tiktok_ops.content.figures import TrendSighting

DAY = timedelta(days=1)


def trend_speed(sightings: Sequence[TrendSighting], *, fresh_from: datetime) -> float | None:
    """Return `(fresh - before) / (fresh + before)`, 0 where that is negative; None where it cannot be told.

    Fresh and before are the views a day gained since the last sighting up to `fresh_from`, and up to it.
    A trend that gains three times what it gained comes to 0.5. Needs two sightings before `fresh_from` and
    one after it: a trend that was seen once is news, not a speed. Ours: a relative change, bounded.
    """
    ordered = sorted(sightings, key=lambda one: one.observed_at)
    before = [one for one in ordered if one.observed_at <= fresh_from]
    fresh = [one for one in ordered if one.observed_at > fresh_from]
    if len(before) < 2 or not fresh:
        return None
    gained_before, gained_fresh = _a_day(before[0], before[-1]), _a_day(before[-1], fresh[-1])
    total = gained_before + gained_fresh
    return max(0.0, gained_fresh - gained_before) / total if total else 0.0


def by_tag(sightings: Iterable[TrendSighting]) -> dict[str, list[TrendSighting]]:
    """Return the sightings of each tag, in the order given."""
    found: dict[str, list[TrendSighting]] = {}
    for sighting in sightings:
        found.setdefault(sighting.tag, []).append(sighting)
    return found


def _a_day(first: TrendSighting, last: TrendSighting) -> float:
    """Return the views gained a day between two sightings; a count that fell gained none."""
    return max(last.views - first.views, 0) / ((last.observed_at - first.observed_at) / DAY)
