"""What people are asked for before a shop is changed: the words of a listing, its price, the number in stock."""

import json
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from agents.skills.money import CURRENCIES, decimals_of, is_whole
from approvals.kinds import Kind, Preview, Weight, register
from approvals.models import ApprovalRequest, Decision
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import shortened
from tiktok_ops.content.models import Product
from workflows.effect_words import fate_of
from workflows.gates import resume_gate
from workflows.payloads import Act, ActImpossible
from workflows.shop_dealings import keep_gone, keep_turned_down

LONGEST_TITLE = 255
LONGEST_DESCRIPTION = 10_000
FEWEST, MOST = 1, 99_999
"""TikTok takes no stock of 0: a product that is gone is taken off the shop."""
UNKNOWN = "it is not known"
KEEPS = "keeps TikTok's; it is asked again only once the catalogue or TikTok changes it"

ON_SALE, TAKEN_OFF = "ACTIVATE", "SELLER_DEACTIVATED"
"""TikTok's words for a product that can be bought, and for one its seller took off sale."""
LEAVES = "leaves it on sale, as the shop's own: it is not asked again"
STEEP = Decimal(2)
"""A price more than twice what it was, or less than half, is of high risk: it may be a slip. Ours."""

Price = Annotated[Decimal, Field(gt=0, max_digits=12, allow_inf_nan=False)]
ProductId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,25}$")]


class ListingUpdate(Act):
    """New words for a product: a title, a description (HTML), or both.

    `replaces_title` and `replaces_description` are what they were drafted against, where that is known: if
    the shop has other words by then, a person is asked again. `source_title` and `source_description` are what
    the source catalogue says, where it is what proposed this.
    """

    product_id: ProductId
    title: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TITLE)] | None = None
    description: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_DESCRIPTION)] | None = None
    replaces_title: str | None = None
    replaces_description: str | None = None
    source_title: str | None = None
    source_description: str | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ListingUpdate":
        if self.title is None and self.description is None:
            raise ValueError("a title or a description is needed")
        return self

    @property
    def wanted(self) -> dict[str, str]:
        """Return what is to be changed, by name."""
        both = {"title": self.title, "description": self.description}
        return {name: value for name, value in both.items() if value is not None}


class StockUpdate(Act):
    """How many units of a product there are, as an absolute number.

    `sku_id` and `warehouse_id` may be empty where the product has but one. `replaces_quantity` is what it
    was computed from, where that is known: if the shop has another number by then, a person is asked again.
    """

    product_id: ProductId
    quantity: Annotated[int, Field(ge=FEWEST, le=MOST)]
    sku_id: str = ""
    warehouse_id: str = ""
    replaces_quantity: int | None = None


class PriceUpdate(Act):
    """What a product costs, in the currency it is sold in (ISO 4217).

    `sku_id` may be empty where the product has but one. `replaces_price` is what it cost when this was drafted,
    where that is known: if it costs something else by then, a person is asked again. `source_price` is what the
    source catalogue says, where it is what proposed this.
    """

    product_id: ProductId
    price: Price
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    sku_id: str = ""
    replaces_price: Decimal | None = None
    source_price: Decimal | None = None

    @model_validator(mode="after")
    def _is_money(self) -> "PriceUpdate":
        if self.currency not in CURRENCIES:
            raise ValueError(f"nobody pays in {self.currency!r}: give an ISO 4217 code, as in 'EUR'")
        if not is_whole(self.price, self.currency):
            raise ValueError(f"{self.currency} has {decimals_of(self.currency)} decimals: round the price")
        return self


class TakingOff(Act):
    """Taking a product off sale. It is not deleted: its words, price and stock stay, and it can be put back.

    `title` is what it was called when this was drafted: if it is called something else by then, a person is asked
    again.
    """

    product_id: ProductId
    title: Annotated[str, StringConstraints(min_length=1, max_length=300)]


def leave_or_take_off(request: ApprovalRequest, decision: Decision) -> None:
    """Let the gate go on; a product that is to stay on sale is the shop's own from then on."""
    resume_gate(request, decision)
    if decision.verb == Decision.Verb.REJECT:
        keep_gone(request.account_id, json.loads(bytes(request.payload)))


def decide(request: ApprovalRequest, decision: Decision) -> None:
    """Let the gate go on; a no to what the source proposed is known from then on."""
    resume_gate(request, decision)
    if decision.verb == Decision.Verb.REJECT:
        keep_turned_down(request.account_id, json.loads(bytes(request.payload)))


def _product(account_id: UUID, product_id: str) -> Product | None:
    return Product.objects.filter(account_id=account_id, product_id=product_id).first()


