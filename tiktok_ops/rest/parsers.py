"""Bodies of requests: JSON, and only what can also be stored and digested."""

import math
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MOST_LEVELS = 50


class StrictJSONParser(JSONParser):
    """Reads JSON and refuses the values Python's parser lets in that neither PostgreSQL nor UTF-8 has."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body's value; raises `ParseError`."""
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(f"JSON parse error - more than {MOST_LEVELS} levels deep") from None
        _check(value, levels=MOST_LEVELS)
        return value


def _check(value: Any, *, levels: int) -> None:
    """Raise `ParseError` for what cannot be kept, at any depth."""
    if isinstance(value, dict | list) and levels == 0:
        raise ParseError(f"JSON parse error - more than {MOST_LEVELS} levels deep")
    match value:
        case str():
            _check_text(value)
        case float() if not math.isfinite(value):
            raise ParseError("JSON parse error - a number is too large")
        case dict():
            for name, inner in value.items():
                _check_text(name)
                _check(inner, levels=levels - 1)
        case list():
            for inner in value:
                _check(inner, levels=levels - 1)


def _check_text(text: str) -> None:
    """Refuse U+0000 (no PostgreSQL text has it) and halves of surrogate pairs (UTF-8 has none)."""
    if "\0" in text or not _is_encodable(text):
        raise ParseError("JSON parse error - a text has a character that cannot be stored")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
