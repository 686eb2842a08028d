"""Taking a product off sale, never deleting it: read back by its status. Twice is as good as once."""

from collections.abc import Mapping
from typing import Any

from agents.providers.tiktok.write.shop import ShopWriter
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.shop_kinds import ON_SALE, TAKEN_OFF, TakingOff


class TakeOffSale(Deed[TakingOff]):
    """A product that nobody can buy any more until somebody puts it back."""

    name = "take_off_sale"
    operation = "product_deactivate"

    def look(self, acting: Acting[TakingOff]) -> dict[str, Any]:
        """Return what the product is called and its status now."""
        return _shown(acting)

    def check(self, acting: Acting[TakingOff], facts: Mapping[str, Any]) -> None:
        """Refuse one that is not on sale; ask again where it is called something else: it may be another thing."""
        wanted = acting.wanted
        if facts["status"] not in (ON_SALE, TAKEN_OFF):
            raise EffectRefused(f"TikTok shows the product as {facts['status']!r}: it is not on sale.")
        if facts["title"].strip() != wanted.title.strip():
            now = wanted.model_copy(update={"title": facts["title"]})
            raise EffectChanged(
                f"The product was called {wanted.title!r} when this was drafted, and is {facts['title']!r} now.",
                now.model_dump(mode="json"),
            )

    def send(self, acting: Acting[TakingOff]) -> str:
        """Take it off; the product's id stands for it."""
        ShopWriter(acting.provider).take_off(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            product_id=acting.wanted.product_id,
        )
        return acting.wanted.product_id

    def find(self, acting: Acting[TakingOff]) -> Found | None:
        """Return the product once it is off."""
        status = _shown(acting)["status"]
        return Found(acting.wanted.product_id, {"live_status": status}) if status == TAKEN_OFF else None

    def is_undone(self, acting: Acting[TakingOff]) -> bool:
        """Return whether the product is on sale as it was."""
        return bool(_shown(acting)["status"] == acting.facts["status"])


def _shown(acting: Acting[TakingOff]) -> dict[str, Any]:
    product = acting.provider.shop.product(
        token=acting.access.token,
        cipher=acting.access.shop_cipher,
        product_id=acting.wanted.product_id,
    )
    return {"title": product.title, "status": product.status}


act = TakeOffSale(TakingOff).act