def _check_product(
    act: ListingUpdate | StockUpdate | PriceUpdate | TakingOff, account: TikTokAccount
) -> None:
    """Raise `ActImpossible` unless the product is one we have read of the account's shop."""
    if _product(account.id, act.product_id) is None:
        raise ActImpossible(
            f"The product {act.product_id!r} is not one of the shop of @{act.handle} that we have read: sync the "
            "shop first."
        )


def _listing_shown(act: ListingUpdate) -> dict[str, str]:
    product = _product(act.account, act.product_id)
    now = {"title": product.title, "description": product.description} if product else {}
    shown = {"Shop": f"@{act.handle}", "Product": act.product_id}
    for name, value in act.wanted.items():
        shown |= {
            f"{name.capitalize()} when last read": now.get(name, UNKNOWN),
            f"{name.capitalize()} then": value,
        }
    return shown | _no_means(act.source_title, act.source_description)


def _no_means(*source: object) -> dict[str, str]:
    """Return what a no means where the source proposed it; other proposals leave nothing behind."""
    return {} if not any(source) else {"Rejecting it": KEEPS}


def _stock_shown(act: StockUpdate) -> dict[str, str]:
    product = _product(act.account, act.product_id)
    return {
        "Shop": f"@{act.handle}",
        "Product": product.title if product else act.product_id,
        "In stock when last read": str(product.stock) if product else UNKNOWN,
        "In stock then": str(act.quantity),
    }


def _price_shown(act: PriceUpdate) -> dict[str, str]:
    product = _product(act.account, act.product_id)
    is_read = product is not None and product.price is not None
    return {
        "Shop": f"@{act.handle}",
        "Product": product.title if product else act.product_id,
        "Price when last read": f"{product.price} {product.currency}" if product and is_read else UNKNOWN,
        "Price then": f"{act.price:f} {act.currency}",
        **_no_means(act.source_price),
    }


def _taking_off_shown(act: TakingOff) -> dict[str, str]:
    product = _product(act.account, act.product_id)
    return {
        "Shop": f"@{act.handle}",
        "Product": f"{act.title} ({act.product_id})",
        "Units when last read": str(product.stock) if product else UNKNOWN,
        "Afterwards": "nobody can buy it; it is not deleted, and can be put back in Seller Center",
        "Rejecting it": LEAVES,
    }


def _weigh_price(act: PriceUpdate) -> Weight:
    """A steep change needs another person than who asked for it."""
    was = act.replaces_price
    is_steep = was is not None and not was / STEEP <= act.price <= was * STEEP
    return Weight(risk="high" if is_steep else "medium")


def _listing_preview(act: ListingUpdate) -> Preview:
    return Preview(handle=act.handle, text="\n\n".join(act.wanted.values()))


LISTING = Kind(
    name="update_listing",
    label="Change a listing",
    Payload=ListingUpdate,
    weigh=lambda act: Weight(risk="medium"),
    title=lambda act: f"Change a listing of @{act.handle}: {shortened(act.title or act.product_id)}",
    approve_label=lambda act: f"Approve and change the {' and the '.join(act.wanted)} now",
    on_decided=decide,
    check=_check_product,
    shown=_listing_shown,
    preview=_listing_preview,
    fate=fate_of,
)
PRICE = Kind(
    name="set_price",
    label="Set the price",
    Payload=PriceUpdate,
    weigh=_weigh_price,
    title=lambda act: (
        f"Set the price of product {act.product_id} of @{act.handle} to {act.price:f} {act.currency}"
    ),
    approve_label=lambda act: f"Approve and set the price to {act.price:f} {act.currency} now",
    on_decided=decide,
    check=_check_product,
    shown=_price_shown,
    fate=fate_of,
)
TAKING_OFF = Kind(
    name="take_off_sale",
    label="Take a product off sale",
    Payload=TakingOff,
    weigh=lambda act: Weight(risk="medium"),
    title=lambda act: f"Take a product of @{act.handle} off sale: {shortened(act.title)}",
    approve_label=lambda act: "Approve and take it off sale now",
    on_decided=leave_or_take_off,
    check=_check_product,
    shown=_taking_off_shown,
    fate=fate_of,
)
STOCK = Kind(
    name="set_stock",
    label="Set the stock",
    Payload=StockUpdate,
    weigh=lambda act: Weight(risk="low"),
    title=lambda act: f"Set the stock of product {act.product_id} of @{act.handle} to {act.quantity}",
    approve_label=lambda act: f"Approve and set the stock to {act.quantity} now",
    on_decided=resume_gate,
    check=_check_product,
    shown=_stock_shown,
    fate=fate_of,
)


def register_shop_kinds() -> None:
    """Fill the registry."""
    for kind in (LISTING, PRICE, TAKING_OFF, STOCK):
        register(kind)
