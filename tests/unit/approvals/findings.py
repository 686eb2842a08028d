"""Findings as a gate's facts carry them."""

from typing import Any


def finding(text: str, quote: str, severity: str = "medium", /, **changes: Any) -> dict[str, Any]:
    """Return a finding at `quote`, where it first stands in the text; without a quote, at no place."""
    values: dict[str, Any] = {
        "post": "draft-1",
        "rule": "made",
        "severity": severity,
        "quote": quote,
        "offset": text.index(quote) if quote else 0,
        "length": len(quote),
        "explanation": f"It says {quote!r}.",
        "fix": "Leave it out.",
    }
    return values | changes
