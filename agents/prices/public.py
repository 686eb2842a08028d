"""Public prices as read from the vendor's pages between September and November 2026.

Data, not rules: a migration loads them as rows that people may correct. Two figures of claude-haiku-5-5 were on
no page and are what the vendor's own proportions give: its batch discount (a half, as of every model), and the
one-hour cache price of prompts of more than 100,000 tokens (twice the input price, as of every model). A model
that is not here has no price, and therefore blocks.
"""

from datetime import date
from decimal import Decimal

from agents.prices.pricing import Price

FIRST_READ = date(2026, 9, 1)
"""When the pages were first read; what held before is not known."""

_HALF = Decimal("0.5")


def _price(
    model: str,
    *,
    per_mtok: tuple[str, str, str, str, str],
    since: date = FIRST_READ,
    batch_factor: Decimal = _HALF,
    up_to_input_tokens: int | None = None,
) -> Price:
    """Return a row; `per_mtok` is input, 5-minute write, 1-hour write, cache read, output, in USD."""
    fresh, write_5m, write_1h, read, output = map(Decimal, per_mtok)
    return Price(
        model=model,
        effective_from=since,
        input=fresh,
        output=output,
        cache_read=read,
        cache_write_5m=write_5m,
        cache_write_1h=write_1h,
        batch_factor=batch_factor,
        up_to_input_tokens=up_to_input_tokens,
    )


_OPUS_UNTIL_5 = ("5", "6.25", "10", "0.50", "25")

PUBLIC_PRICES: tuple[Price, ...] = (
    _price("claude-fable-5-2", per_mtok=("8", "10", "16", "0.20", "40"), since=date(2026, 11, 9)),
    _price("claude-fable-5-1", per_mtok=("10", "12.50", "20", "0.25", "50")),
    _price("claude-opus-5-5", per_mtok=("4", "5", "8", "0.20", "20")),
    _price("claude-opus-5", per_mtok=_OPUS_UNTIL_5),
    _price("claude-opus-4-8", per_mtok=_OPUS_UNTIL_5),
    _price("claude-opus-4-7", per_mtok=_OPUS_UNTIL_5),
    _price("claude-opus-4-6", per_mtok=_OPUS_UNTIL_5),
    _price("claude-opus-4-5", per_mtok=_OPUS_UNTIL_5),
    _price("claude-sonnet-5-5", per_mtok=("2", "2.50", "4", "0.20", "10")),
    _price("claude-sonnet-5", per_mtok=("2", "2.50", "4", "0.20", "10")),
    _price(
        "claude-haiku-5-5",
        per_mtok=("0.10", "0.125", "0.20", "0.01", "0.50"),
        up_to_input_tokens=100_000,
    ),
    _price("claude-haiku-5-5", per_mtok=("0.50", "0.625", "1.00", "0.05", "2.50")),
    _price("claude-haiku-4-5", per_mtok=("1", "1.25", "2", "0.10", "5")),
)
