"""What a call costs: tokens of each class times the price that held on the day.

Source of the formula: the providers' price lists, which are in USD per million tokens (MTok) of each
class, with a higher price for long prompts where a model has tiers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

from agents.providers.language import Usage
from tiktok_ops.errors import Refused

TOKENS_PER_MTOK = 1_000_000
QUANTUM_USD = Decimal("0.000001")
_DATED_VERSION = re.compile(r"-\d{8}$")


class PriceUnknown(Refused):
    """The price of a model is not known; add a row for it, so that nothing is counted as free."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs from a day on, in USD per million tokens of each class.

    `up_to_input_tokens` is the longest prompt (in tokens, cached ones included) this row is for; None
    is for any longer one. `batch_factor` multiplies input and output of a batch; 1 where no discount
    is known.
    """

    model: str
    effective_from: date
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    batch_factor: Decimal = Decimal(1)
    up_to_input_tokens: int | None = None


def cost_usd(
    *, model: str, usage: Usage, prices: Iterable[Price], on: date, is_batch: bool = False
) -> Decimal:
    """Return what `usage` of `model` cost on the day `on`, in USD.

    `(input x price + output x price) x batch factor + cache reads and writes x price`, by million
    tokens. The whole prompt is priced by its tier. Exact, then rounded up once to a millionth, so that
    what was paid for never shows as 0. Raises `PriceUnknown`.
    """
    price = find_price(model=model, prices=prices, on=on, total_input_tokens=usage.total_input_tokens)
    fresh = usage.input_tokens * price.input + usage.output_tokens * price.output
    cached = (
        usage.cache_read_tokens * price.cache_read
        + usage.cache_write_5m_tokens * price.cache_write_5m
        + usage.cache_write_1h_tokens * price.cache_write_1h
    )
    factor = price.batch_factor if is_batch else Decimal(1)
    return ((fresh * factor + cached) / TOKENS_PER_MTOK).quantize(QUANTUM_USD, rounding=ROUND_UP)


def find_price(*, model: str, prices: Iterable[Price], on: date, total_input_tokens: int) -> Price:
    """Return the row that holds for a prompt of this length on this day.

    Of the rows of the model, those of the newest `effective_from` not after `on` replace all older
    ones, tiers included; of these the lowest tier the prompt fits into. A dated version
    (`claude-haiku-4-5-20251001`) has its own rows or else those of its model. Raises `PriceUnknown`.
    """
    known = list(prices)
    for name in (model, _DATED_VERSION.sub("", model)):
        rows = [row for row in known if row.model == name and row.effective_from <= on]
        if rows:
            return _tier(_newest(rows), on, total_input_tokens)
    raise PriceUnknown(
        f"The price of the model {model!r} on {on} is not known; add a price row for it with "
        "'effective from' on or before that day."
    )


def _newest(rows: list[Price]) -> list[Price]:
    day = max(row.effective_from for row in rows)
    return [row for row in rows if row.effective_from == day]


def _tier(rows: list[Price], on: date, total_input_tokens: int) -> Price:
    fitting = [
        row for row in rows if row.up_to_input_tokens is None or total_input_tokens <= row.up_to_input_tokens
    ]
    if not fitting:
        raise PriceUnknown(
            f"The price of the model {rows[0].model!r} on {on} is not known for a prompt of "
            f"{total_input_tokens:,} tokens; add a price row for prompts that long, or send a shorter one."
        )
    return min(fitting, key=_top_of_tier)


def _top_of_tier(row: Price) -> float:
    return float("inf") if row.up_to_input_tokens is None else row.up_to_input_tokens
