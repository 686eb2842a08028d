"""Spend by day as a picture: one bar a day. Decisions only; a template draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 70, 8, 16, 24
GAP_SHARE = 0.2
MOST_DAYS_LABELLED = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """What a day cost, in pixels, and what to say of it."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an axis, in pixels along it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class SpendChart:
    """The picture: a bar for each day, and the axes."""

    bars: tuple[Bar, ...]
    days: tuple[Mark, ...]
    amounts: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def spend_chart(by_day: Mapping[date, Decimal], *, since: date, until: date) -> SpendChart | None:
    """Draw what each day from `since` to `until` cost; None when nothing did."""
    most = max(by_day.values(), default=Decimal(0))
    if most <= 0:
        return None
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    step = (WIDTH - LEFT - RIGHT) / len(days)
    bars = []
    for number, day in enumerate(days):
        cost = by_day.get(day, Decimal(0))
        height = round(float(cost / most) * (HEIGHT - TOP - BOTTOM), 1)
        x = round(LEFT + number * step + step * GAP_SHARE / 2, 1)
        bars.append(
            Bar(
                x, HEIGHT - BOTTOM - height, round(step * (1 - GAP_SHARE), 1), height, f"{day:%d %b}: ${cost}"
            )
        )
    every = -(-len(days) // MOST_DAYS_LABELLED)
    labels = [Mark(round(LEFT + (number + 0.5) * step, 1), f"{day:%d %b}") for number, day in enumerate(days)]
    return SpendChart(
        bars=tuple(bars),
        days=tuple(labels[::every]),
        amounts=tuple(
            Mark(
                round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1),
                f"${_short(most * Decimal(share))}",
            )
            for share in (0, 0.5, 1)
        ),
    )


def _short(amount: Decimal) -> str:
    """Return an amount with as many decimals as tell it apart from nothing."""
    return f"{amount:.2f}" if amount >= 1 or amount == 0 else f"{amount:.6f}".rstrip("0")
