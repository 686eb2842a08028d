"""What of an agent's answer is kept for its next one: of a comparison, where both sides are the same.

Decisions only; `content.dealings` writes. To keep something of another agent: a function here, a line in `KEPT`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tiktok_ops.content.dealings import Dealing, Dealings
from tiktok_ops.content.figures import Sides

Output = Mapping[str, Any]


def dealings_of(agent: str, output: Output) -> Dealings:
    """Return what is kept of the answer of the agent; of most of them nothing."""
    kept = KEPT.get(agent)
    return kept(output) if kept else Dealings()


def _catalog(output: Output) -> Dealings:
    return Dealings(
        parts=tuple(
            Dealing(one["product_id"], one["part"], Sides(one["value"], one["value"]))
            for one in output["agreed"]
        ),
        forgotten=tuple(output["forgotten"]),
    )


KEPT: Mapping[str, Callable[[Output], Dealings]] = MappingProxyType({"catalog_sync": _catalog})
