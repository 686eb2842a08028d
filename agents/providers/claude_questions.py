"""A question as the Messages endpoint takes it: the same bytes for the same question, alone or in a batch."""

from typing import Any, Literal

import anthropic

from agents.providers.errors import ProviderRejected
from agents.providers.language import LanguageRequest

CacheTtl = Literal["5m", "1h"]
BATCH_TTL: CacheTtl = "1h"
"""Requests of a batch are worked on over up to a day: after five minutes the next one would find nothing."""


def params_of(request: LanguageRequest, *, cache_ttl: CacheTtl = "5m") -> dict[str, Any]:
    """Return the body of a question; the system text is a block of its own, marked to be cached.

    Raises `ProviderRejected` for a schema the API does not take.
    """
    return {
        **counted_params_of(request, cache_ttl=cache_ttl),
        "max_tokens": request.max_tokens,
    }


def counted_params_of(request: LanguageRequest, *, cache_ttl: CacheTtl = "5m") -> dict[str, Any]:
    """Return the parts of a question that count as input."""
    cached: dict[str, Any] = (
        {"type": "ephemeral"} if cache_ttl == "5m" else {"type": "ephemeral", "ttl": cache_ttl}
    )
    return {
        "model": request.model,
        "system": [{"type": "text", "text": request.system, "cache_control": cached}],
        "messages": [{"role": "user", "content": request.user}],
        "output_config": {"format": {"type": "json_schema", "schema": _wire_schema(request)}},
    }


def _wire_schema(request: LanguageRequest) -> dict[str, Any]:
    """Return the schema as the API takes it: bounds move into descriptions, objects are closed."""
    try:
        return anthropic.transform_schema(request.schema)
    except (ValueError, AssertionError) as error:
        raise ProviderRejected(
            f"The schema {request.schema_name!r} cannot be sent ({error}); give every part a single type.",
            was_sent=False,
            may_have_acted=False,
        ) from error
