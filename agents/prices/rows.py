"""The prices the database holds, as pricing reads them."""

from agents.models import ModelPrice
from agents.prices.pricing import Price


def prices_of(model: str) -> list[Price]:
    """Return every price row of the model, and of the model a dated version belongs to."""
    rows = ModelPrice.objects.filter(model__in={model, model.rpartition("-")[0]})
    return [
        Price(
            model=row.model,
            effective_from=row.effective_from,
            input=row.input_usd,
            output=row.output_usd,
            cache_read=row.cache_read_usd,
            cache_write_5m=row.cache_write_5m_usd,
            cache_write_1h=row.cache_write_1h_usd,
            batch_factor=row.batch_factor,
            up_to_input_tokens=row.up_to_input_tokens,
        )
        for row in rows
    ]
