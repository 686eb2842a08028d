"""Why something that was approved does not go out as it is."""

from typing import Any

from tiktok_ops.errors import Refused


class EffectRefused(Refused):
    """This cannot go out."""


class EffectChanged(Refused):
    """What was approved no longer fits; `payload` is what would fit now."""

    def __init__(self, sentence: str, payload: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.payload = payload
