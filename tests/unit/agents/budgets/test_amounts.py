"""What a call may cost at most."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from agents.budgets.amounts import OVERHEAD_TOKENS, most_input_tokens, worst_case_usd
from agents.prices.pricing import Price, PriceUnknown, cost_usd
from agents.providers.language import Usage
from tests.factories.budgets import DAY, MODEL, price_of, request_of

CLASSES = {"input": "3", "cache_read": "0.3", "cache_write_5m": "3.75", "cache_write_1h": "6", "output": "15"}
DEAR = price_of(**{name: Decimal(price) for name, price in CLASSES.items()})


def test_worst_case_is_every_byte_written_to_the_dearest_cache_and_every_token_out() -> None:
    request = request_of(system="äöü", user="12345", schema={}, max_tokens=1_000)
    assert most_input_tokens(request) == 6 + 5 + 2 * 2 + OVERHEAD_TOKENS == 1_039
    # 1,039 x 6 + 1,000 x 15 = 21,234 millionths
    assert worst_case_usd(request, prices=[DEAR], on=DAY) == Decimal("0.021234")


@pytest.mark.parametrize("split", [(1_000, 0, 0, 0), (0, 1_000, 0, 0), (0, 0, 1_000, 0), (0, 0, 0, 1_000)])
def test_worst_case_is_not_below_any_use_of_the_same_tokens(split: tuple[int, int, int, int]) -> None:
    request = request_of(user="x" * 1_000, max_tokens=500)
    usage = Usage(
        input_tokens=split[0],
        output_tokens=500,
        cache_read_tokens=split[1],
        cache_write_5m_tokens=split[2],
        cache_write_1h_tokens=split[3],
    )
    cost = cost_usd(model=MODEL, usage=usage, prices=[DEAR], on=DAY)
    assert cost < worst_case_usd(request, prices=[DEAR], on=DAY)


def test_long_prompt_is_taken_at_its_tier_and_at_those_below_it() -> None:
    short, long = replace(DEAR, up_to_input_tokens=2_000), replace(DEAR, output=Decimal(30))
    request = request_of(system="", user="x" * 5_000, schema={}, max_tokens=1_000)
    tokens = 5_000 + 4 + OVERHEAD_TOKENS
    expected = Decimal(tokens * 6 + 1_000 * 30) / 1_000_000
    assert worst_case_usd(request, prices=[short, long], on=DAY) == expected
    # A tier below may be the dearer one, where the model is cheaper for long prompts.
    free_to_read = dict.fromkeys(("input", "cache_write_5m", "cache_write_1h", "cache_read"), Decimal(0))
    cheap = price_of(**free_to_read, output=Decimal(15))
    dearest_below = Decimal(2_000 * 6 + 1_000 * 15) / 1_000_000
    assert worst_case_usd(request, prices=[short, cheap], on=DAY) == dearest_below


def test_worst_case_of_an_unknown_price_is_refused() -> None:
    known_to: Price = replace(DEAR, up_to_input_tokens=100)
    with pytest.raises(PriceUnknown):
        worst_case_usd(request_of(), prices=[known_to], on=DAY)
    with pytest.raises(PriceUnknown):
        worst_case_usd(request_of(), prices=[DEAR], on=date(2025, 1, 1))
