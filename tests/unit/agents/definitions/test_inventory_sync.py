from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.contract import AgentContext, ModelTier, Nothing
from agents.definitions.inventory_sync import InventoryInput, InventoryReport, agent, take_stock
from agents.registry import AGENTS
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tests.forms import examples
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.figures import ProductFigures
from tiktok_ops.content.models import OrderLine, Product

EMPTY = "Not enough data: this account has no products in its shop."


def product(
    product_id: str = "1", *, stock: int = 0, sold: int = 0, age: float | None = 100, status: str = "ACTIVATE"
) -> ProductFigures:
    """A product first ordered `age` days ago, or never."""
    first = None if age is None else NOON - timedelta(days=age)
    return ProductFigures(product_id, f"Lamp {product_id}", status, stock, sold, first)


def report(*products: ProductFigures, low_stock_days: int = 7) -> InventoryReport:
    return take_stock(products, InventoryInput(low_stock_days=low_stock_days), NOON)


def test_describe_agent_by_its_permanent_name() -> None:
    assert AGENTS["inventory_sync"] is agent
    assert (agent.name, agent.model_tier) == ("inventory_sync", ModelTier.FAST)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        InventoryInput,
        InventoryReport,
        Nothing,
        InventoryReport,
    )


def test_take_stock_of_an_old_product_divides_by_the_window() -> None:
    # 42 units in 28 days are 1.5 a day; 30 units last 30 / 1.5 = 20 days.
    (level,) = report(product(stock=30, sold=42)).levels
    assert (level.selling_days, level.units_per_day, level.days_of_cover) == (28, 1.5, 20)


def test_take_stock_of_a_young_product_divides_by_its_age() -> None:
    # First ordered 14 days ago: 42 / 14 = 3 a day; 30 units last 10 days, not the 20 of the whole window.
    (level,) = report(product(stock=30, sold=42, age=14)).levels
    assert (level.selling_days, level.units_per_day, level.days_of_cover) == (14, 3, 10)


def test_take_stock_of_a_product_of_today_spreads_its_sales_over_a_week() -> None:
    # 7 units since this morning: 7 / 7 = 1 a day.
    (level,) = report(product(stock=30, sold=7, age=0.2)).levels
    assert (level.selling_days, level.units_per_day, level.days_of_cover) == (7, 1, 30)


@pytest.mark.parametrize("stock", [0, 5])
def test_take_stock_of_what_does_not_sell_has_no_days_of_cover_and_no_warning(stock: int) -> None:
    found = report(product(stock=stock, age=None))
    assert found.levels[0].days_of_cover is None
    assert (found.low_stock, found.oversold, found.enough_data) == ((), (), True)


def test_take_stock_without_products_says_not_enough_data() -> None:
    found = report()
    assert (found.enough_data, found.note, found.levels) == (False, EMPTY, ())
    assert found.sales_velocity.units_per_day == 0


def test_take_stock_warns_of_what_lasts_the_limit_or_less_soonest_first() -> None:
    # One unit a day each (28 in 28 days), so the stock is the days of cover.
    found = report(*(product(str(days), stock=days, sold=28) for days in (8, 7, 3, 0)))
    assert [(one.product_id, one.days_of_cover) for one in found.low_stock] == [("0", 0), ("3", 3), ("7", 7)]


def test_take_stock_with_another_limit_warns_by_it() -> None:
    found = report(product(stock=8, sold=28), low_stock_days=8)
    assert [one.product_id for one in found.low_stock] == ["1"]
    assert found.low_stock_days == 8


def test_take_stock_judges_by_the_unrounded_days() -> None:
    # 1 a day and a stock of 7 after 27.9999 days of sales: 7 / (28 / 27.9999) is below 7; at 28.0001 the
    # age is cut to 28. 27 units of 28 days last 7 / (27 / 28) = 7.2593 days and are not low.
    assert report(product(stock=7, sold=27)).low_stock == ()
    assert len(report(product(stock=7, sold=28, age=27.9999)).low_stock) == 1


def test_take_stock_below_nothing_is_oversold_and_not_low_as_well() -> None:
    found = report(product("1", stock=-3, sold=28), product("2", stock=-1, age=None), product("3", stock=0))
    assert [(one.product_id, one.title, one.units_short) for one in found.oversold] == [
        ("1", "Lamp 1", 3),
        ("2", "Lamp 2", 1),
    ]
    assert found.low_stock == ()
    assert found.levels[0].days_of_cover == 0


def test_take_stock_proposes_what_was_counted_then_what_would_last_four_weeks() -> None:
    products = [
        product("1", stock=3, sold=28),
        product("2", stock=-3, sold=56),
        product("3", stock=1, sold=28),
        product("4", stock=-1),
        product("5", stock=900, sold=28),
    ]
    counted = ({"product_id": "3", "quantity": 12}, {"product_id": "9", "quantity": 7})
    found = take_stock(products, InventoryInput.model_validate({"restocked": counted}), NOON)
    asked = [(one.product_id, one.quantity, one.replaces_quantity) for one in found.stock_proposals]
    assert asked == [("3", 12, None), ("9", 7, None), ("2", 56, -3), ("4", 1, -1), ("1", 28, 3)]
    told = [one.why for one in found.stock_proposals]
    assert told[0] == "Somebody counted it."
    assert told[2].startswith(
        "It is promised to 3 more buyers than there are units. Proposed is what lasts 28 days"
    )
    assert told[4].startswith("It lasts 3.0 more days: 3 left, 1.0 sold a day.")


