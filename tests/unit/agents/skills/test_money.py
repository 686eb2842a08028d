from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.money import CURRENCIES, decimals_of, is_whole, rounded_down, shared_out, unit_of


@pytest.mark.parametrize(
    ("currency", "decimals", "unit"),
    [("USD", 2, "0.01"), ("EUR", 2, "0.01"), ("JPY", 0, "1"), ("KWD", 3, "0.001"), ("XYZ", 2, "0.01")],
)
def test_count_decimals_of_a_currency_as_its_norm_does(currency: str, decimals: int, unit: str) -> None:
    assert decimals_of(currency) == decimals
    assert unit_of(currency) == Decimal(unit)


def test_know_currencies_by_their_codes() -> None:
    assert {"USD", "EUR", "CHF", "GBP", "JPY", "IDR", "VND", "KWD"} <= CURRENCIES
    assert not {"XYZ", "usd", "", "XTS"} & CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


def test_round_down_never_rounds_up() -> None:
    assert rounded_down(Decimal("14.2857"), "USD") == Decimal("14.28")
    assert rounded_down(Decimal("14.9"), "JPY") == 14
    assert (is_whole(Decimal("14.2"), "USD"), is_whole(Decimal("14.2"), "JPY")) == (True, False)


def test_share_out_gives_the_last_units_to_the_largest_remainders() -> None:
    # 100 cents by 1 : 1 : 1 are 33.33 each; one cent is left, and of equals the first gets it.
    assert shared_out(Decimal(1), [1, 1, 1], "USD") == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    # 10 yen by 3 : 2 : 2 are 4.29, 2.86, 2.86: floors 4, 2, 2; two are left, for the two remainders of .86.
    assert shared_out(Decimal(10), [3, 2, 2], "JPY") == [4, 3, 3]


def test_share_out_by_weights_of_nothing_shares_alike() -> None:
    assert shared_out(Decimal(1), [0, 0], "USD") == [Decimal("0.5"), Decimal("0.5")]
    assert shared_out(Decimal(1), [], "USD") == []


def test_share_out_more_decimals_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match=r"The amount 0\.5 has more decimals than JPY has"):
        shared_out(Decimal("0.5"), [1], "JPY")


@given(
    st.integers(0, 10**12),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=12),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_share_out_any_amount_loses_no_unit_and_misses_no_share_by_one(
    units: int, weights: list[float], currency: str
) -> None:
    amount = units * unit_of(currency)
    shares = shared_out(amount, weights, currency)
    assert sum(shares) == amount
    total = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert share >= 0
        if total:
            exact = float(amount) * weight / total
            assert abs(float(share) - exact) <= float(unit_of(currency)) * 1.001 + 1e-9 * float(amount)
