"""What is known once a change of the shop was made, or turned down: the base of the next comparison with the source.

A payload that came from a comparison says what the source says (`source_title`, …); others leave nothing behind.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from agents.definitions.catalogue_merge import price_part
from tiktok_ops.content.dealings import Dealing, Dealings, forget_products, keep_dealings
from tiktok_ops.content.figures import Sides

Payload = Mapping[str, Any]
TEXTS = ("title", "description")


def keep_made(account_id: UUID, payload: Payload) -> None:
    """Keep that the shop has what was approved, in the transaction that confirms it."""
    _keep(account_id, payload, prefix="")


def keep_turned_down(account_id: UUID, payload: Payload) -> None:
    """Keep that the shop stays as it is although the source differs, in the decision's transaction.

    It is not asked again until one of the two changes.
    """
    _keep(account_id, payload, prefix="replaces_")


def keep_gone(account_id: UUID, payload: Payload) -> None:
    """Leave a product that the source no longer has to the shop, in the transaction that takes it off or leaves it."""
    forget_products(account_id, [payload["product_id"]])


def _keep(account_id: UUID, payload: Payload, *, prefix: str) -> None:
    parts = tuple(
        Dealing(payload["product_id"], part, sides) for part, sides in _sides(payload, prefix=prefix)
    )
    keep_dealings(account_id, Dealings(parts=parts))


def _sides(payload: Payload, *, prefix: str) -> Iterator[tuple[str, Sides]]:
    """Yield the parts the payload is about; texts without the space around them, as they are compared."""
    for part in TEXTS:
        source, shop = payload.get(f"source_{part}"), payload.get(f"{prefix}{part}")
        if payload.get(part) is not None and source is not None and shop is not None:
            yield part, Sides(source.strip(), shop.strip())
    source, shop = payload.get("source_price"), payload.get(f"{prefix}price")
    if source is not None and shop is not None:
        currency = payload["currency"]
        yield "price", Sides(price_part(Decimal(source), currency), price_part(Decimal(shop), currency))
