"""The public prices: each row as the page had it, and nothing that is not known."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from agents.prices.pricing import PriceUnknown, cost_usd, find_price
from agents.prices.public import PUBLIC_PRICES
from agents.providers.language import Usage

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("model", "fresh", "write_5m", "write_1h", "read", "output"),
    [
        ("claude-fable-5-2", "8", "10", "16", "0.20", "40"),
        ("claude-fable-5-1", "10", "12.50", "20", "0.25", "50"),
        ("claude-opus-5-5", "4", "5", "8", "0.20", "20"),
        ("claude-opus-5", "5", "6.25", "10", "0.50", "25"),
        ("claude-opus-4-8", "5", "6.25", "10", "0.50", "25"),
        ("claude-opus-4-7", "5", "6.25", "10", "0.50", "25"),
        ("claude-opus-4-6", "5", "6.25", "10", "0.50", "25"),
        ("claude-opus-4-5", "5", "6.25", "10", "0.50", "25"),
        ("claude-sonnet-5-5", "2", "2.50", "4", "0.20", "10"),
        ("claude-sonnet-5", "2", "2.50", "4", "0.20", "10"),
        ("claude-haiku-5-5", "0.10", "0.125", "0.20", "0.01", "0.50"),
        ("claude-haiku-4-5", "1", "1.25", "2", "0.10", "5"),
    ],
)
def test_public_price_of_model_is_as_published(
    model: str, fresh: str, write_5m: str, write_1h: str, read: str, output: str
) -> None:
    row = find_price(model=model, prices=PUBLIC_PRICES, on=TODAY, total_input_tokens=1000)
    assert (row.input, row.cache_write_5m, row.cache_write_1h, row.cache_read, row.output) == tuple(
        map(Decimal, (fresh, write_5m, write_1h, read, output))
    )


def test_public_prices_are_thirteen_rows_once_each() -> None:
    keys = Counter((row.model, row.effective_from, row.up_to_input_tokens) for row in PUBLIC_PRICES)
    assert len(keys) == 13
    assert set(keys.values()) == {1}


def test_public_prices_are_never_zero_and_have_four_decimals_at_most() -> None:
    for row in PUBLIC_PRICES:
        for amount in (row.input, row.output, row.cache_read, row.cache_write_5m, row.cache_write_1h):
            assert amount > 0
            assert amount == amount.quantize(Decimal("0.0001"))


def test_public_batch_factor_is_half_of_every_model() -> None:
    assert {row.batch_factor for row in PUBLIC_PRICES} == {Decimal("0.5")}


def test_public_price_of_an_hour_in_the_cache_is_twice_the_input_of_every_model() -> None:
    assert [row.model for row in PUBLIC_PRICES if row.cache_write_1h != 2 * row.input] == []


def test_public_price_of_short_prompt_to_haiku_by_hand() -> None:
    # (50,000 x 0.10 + 2,000 x 0.50) / 1,000,000
    usage = Usage(input_tokens=50_000, output_tokens=2_000)
    cost = cost_usd(model="claude-haiku-5-5", usage=usage, prices=PUBLIC_PRICES, on=TODAY)
    assert str(cost) == "0.006000"


@pytest.mark.parametrize(("tokens", "usd"), [(100_000, "0.010000"), (100_001, "0.050001")])
def test_public_price_of_long_prompt_to_haiku_is_five_times_as_high(tokens: int, usd: str) -> None:
    # 0.10 USD a million up to 100,000 tokens, 0.50 above, for the whole prompt
    usage = Usage(input_tokens=tokens, output_tokens=0)
    assert str(cost_usd(model="claude-haiku-5-5", usage=usage, prices=PUBLIC_PRICES, on=TODAY)) == usd


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("claude-fable-5-2", date(2026, 11, 8)),
        ("claude-sonnet-5-5", date(2026, 8, 31)),
        ("claude-mythos-5", TODAY),
        ("claude-sonnet-4-5", TODAY),
    ],
)
def test_public_price_that_was_never_read_is_not_known(model: str, day: date) -> None:
    with pytest.raises(PriceUnknown):
        find_price(model=model, prices=PUBLIC_PRICES, on=day, total_input_tokens=1)