def test_take_stock_proposes_no_less_than_there_is_and_100_at_most() -> None:
    long = take_stock([product(stock=40, sold=28)], InventoryInput(low_stock_days=60), NOON)
    assert [one.quantity for one in long.stock_proposals] == [60]
    many = report(*(product(str(number), sold=28) for number in range(102)))
    assert (len(many.stock_proposals), many.left_for_next) == (100, 2)
    [huge] = report(product(stock=7, sold=28 * 200_000), low_stock_days=1).stock_proposals
    assert huge.quantity == 99_999


def test_take_stock_leaves_deleted_products_out() -> None:
    found = report(product("1", stock=-3, sold=28, status="DELETED"), product("2", status="deleted"))
    assert (found.levels, found.oversold, found.note) == ((), (), EMPTY)
    assert found.sales_velocity.units_sold == 0


def test_take_stock_adds_up_the_velocity_of_the_shop() -> None:
    # 28 / 28 + 14 / 7 = 3 a day.
    velocity = report(product("1", sold=28), product("2", sold=14, age=2)).sales_velocity
    assert (velocity.window_days, velocity.units_sold, velocity.units_per_day) == (28, 42, 3)


PRODUCTS = st.lists(
    st.builds(
        product,
        st.integers(0, 50).map(str),
        stock=st.integers(-20, 200),
        sold=st.integers(0, 500),
        age=st.none() | st.floats(0, 60),
        status=st.sampled_from(["ACTIVATE", "DELETED", ""]),
    ),
    max_size=8,
    unique_by=lambda one: one.product_id,
)


@settings(max_examples=examples(60))
@given(PRODUCTS, st.randoms(use_true_random=False))
def test_take_stock_in_any_order_says_the_same(products: list[ProductFigures], chance: object) -> None:
    mixed = list(products)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    found = report(*products)
    assert report(*mixed) == found
    assert not {one.product_id for one in found.low_stock} & {one.product_id for one in found.oversold}


@pytest.mark.parametrize("days", [0, -1, 366])
def test_input_with_impossible_days_is_refused(days: int) -> None:
    with pytest.raises(ValidationError):
        InventoryInput(low_stock_days=days)


def order(of: Product, *, days_ago: float, quantity: int = 1, is_cancelled: bool = False) -> None:
    OrderLine.objects.create(
        account=of.account,
        product=of,
        order_id=str(days_ago),
        quantity=quantity,
        ordered_at=NOON - timedelta(days=days_ago),
        is_cancelled=is_cancelled,
    )


def shop(*, product_id: str = "1", stock: int = 10, account: TikTokAccount | None = None) -> Product:
    return Product.objects.create(
        account=account or AccountFactory.create(), product_id=product_id, title="Lamp", stock=stock
    )


def computed(account: TikTokAccount) -> InventoryReport:
    context = AgentContext(account_id=account.id, handle="demo", as_of=NOON)
    return agent.compute(InventoryInput(), context)


@pytest.mark.django_db
def test_compute_counts_the_lines_of_the_window_that_stand() -> None:
    lamp = shop()
    order(lamp, days_ago=28, quantity=100)  # at the edge: before the window, yet it tells the age
    order(lamp, days_ago=27.99, quantity=5)
    order(lamp, days_ago=0, quantity=9)
    order(lamp, days_ago=3, quantity=50, is_cancelled=True)
    order(lamp, days_ago=-1, quantity=70)  # in the future of as_of
    (level,) = computed(lamp.account).levels
    # 5 + 9 = 14 units in 28 days: half a unit a day, and 10 units last 20 days.
    assert (level.units_sold, level.units_per_day, level.days_of_cover) == (14, 0.5, 20)


@pytest.mark.django_db
def test_compute_takes_the_age_from_a_cancelled_line_too_and_not_from_the_future() -> None:
    early, late = shop(), shop()
    order(early, days_ago=14, is_cancelled=True)
    order(early, days_ago=1, quantity=7)
    order(late, days_ago=-1)
    assert [one.selling_days for one in computed(early.account).levels] == [14]
    (level,) = computed(late.account).levels
    assert (level.units_sold, level.selling_days, level.days_of_cover) == (0, 28, None)


@pytest.mark.django_db
def test_compute_sees_the_shop_of_its_account_only() -> None:
    mine, other = shop(product_id="b"), shop()
    shop(product_id="a", account=mine.account)
    order(other, days_ago=1)
    assert [one.product_id for one in computed(mine.account).levels] == ["a", "b"]
    assert computed(AccountFactory.create()).note == EMPTY


def test_compose_returns_the_facts_and_asks_no_model() -> None:
    facts = report(product(stock=30, sold=42))
    context = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON)
    assert agent.prompt(facts, context) is None
    assert agent.compose(facts, None) == facts
