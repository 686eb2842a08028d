"""Whether the models of the settings can be used: each has a price, and none is gone. For `manage.py doctor`."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import DatabaseError

from agents.prices.pricing import PriceUnknown, find_price
from agents.prices.rows import prices_of
from agents.providers.errors import ProviderError
from agents.providers.language import ModelRegistry
from agents.providers.registry import get_language_provider


def look_at_models() -> tuple[bool, str]:
    """Return whether all is well with the models, and one sentence about them."""
    wrong: list[str] = []
    notes: list[str] = []
    for tier, model in settings.MODELS.items():
        try:
            wrong += _without_price(tier, model)
        except DatabaseError:  # before the migrations ran
            return False, "The models' prices cannot be read: run `make setup`."
        gone, going = _lifecycle(tier, model)
        wrong += gone
        notes += going
    if wrong:
        return False, wrong[0]
    used = ", ".join(f"{tier} {model}" for tier, model in settings.MODELS.items())
    return True, "; ".join([used, *notes])


def _without_price(tier: str, model: str) -> Iterator[str]:
    try:
        find_price(model=model, prices=prices_of(model), on=datetime.now(UTC).date(), total_input_tokens=1)
    except PriceUnknown:
        yield (
            f"MODEL_{tier.upper()} is {model!r}, which has no price, so that every call of it is refused: add its "
            "price under Model prices, or set another model."
        )


def _lifecycle(tier: str, model: str) -> tuple[list[str], list[str]]:
    """Return what is wrong with a model's life, and what is good to know of it."""
    try:
        provider = get_language_provider()
        note = provider.look_up_model(model) if isinstance(provider, ModelRegistry) else None
    except ProviderError as trouble:
        return [f"MODEL_{tier.upper()} {model!r} could not be looked up: {trouble}"], []
    if note is None:
        return [], []
    if note.is_retired:
        return [f"MODEL_{tier.upper()} is {model!r}, which is retired: set another model."], []
    return [], [f"{model} retires on {note.retires_on}"] if note.retires_on else []
