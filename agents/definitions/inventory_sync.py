"""How long a shop's stock lasts: what runs out soon, and what is sold beyond what there is.

There is nothing here for a model to say: a list of figures needs no words, so none are asked for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, ModelTier, Nothing, Prompt, Typed
from agents.skills.statistics import Ratio
from agents.skills.stock import VELOCITY_DAYS, days_of_cover, selling_days
from tiktok_ops.content.figures import ProductFigures
from tiktok_ops.content.queries import products_until

DELETED = "deleted"
"""The status of a product that is gone from the shop; its stock is nobody's worry. Upper or lower case."""


COUNTED = "Somebody counted it."
FEWEST_UNITS, MOST_UNITS = 1, 99_999
"""What TikTok takes as a stock."""

MOST_AT_ONCE = 100
"""So many stocks are asked about in one run: a person reads them all."""


class Restocked(Typed):
    """A stock that somebody counted."""

    product_id: str = Field(min_length=1, max_length=40)
    quantity: int = Field(ge=FEWEST_UNITS, le=MOST_UNITS)


class InventoryInput(Typed):
    """A product whose stock lasts at most `low_stock_days` days is low; `restocked` are stocks that were counted."""

    low_stock_days: int = Field(default=7, ge=1, le=365)
    restocked: tuple[Restocked, ...] = Field(default=(), max_length=MOST_AT_ONCE)


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


class StockProposal(Typed):
    """A stock somebody is asked about. `replaces_quantity` is what it was computed from, None where it was counted."""

    product_id: str
    quantity: int
    replaces_quantity: int | None
    why: str


class SalesVelocity(Typed):
    """What the products of the shop sell together; `units_per_day` is the sum of theirs."""

    window_days: int
    units_sold: int
    units_per_day: Ratio


class InventoryReport(Typed):
    """The stock of a shop as it was last synced, its sales up to `as_of`.

    `levels` and `oversold` go by product id, `low_stock` by what runs out first. A product is in at
    most one of the two warnings. `stock_proposals` are what people are asked about: first what was counted, then
    the oversold, then what is low; at most 100, and `left_for_next` is how many more there are. `note` is a
    sentence where there is nothing to show.
    """

    as_of: AwareDatetime
    enough_data: bool
    note: str
    low_stock_days: int
    sales_velocity: SalesVelocity
    levels: tuple[StockLevel, ...]
    low_stock: tuple[StockLevel, ...]
    oversold: tuple[Oversold, ...]
    stock_proposals: tuple[StockProposal, ...]
    left_for_next: int


class InventorySync(Agent[InventoryInput, InventoryReport, Nothing, InventoryReport]):
    """Measures how long the stock of an account's shop lasts; the facts are the whole answer."""

    name = "inventory_sync"
    purpose = "Find the products of a shop that run out soon or are sold beyond their stock."
    model_tier = ModelTier.FAST
    providers = ()
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
    low_stock = tuple(one for _, _, one in sorted(low, key=lambda found: found[:2]))
    proposed = _proposals(levels, low_stock, given)
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
        low_stock=low_stock,
        oversold=_oversold(levels),
        stock_proposals=tuple(proposed[:MOST_AT_ONCE]),
        left_for_next=len(proposed[MOST_AT_ONCE:]),
    )


def _oversold(levels: Sequence[StockLevel]) -> tuple[Oversold, ...]:
    return tuple(
        Oversold(product_id=one.product_id, title=one.title, units_short=-one.stock)
        for one in levels
        if one.stock < 0
    )


def _proposals(
    levels: Sequence[StockLevel], low_stock: Sequence[StockLevel], given: InventoryInput
) -> list[StockProposal]:
    """Return the stocks people are asked about; what was counted is not computed."""
    counted = {one.product_id for one in given.restocked}
    proposed = [
        StockProposal(product_id=one.product_id, quantity=one.quantity, replaces_quantity=None, why=COUNTED)
        for one in given.restocked
    ]
    for level in [*(one for one in levels if one.stock < 0), *low_stock]:
        if level.product_id not in counted:
            proposed.append(_proposal(level, max(VELOCITY_DAYS, given.low_stock_days)))
    return proposed


def _proposal(level: StockLevel, days: int) -> StockProposal:
    """Return what would last so many days at the pace it sells, for a person to put the real number in its place."""
    units = ceil(round(level.units_per_day * days, 1))  # the pace is rounded itself
    if level.stock < 0:
        found = f"It is promised to {-level.stock} more buyers than there are units."
    else:
        lasts, pace = level.days_of_cover or 0, level.units_per_day
        found = f"It lasts {lasts:.1f} more days: {level.stock} left, {pace:.1f} sold a day."
    return StockProposal(
        product_id=level.product_id,
        quantity=min(max(units, FEWEST_UNITS), MOST_UNITS),
        replaces_quantity=level.stock,
        why=f"{found} Proposed is what lasts {days} days at its pace: edit it to what there really is, or reject it.",
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
