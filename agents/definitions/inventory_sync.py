"""How long a shop's stock lasts: what runs out soon, and what is sold beyond what there is.

There is nothing here for a model to say: a list of figures needs no words, so none are asked for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, ModelTier, Nothing, Prompt, Typed
from agents.skills.statistics import Ratio
from agents.skills.stock import VELOCITY_DAYS, days_of_cover, selling_days
from tiktok_ops.content.figures import ProductFigures
from tiktok_ops.content.queries import products_until

DELETED = "deleted"
"""The status of a product that is gone from the shop; its stock is nobody's worry. Upper or lower case."""


class InventoryInput(Typed):
    """A product whose stock lasts at most `low_stock_days` days is low."""

    low_stock_days: int = Field(default=7, ge=1, le=365)


class StockLevel(Typed):
    """One product: its stock in units, what was sold in the window, and how long the stock lasts.

    `selling_days` is what `units_sold` is divided by. `days_of_cover` is None where nothing was sold.
    """

    product_id: str
    title: str
    status: str
    stock: int
    units_sold: int
    selling_days: Ratio
    units_per_day: Ratio
    days_of_cover: Ratio | None


class Oversold(Typed):
    """One product that is promised to more buyers than there are units; `units_short` is how many."""

    product_id: str
    title: str
    units_short: int


class SalesVelocity(Typed):
    """What the products of the shop sell together; `units_per_day` is the sum of theirs."""

    window_days: int
    units_sold: int
    units_per_day: Ratio


class InventoryReport(Typed):
    """The stock of a shop as it was last synced, its sales up to `as_of`.

    `levels` and `oversold` go by product id, `low_stock` by what runs out first. A product is in at
    most one of the two warnings. `note` is a sentence where there is nothing to show.
    """

    as_of: AwareDatetime
    enough_data: bool
    note: str
    low_stock_days: int
    sales_velocity: SalesVelocity
    levels: tuple[StockLevel, ...]
    low_stock: tuple[StockLevel, ...]
    oversold: tuple[Oversold, ...]


class InventorySync(Agent[InventoryInput, InventoryReport, Nothing, InventoryReport]):
    """Measures how long the stock of an account's shop lasts; the facts are the whole answer."""

    name = "inventory_sync"
    purpose = "Find the products of a shop that run out soon or are sold beyond their stock."
    model_tier = ModelTier.FAST
    Input = InventoryInput
    Facts = InventoryReport
    Words = Nothing
    Output = InventoryReport

    def compute(self, given: InventoryInput, context: AgentContext) -> InventoryReport:
        """Read the products and what they sold in the 28 days up to `as_of`, and take stock."""
        since = context.as_of - timedelta(days=VELOCITY_DAYS)
        products = products_until(context.account_id, as_of=context.as_of, since=since)
        return take_stock(products, given, context.as_of)

    def prompt(self, facts: InventoryReport, context: AgentContext) -> Prompt | None:
        """Ask for nothing."""
        return None

    def compose(self, facts: InventoryReport, words: Nothing | None) -> InventoryReport:
        """Return the facts as they are."""
        return facts


def take_stock(products: Sequence[ProductFigures], given: InventoryInput, as_of: datetime) -> InventoryReport:
    """Return the report on these products, in any order, at `as_of` (aware, UTC).

    Velocity: units of the window's order lines by `selling_days`; cancelled lines do not count, and
    returns are not known to `content`, so a returned unit counts as sold. Low: some are sold, and
    the stock lasts `low_stock_days` or less. Oversold: the stock is below 0, which is how a shop that
    takes each order off its stock shows that it promised more than it has. Deleted products are left
    out.
    """
    there = sorted(
        (product for product in products if product.status.lower() != DELETED),
        key=lambda product: product.product_id,
    )
    paces = [_units_per_day(product, as_of) for product in there]
    levels = [_level(product, pace, as_of) for product, pace in zip(there, paces, strict=True)]
    lasting = [(days_of_cover(one.stock, pace), one) for one, pace in zip(levels, paces, strict=True)]
    low = [
        (days, one.product_id, one)
        for days, one in lasting
        if one.stock >= 0 and days is not None and days <= given.low_stock_days
    ]
    return InventoryReport(
        as_of=as_of,
        enough_data=bool(there),
        note="" if there else "Not enough data: this account has no products in its shop.",
        low_stock_days=given.low_stock_days,
        sales_velocity=SalesVelocity(
            window_days=VELOCITY_DAYS,
            units_sold=sum(product.units_sold for product in there),
            units_per_day=sum(paces),
        ),
        levels=tuple(levels),
        low_stock=tuple(one for _, _, one in sorted(low, key=lambda found: found[:2])),
        oversold=tuple(
            Oversold(product_id=product.product_id, title=product.title, units_short=-product.stock)
            for product in there
            if product.stock < 0
        ),
    )


def _units_per_day(product: ProductFigures, as_of: datetime) -> float:
    return product.units_sold / selling_days(product.first_ordered_at, as_of)


def _level(product: ProductFigures, units_per_day: float, as_of: datetime) -> StockLevel:
    return StockLevel(
        product_id=product.product_id,
        title=product.title,
        status=product.status,
        stock=product.stock,
        units_sold=product.units_sold,
        selling_days=selling_days(product.first_ordered_at, as_of),
        units_per_day=units_per_day,
        days_of_cover=days_of_cover(product.stock, units_per_day),
    )


agent = InventorySync()
