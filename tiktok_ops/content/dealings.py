"""Writing down what source and shop were when a part of a product was last dealt with: the base of the next sync."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from tiktok_ops.content.figures import Sides
from tiktok_ops.content.models import DealtWith

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Dealing:
    """One part of a product that was dealt with, and what the sides are now that it was."""

    product_id: str
    part: str
    sides: Sides


@dataclass(frozen=True, slots=True)
class Dealings:
    """What was dealt with, and the products that are no longer in the source's hands."""

    parts: tuple[Dealing, ...] = ()
    forgotten: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts or self.forgotten)


def keep_dealings(account_id: UUID, dealings: Dealings) -> None:
    """Keep what was dealt with in the place of what was known, in the caller's transaction."""
    forget_products(account_id, dealings.forgotten)
    rows = [
        DealtWith(
            account_id=account_id,
            product_id=one.product_id,
            part=one.part,
            in_source=one.sides.in_source,
            in_shop=one.sides.in_shop,
            dealt_at=Now(),
        )
        # In one order, so that two who write at once wait for each other rather than in a circle.
        for one in sorted(dealings.parts, key=lambda one: (one.product_id, one.part))
    ]
    DealtWith.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["account", "product_id", "part"],
        update_fields=["in_source", "in_shop", "dealt_at"],
    )


def forget_products(account_id: UUID, product_ids: Iterable[str]) -> None:
    """Leave these products to the shop: the source has nothing to do with them any more."""
    DealtWith.objects.filter(account_id=account_id, product_id__in=tuple(product_ids)).delete()
