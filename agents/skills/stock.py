"""How long a product's stock lasts at the pace it sells; each a pure function that says None without sales."""

from datetime import datetime

from agents.skills.statistics import clipped

VELOCITY_DAYS = 28
"""Four whole weeks, so that each weekday counts alike."""

FEWEST_SELLING_DAYS = 7
"""A product's first sale is spread over at least a week: one unit an hour ago is not 24 a day."""

SECONDS_PER_DAY = 86_400


def selling_days(first_ordered_at: datetime | None, as_of: datetime) -> float:
    """Return over how many days of the last 28 a product's sales are spread: 7 to 28, parts of days too.

    Nobody tells when a product was put on sale, so its first order does, a cancelled one too. A
    product younger than the window has the days since then, at least 7; one never ordered has 28.
    Ours: dividing by 28 would call the young one slow.
    """
    if first_ordered_at is None:
        return float(VELOCITY_DAYS)
    age_days = (as_of - first_ordered_at).total_seconds() / SECONDS_PER_DAY
    return clipped(age_days, FEWEST_SELLING_DAYS, VELOCITY_DAYS)


def days_of_cover(stock: int, units_per_day: float) -> float | None:
    """Return `stock / units_per_day`, 0 where the stock is negative; None where nothing sells.

    Source: the textbook "days of inventory on hand", with units in place of money.
    """
    return max(stock, 0) / units_per_day if units_per_day > 0 else None
