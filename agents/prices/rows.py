"""The prices the database holds, as pricing reads them."""

from agents.prices.pricing import Price
from tiktok_ops.prepared import fetch

_PRICES = """
SELECT model, effective_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd,
    batch_factor, up_to_input_tokens FROM agents_modelprice WHERE model IN (%s, %s)
"""
"""In the order of `Price`'s fields."""


def prices_of(model: str) -> list[Price]:
    """Return every price row of the model, and of the model a dated version belongs to."""
    return [Price(*row) for row in fetch(_PRICES, [model, model.rpartition("-")[0]])]
