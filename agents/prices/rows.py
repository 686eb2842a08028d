"""The prices the database holds, as pricing reads them."""

from agents.models import ModelPrice
from agents.prices.pricing import Price

_COLUMNS = (
    "model",
    "effective_from",
    "input_usd",
    "output_usd",
    "cache_read_usd",
    "cache_write_5m_usd",
    "cache_write_1h_usd",
    "batch_factor",
    "up_to_input_tokens",
)
"""In the order of `Price`."""


def prices_of(model: str) -> list[Price]:
    """Return every price row of the model, and of the model a dated version belongs to."""
    rows = ModelPrice.objects.filter(model__in={model, model.rpartition("-")[0]}).order_by()
    return [Price(*row) for row in rows.values_list(*_COLUMNS)]
