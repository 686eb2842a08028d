"""What a call costs, against sums done by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.prices.pricing import Price, PriceUnknown, cost_usd, find_price
from agents.providers.language import Usage
from tiktok_ops.errors import Refused

TODAY = date(2026, 11, 20)


def price(model: str = "m", **changes: Any) -> Price:
    """Return a row whose five prices are told apart by their size."""
    fields: dict[str, Any] = {
        "model": model,
        "effective_from": date(2026, 9, 1),
        "input": Decimal("2"),
        "output": Decimal("10"),
        "cache_read": Decimal("0.20"),
        "cache_write_5m": Decimal("2.50"),
        "cache_write_1h": Decimal("4"),
        "batch_factor": Decimal("0.5"),
    }
    return Price(**(fields | changes))


def cost(usage: Usage, *prices: Price, model: str = "m", on: date = TODAY, is_batch: bool = False) -> Decimal:
    """Return what the usage costs by these rows, or by the usual one."""
    return cost_usd(model=model, usage=usage, prices=prices or (price(),), on=on, is_batch=is_batch)


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        # 1,000,000 x 2 / 1,000,000
        (Usage(input_tokens=1_000_000, output_tokens=0), "2.000000"),
        # 1,000,000 x 10 / 1,000,000
        (Usage(input_tokens=0, output_tokens=1_000_000), "10.000000"),
        # 1,000,000 x 0.20 / 1,000,000
        (Usage(0, 0, cache_read_tokens=1_000_000), "0.200000"),
        # 1,000,000 x 2.50 / 1,000,000
        (Usage(0, 0, cache_write_5m_tokens=1_000_000), "2.500000"),
        # 1,000,000 x 4 / 1,000,000
        (Usage(0, 0, cache_write_1h_tokens=1_000_000), "4.000000"),
        # (1,200 x 2 + 350 x 10) / 1,000,000 = (2,400 + 3,500) / 1,000,000
        (Usage(input_tokens=1_200, output_tokens=350), "0.005900"),
        # (100 x 2 + 50 x 10 + 3,000 x 0.20 + 400 x 2.50 + 200 x 4) / 1,000,000
        # = (200 + 500 + 600 + 1,000 + 800) / 1,000,000
        (
            Usage(100, 50, cache_read_tokens=3_000, cache_write_5m_tokens=400, cache_write_1h_tokens=200),
            "0.003100",
        ),
        (Usage(input_tokens=0, output_tokens=0), "0.000000"),
    ],
)
def test_cost_by_class_is_tokens_times_price(usage: Usage, usd: str) -> None:
    assert str(cost(usage)) == usd


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        # 0.10 USD per million: a token is 0.0000001 USD, ten are the quantum.
        (1, "0.000001"),
        (10, "0.000001"),
        (11, "0.000002"),
        (20, "0.000002"),
        (1_234_567, "0.123457"),
    ],
)
def test_cost_below_a_millionth_is_rounded_up_and_never_free(tokens: int, usd: str) -> None:
    assert str(cost(Usage(tokens, 0), price(input=Decimal("0.10")))) == usd


def test_cost_is_rounded_once_not_by_class() -> None:
    usage = Usage(1, 1, cache_read_tokens=1, cache_write_5m_tokens=1, cache_write_1h_tokens=1)
    tenth = Decimal("0.1")
    row = price(input=tenth, output=tenth, cache_read=tenth, cache_write_5m=tenth, cache_write_1h=tenth)
    # 5 x 0.0000001 = 0.0000005; rounded by class it would be 0.000005.
    assert str(cost(usage, row)) == "0.000001"


def test_cost_of_huge_usage_stays_exact() -> None:
    # 123,456,789,012 x 2 / 1,000,000
    assert str(cost(Usage(123_456_789_012, 0))) == "246913.578024"


def test_cost_of_batch_discounts_input_and_output_only() -> None:
    usage = Usage(1_000_000, 1_000_000, cache_read_tokens=1_000_000, cache_write_1h_tokens=1_000_000)
    # (2 + 10) x 0.5 + 0.20 + 4
    assert str(cost(usage, is_batch=True)) == "10.200000"
    # 2 + 10 + 0.20 + 4
    assert str(cost(usage)) == "16.200000"


def test_cost_of_batch_without_known_discount_is_the_full_price() -> None:
    one = Decimal(1)
    row = Price("m", date(2026, 9, 1), one, one, one, one, one)
    assert cost(Usage(1_000_000, 0), row, is_batch=True) == cost(Usage(1_000_000, 0), row) == 1


# Rows by day

OLD = price(effective_from=date(2026, 1, 1), input=Decimal(5))
NEW = price(effective_from=date(2026, 11, 20), input=Decimal(3))
NEXT = price(effective_from=date(2026, 12, 1), input=Decimal(1))


@pytest.mark.parametrize(
    ("on", "row"),
    [
        (date(2026, 1, 1), OLD),
        (date(2026, 11, 19), OLD),
        (date(2026, 11, 20), NEW),
        (date(2026, 11, 30), NEW),
        (date(2026, 12, 1), NEXT),
        (date(2030, 1, 1), NEXT),
    ],
)
@pytest.mark.parametrize("rows", [(OLD, NEW, NEXT), (NEXT, OLD, NEW)])
def test_find_price_on_a_day_takes_the_newest_row_not_after_it(
    on: date, row: Price, rows: tuple[Price, ...]
) -> None:
    assert find_price(model="m", prices=rows, on=on, total_input_tokens=10) is row


def test_find_price_takes_rows_from_an_iterator_once() -> None:
    assert find_price(model="m-20260101", prices=iter([OLD, NEW]), on=TODAY, total_input_tokens=1) is NEW


# Tiers

SMALL = price(up_to_input_tokens=100_000, input=Decimal("0.10"))
MIDDLE = price(up_to_input_tokens=200_000, input=Decimal("0.30"))
LARGE = price(input=Decimal("0.50"))


@pytest.mark.parametrize(
    ("total", "row"),
    [(0, SMALL), (99_999, SMALL), (100_000, SMALL), (100_001, MIDDLE), (200_000, MIDDLE), (200_001, LARGE)],
)
@pytest.mark.parametrize("rows", [(SMALL, MIDDLE, LARGE), (LARGE, MIDDLE, SMALL)])
def test_find_price_by_prompt_size_takes_the_lowest_tier_it_fits(
    total: int, row: Price, rows: tuple[Price, ...]
) -> None:
    assert find_price(model="m", prices=rows, on=TODAY, total_input_tokens=total) is row


def test_cost_of_long_prompt_prices_all_of_it_by_its_tier() -> None:
    # 100,000 x 0.10 / 1,000,000 and 300,000 x 0.50 / 1,000,000
    assert str(cost(Usage(100_000, 0), SMALL, MIDDLE, LARGE)) == "0.010000"
    assert str(cost(Usage(300_000, 0), SMALL, MIDDLE, LARGE)) == "0.150000"


@pytest.mark.parametrize("kind", ["cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"])
def test_cost_counts_cached_tokens_towards_the_tier(kind: str) -> None:
    # 10 x 0.10 in the small tier; one cached token more makes it 10 x 0.50.
    free: dict[str, Any] = dict.fromkeys(("cache_read", "cache_write_5m", "cache_write_1h"), Decimal(0))
    rows = (
        price(up_to_input_tokens=1_000, input=Decimal("0.10"), **free),
        price(input=Decimal("0.50"), **free),
    )
    assert str(cost(Usage(10, 0, **{kind: 990}), *rows)) == "0.000001"
    assert str(cost(Usage(10, 0, **{kind: 991}), *rows)) == "0.000005"


def test_cost_never_counts_the_output_towards_the_tier() -> None:
    # 500,000 x 10 / 1,000,000 + 10 x 0.10 / 1,000,000
    assert str(cost(Usage(10, 500_000), SMALL, LARGE)) == "5.000001"


def test_find_price_with_newer_tiers_forgets_the_older_ones() -> None:
    newer = price(effective_from=date(2026, 10, 1), up_to_input_tokens=50_000)
    rows = (SMALL, LARGE, newer)
    assert find_price(model="m", prices=rows, on=TODAY, total_input_tokens=50_000) is newer
    with pytest.raises(PriceUnknown):
        find_price(model="m", prices=rows, on=TODAY, total_input_tokens=50_001)


# Unknown prices and dated versions


@pytest.mark.parametrize("rows", [(), (NEXT,), (price("another"),)])
def test_find_price_of_unknown_model_says_what_to_add(rows: tuple[Price, ...]) -> None:
    with pytest.raises(PriceUnknown) as caught:
        find_price(model="m", prices=rows, on=TODAY, total_input_tokens=10)
    assert str(caught.value) == (
        "The price of the model 'm' on 2026-11-20 is not known; add a price row for it with 'effective from' "
        "on or before that day."
    )
    assert isinstance(caught.value, Refused)


def test_cost_of_unknown_model_is_never_zero() -> None:
    with pytest.raises(PriceUnknown):
        cost(Usage(0, 0), model="unknown")


def test_find_price_of_prompt_above_every_tier_says_so() -> None:
    with pytest.raises(
        PriceUnknown, match="for a prompt of 100,001 tokens; add a price row for prompts that long"
    ):
        find_price(model="m", prices=(SMALL,), on=TODAY, total_input_tokens=100_001)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929"),
    ],
)
def test_find_price_of_dated_version_takes_its_own_row_or_its_models(model: str, found: str) -> None:
    rows = (price("claude-haiku-4-5"), price("claude-sonnet-4-5"), price("claude-sonnet-4-5-20250929"))
    assert find_price(model=model, prices=rows, on=TODAY, total_input_tokens=1).model == found


@pytest.mark.parametrize(
    "model", ["claude-haiku", "claude-haiku-4", "claude-haiku-4-5-2025", "claude-haiku-4-5-x"]
)
def test_find_price_of_like_named_model_is_unknown(model: str) -> None:
    with pytest.raises(PriceUnknown, match=f"'{model}'"):
        find_price(model=model, prices=(price("claude-haiku-4-5"),), on=TODAY, total_input_tokens=1)


def test_raise_price_unknown_without_sentence_names_the_remedy() -> None:
    assert str(PriceUnknown()).endswith("add a row for it, so that nothing is counted as free.")


token_counts = st.integers(min_value=0, max_value=10**9)


@settings(deadline=None)
@given(token_counts, token_counts, token_counts, token_counts, token_counts)
def test_cost_of_any_usage_is_within_a_millionth_above_the_exact_sum(
    fresh: int, output: int, read: int, write_5m: int, write_1h: int
) -> None:
    usage = Usage(fresh, output, read, write_5m, write_1h)
    # In hundredths of a USD per million tokens, so in whole numbers: 200, 1000, 20, 250, 400.
    exact = fresh * 200 + output * 1000 + read * 20 + write_5m * 250 + write_1h * 400
    difference = cost(usage) * 100_000_000 - exact
    assert 0 <= difference < 100
