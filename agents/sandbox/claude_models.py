"""The sandbox's catalogue of models: which of those that were ever named are on their way out, or gone.

Source: the anthropic 2.10 SDK's list of deprecated models, with their ends of life.
"""

from typing import Any

from agents.sandbox.claude_wire import WireError

RETIRES = {
    "claude-sonnet-4-5": "2026-11-30",
    "claude-sonnet-4-5-20250929": "2026-11-30",
    "claude-mythos-preview": "2026-06-30",
    "claude-opus-4-0": "2026-06-15",
    "claude-sonnet-4-0": "2026-06-15",
}
GONE = frozenset({"claude-mythos-preview", "claude-opus-4-0", "claude-sonnet-4-0"})


def model_note(model: str) -> dict[str, Any]:
    """Return what `/v1/models/{id}` says of a model. Raises `WireError` for what is none."""
    if not model.startswith("claude-"):
        raise WireError(404, "not_found_error", f"model: {model}")
    day = RETIRES.get(model)
    lifecycle = "retired" if model in GONE else "deprecated" if day else "active"
    return {
        "id": model,
        "type": "model",
        "display_name": model.removeprefix("claude-").replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": lifecycle,
        "deprecated_at": None if lifecycle == "active" else "2026-05-01T00:00:00Z",
        "retires_at": f"{day}T00:00:00Z" if day else None,
    }
