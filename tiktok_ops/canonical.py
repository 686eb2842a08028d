"""One way to write a JSON value as bytes, so that equal values have equal digests."""

import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON with sorted keys, no spaces and no escapes beyond what JSON needs.

    Raises `ValueError` for NaN and infinities, `TypeError` for what JSON does not have.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()
