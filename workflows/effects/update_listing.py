"""Changing the words of a listing: absolute values, read back and compared. Twice is as good as once."""

from collections.abc import Mapping
from typing import Any

from agents.providers.tiktok.write.shop import ShopWriter
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.guards import EffectChanged
from workflows.shop_kinds import ListingUpdate


class UpdateListing(Deed[ListingUpdate]):
    """A new title or description of a product."""

    name = "update_listing"
    operation = "product_edit"

    def look(self, acting: Acting[ListingUpdate]) -> dict[str, Any]:
        """Return the words the listing has now."""
        return _words(acting)

    def check(self, acting: Acting[ListingUpdate], facts: Mapping[str, Any]) -> None:
        """Ask again where the listing has other words than those it was drafted against, and not yet ours."""
        wanted = acting.wanted
        drafted = {"title": wanted.replaces_title, "description": wanted.replaces_description}
        moved = {
            name: facts[name]
            for name, value in wanted.wanted.items()
            if drafted[name] is not None and facts[name] not in (drafted[name], value)
        }
        if not moved:
            return
        now = wanted.model_copy(update={f"replaces_{name}": value for name, value in moved.items()})
        raise EffectChanged(
            f"Since it was drafted, the shop's {' and '.join(moved)} changed.", now.model_dump(mode="json")
        )

    def send(self, acting: Acting[ListingUpdate]) -> str:
        """Change the words; the product's id stands for the change."""
        ShopWriter(acting.provider).edit_listing(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            product_id=acting.wanted.product_id,
            title=acting.wanted.title,
            description=acting.wanted.description,
        )
        return acting.wanted.product_id

    def find(self, acting: Acting[ListingUpdate]) -> Found | None:
        """Return the listing once it has exactly the approved words."""
        words = _words(acting)
        wanted = acting.wanted.wanted
        if any(words[name] != value for name, value in wanted.items()):
            return None
        return Found(acting.wanted.product_id, {f"live_{name}": words[name] for name in wanted})

    def is_undone(self, acting: Acting[ListingUpdate]) -> bool:
        """Return whether the listing has the words it had."""
        words = _words(acting)
        return all(words[name] == acting.facts[name] for name in acting.wanted.wanted)


def _words(acting: Acting[ListingUpdate]) -> dict[str, str]:
    product = acting.provider.shop.product(
        token=acting.access.token,
        cipher=acting.access.shop_cipher,
        product_id=acting.wanted.product_id,
    )
    return {"title": product.title, "description": product.description, "status": product.status}


act = UpdateListing(ListingUpdate).act
