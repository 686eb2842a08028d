"""Three states of a catalogue by hand, and the laws a merge has to keep whatever the states."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.contract import AgentContext, ModelTier, Nothing
from agents.definitions.catalog_sync import CatalogInput, CatalogReport, agent, compare
from agents.definitions.catalogue_merge import CatalogueItem, ConflictKind, Known, known_from, parts_of
from agents.definitions.catalogue_proposals import SOURCE_CHANGED, WHY, PriceChange
from agents.registry import AGENTS
from agents.runner import run_agent
from tests.factories.accounts import AccountFactory
from tests.factories.catalogue import BRAND, item, report, shown
from tests.factories.figures import NOON
from tests.forms import examples
from tiktok_ops.content.dealings import Dealing, Dealings, forget_products, keep_dealings
from tiktok_ops.content.figures import Sides
from tiktok_ops.content.models import Product

EMPTY = "Not enough data: the source has no products; nothing is removed for that."
NEVER = "No earlier sync is known, so nobody can tell which side changed"


def changes(products: Any) -> list[tuple[str, str, str, str]]:
    return [
        (one.product_id, change.field, change.before, change.after)
        for one in products
        for change in one.changes
    ]


def conflicts(found: CatalogReport) -> list[tuple[str, str, str, str | None, str | None, str | None]]:
    return [
        (one.product_id, one.kind.value, one.field, one.last, one.in_source, one.in_shop)
        for one in found.conflicts
    ]


def agreed(found: CatalogReport) -> list[tuple[str, str, str]]:
    return [(one.product_id, one.part, one.value) for one in found.agreed]


def test_describe_agent_by_its_permanent_name() -> None:
    assert AGENTS["catalog_sync"] is agent
    assert (agent.name, agent.model_tier) == ("catalog_sync", ModelTier.FAST)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        CatalogInput,
        CatalogReport,
        Nothing,
        CatalogReport,
    )


def test_compare_equal_sides_finds_nothing_to_do() -> None:
    found = report([item("1"), item("2", price="20.00")], [item("2"), item(" 1 ", title=" Lamp 1")])
    assert (found.created, found.updated, found.removed, found.kept, found.conflicts) == ((), (), (), (), ())
    assert (found.source_products, found.shop_products, found.note) == (2, 2, "")


def test_compare_creates_updates_and_removes_what_the_source_alone_changed() -> None:
    found = report(
        [item("3"), item("1", title="New", price="25.50"), item("2")], [item("1"), item("2"), item("4")]
    )
    assert [one.product_id for one in found.created] == ["3"]
    assert changes(found.updated) == [("1", "title", "Lamp 1", "New"), ("1", "price", "20", "25.5")]
    assert [one.product_id for one in found.removed] == ["4"]


def test_compare_keeps_what_the_shop_alone_changed() -> None:
    found = report([item("1")], [item("1", description="By hand")], [item("1")])
    assert changes(found.kept) == [("1", "description", "", "By hand")]
    assert (found.updated, found.conflicts, found.agreed) == ((), (), ())


def test_compare_takes_different_fields_changed_on_both_sides_for_no_conflict() -> None:
    found = report([item("1", title="Source")], [item("1", price="30")], [item("1")])
    assert changes(found.updated) == [("1", "title", "Lamp 1", "Source")]
    assert changes(found.kept) == [("1", "price", "20", "30")]
    assert found.conflicts == ()


def test_compare_takes_one_field_changed_on_both_sides_for_a_conflict() -> None:
    found = report(
        [item("1", title="Source", price="21")], [item("1", title="Shop", price="22")], [item("1")]
    )
    assert conflicts(found) == [
        ("1", "both_changed", "price", "20 EUR", "21 EUR", "22 EUR"),
        ("1", "both_changed", "title", "Lamp 1", "Source", "Shop"),
    ]
    assert (found.updated, found.kept) == ((), ())
    assert found.agreed == ()  # so that it is a conflict in the next run too


def test_compare_the_same_change_on_both_sides_is_none() -> None:
    new = item("1", title="New")
    found = report([new], [new], [item("1")])
    assert (found.updated, found.kept, found.conflicts) == ((), (), ())
    assert agreed(found) == [("1", "title", "New")]


def test_compare_takes_price_and_currency_for_one_field() -> None:
    shop = [item(str(number)) for number in range(1, 4)]
    # In cents of another currency the number may be the same: the pair changed on both sides.
    found = report([item("1", price="21"), *shop[1:]], [item("1", currency="CHF"), *shop[1:]], shop)
    assert conflicts(found) == [("1", "both_changed", "price", "20 EUR", "21 EUR", "20 CHF")]


def test_compare_without_a_last_sync_decides_nothing_that_is_not_certain() -> None:
    found = report([item("1", title="Source"), item("2")], [item("1"), item("3")], [])
    assert conflicts(found) == [("1", "never_synced", "title", None, "Source", "Lamp 1")]
    assert [one.product_id for one in found.created] == ["2"]
    assert found.removed == ()
    assert found.note.startswith(NEVER)
    assert agreed(found) == [("1", "description", ""), ("1", "price", "20 EUR")]


@pytest.mark.parametrize(
    ("source", "shop", "expected"),
    [
        ([item("2")], [item("1", title="Shop")], ("1", "changed_and_removed", "", "Lamp 1", None, "Shop")),
        ([item("1"), item("2")], [], ("1", "removed_in_shop", "", "Lamp 1", "Lamp 1", None)),
    ],
)
def test_compare_what_one_side_removed_and_the_other_has_is_a_conflict(
    source: list[CatalogueItem], shop: list[CatalogueItem], expected: Any
) -> None:
    found = report(source, shop, [item("1")])
    assert conflicts(found) == [expected]
    assert found.removed == ()


def test_compare_what_both_sides_removed_is_forgotten() -> None:
    found = report([item("2")], [item("2")], [item("1"), item("2")])
    assert (found.conflicts, found.removed, found.forgotten) == ((), (), ("1",))


def test_compare_leaves_products_of_the_shop_alone_that_were_never_in_the_source() -> None:
    found = report([item("1")], [item("1"), item("own")], [item("1")])
    assert (found.removed, found.conflicts, found.kept) == ((), (), ())


def test_compare_takes_a_deleted_product_for_none() -> None:
    given = CatalogInput(source=(item("1"),))
    found = compare([shown(item("1"), "DELETED")], given, NOON, brand=BRAND)
    assert ([one.product_id for one in found.created], found.shop_products, found.note) == (["1"], 0, "")


def test_compare_with_an_empty_source_removes_nothing() -> None:
    found = report([], [item("1")])
    assert (found.enough_data, found.note, found.removed, found.forgotten) == (False, EMPTY, (), ())


@pytest.mark.parametrize(
    "given",
    [{"product_id": ""}, {"product_id": "1", "price": "NaN"}, {"product_id": "1", "price": "a lot"}],
)
def test_input_that_is_no_product_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CatalogInput.model_validate({"source": [given]})
    with pytest.raises(ValidationError):
        CatalogInput.model_validate({"source": ["a lamp"]})


STATES = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.sampled_from(["X", "Y"]), st.sampled_from([20, 21])), max_size=4
)


def state(values: dict[str, tuple[str, int]]) -> list[CatalogueItem]:
    return [item(key, title=f"{key} {title}", price=str(price)) for key, (title, price) in values.items()]


def done(shop: list[CatalogueItem], found: CatalogReport) -> list[CatalogueItem]:
    """Do in the shop what the report says."""
    gone = {one.product_id for one in found.removed}
    after = {one.product_id: one for one in shop if one.product_id not in gone}
    for one in found.created:
        after[one.product_id] = one
    for changed in found.updated:
        values: dict[str, Any] = {change.field: change.after for change in changed.changes}
        if "price" in values:
            values["price"] = Decimal(values["price"])
        after[changed.product_id] = after[changed.product_id].model_copy(update=values)
    return [after[key] for key in sorted(after)]


def kept(known: Known, found: CatalogReport, source: dict[str, CatalogueItem]) -> Known:
    """Return what is known once that was done: what was agreed, what was changed, and what was made and removed."""
    after = {one: dict(parts) for one, parts in known.items() if one not in found.forgotten}
    for one in found.agreed:
        after.setdefault(one.product_id, {})[one.part] = Sides(one.value, one.value)
    for changed in found.updated:
        values = parts_of(source[changed.product_id])
        for part in {"price" if one.field == "currency" else one.field for one in changed.changes}:
            after.setdefault(changed.product_id, {})[part] = Sides(values[part], values[part])
    after |= known_from(found.created)
    return {
        one: parts for one, parts in after.items() if one not in {gone.product_id for gone in found.removed}
    }


@settings(max_examples=examples(60))
@given(STATES, STATES)
def test_compare_with_a_shop_nobody_touched_ends_in_the_source(first: Any, then: Any) -> None:
    shop, source = state(first), state(then)
    found = report(source, shop)
    if source:
        assert done(shop, found) == sorted(source, key=lambda one: one.product_id)
    assert (found.kept, found.conflicts, found.problems) == ((), (), ())


@settings(max_examples=examples(60))
@given(STATES, STATES, STATES)
def test_compare_again_after_it_was_done_finds_only_what_waits_for_people(a: Any, b: Any, c: Any) -> None:
    source, shop, known = state(a), state(b), known_from(state(c))
    found = compare([shown(one) for one in shop], CatalogInput(source=tuple(source)), NOON, known=known)
    after = done(shop, found)
    again = compare(
        [shown(one) for one in after],
        CatalogInput(source=tuple(source)),
        NOON,
        known=kept(known, found, {one.product_id: one for one in source}),
    )
    assert (again.created, again.updated, again.removed) == ((), (), ())
    assert conflicts(again) == conflicts(found)
    assert changes(again.kept) == changes(found.kept)


@settings(max_examples=examples(40))
@given(STATES, STATES, STATES)
def test_compare_from_the_other_side_mirrors_what_each_changed(a: Any, b: Any, c: Any) -> None:
    """What is an update from here is a kept change from there; a field's conflict is one from both."""
    if not a or not b:
        return
    here, there = report(state(a), state(b), state(c)), report(state(b), state(a), state(c))
    assert changes(here.updated) == [(k, f, x, y) for k, f, x, y in changes(there.kept)]
    assert {one[:3] for one in conflicts(here) if one[2]} == {one[:3] for one in conflicts(there) if one[2]}
    touched = [{one.product_id for one in side} for side in (here.created, here.removed)]
    assert touched[0].isdisjoint(touched[1])


@settings(max_examples=examples(20))
@given(STATES, STATES, st.randoms(use_true_random=False))
def test_compare_in_any_order_says_the_same(a: Any, b: Any, chance: Any) -> None:
    source, shop = state(a), state(b)
    mixed = [list(source), list(shop)]
    for rows in mixed:
        chance.shuffle(rows)
    assert report(mixed[0], mixed[1], shop) == report(source, shop)


@pytest.mark.django_db
def test_run_reads_the_shop_of_its_account_and_asks_no_model() -> None:
    account, other = AccountFactory.create(), AccountFactory.create()
    for owner, product_id in ((account, "1"), (other, "2")):
        Product.objects.create(
            account=owner, product_id=product_id, title=f"Lamp {product_id}", price=20, currency="EUR"
        )
    context = AgentContext(account_id=account.id, handle="demo", as_of=NOON)
    source = [json.loads(item("1", title="New").model_dump_json()) | {"stock": 3}]
    last = [json.loads(item("1").model_dump_json())]
    found = run_agent("catalog_sync", {"source": source, "last_synced": last}, context).output
    assert [one["changes"][0]["after"] for one in found["updated"]] == ["New"]
    assert found["shop_products"] == 1


@pytest.mark.django_db
def test_run_tells_by_what_was_dealt_with_which_side_changed() -> None:
    account, other = AccountFactory.create(), AccountFactory.create()
    Product.objects.create(account=account, product_id="1", title="Lamp 1", price=20, currency="EUR")
    context = AgentContext(account_id=account.id, handle="demo", as_of=NOON)
    given = {"source": [json.loads(item("1", title="New").model_dump_json())]}
    assert [one["kind"] for one in run_agent("catalog_sync", given, context).output["conflicts"]] == [
        "never_synced"
    ]
    was = Dealing("1", "title", Sides("Lamp 1", "Lamp 1"))
    keep_dealings(other.id, Dealings(parts=(Dealing("1", "title", Sides("New", "Lamp 1")),)))
    keep_dealings(account.id, Dealings(parts=(was,)))
    found = run_agent("catalog_sync", given, context).output
    assert ([one["changes"][0]["after"] for one in found["updated"]], found["conflicts"]) == (["New"], [])
    keep_dealings(account.id, Dealings(parts=(Dealing("1", "title", Sides("New", "Lamp 1")),)))
    found = run_agent("catalog_sync", given, context).output
    assert ([one["changes"][0]["after"] for one in found["settled"]], found["updated"]) == (["Lamp 1"], [])
    forget_products(account.id, ["1"])
    assert run_agent("catalog_sync", given, context).output["conflicts"]


@pytest.mark.parametrize(
    ("source", "shop", "expected"),
    [
        ("Y", "X", "settled"),
        ("Z", "X", "updated"),
        ("Y", "Z", "kept"),
        ("Z", "W", "conflicts"),
        ("Z", "Z", "agreed"),
    ],
)
def test_compare_goes_by_what_each_side_was(source: str, shop: str, expected: str) -> None:
    """What a person let differ is asked again once the source changed, and left alone once the shop did."""
    known = {"1": known_from([item("1")])["1"] | {"title": Sides("Y", "X")}}
    given = CatalogInput(source=(item("1", title=source),))
    found = compare([shown(item("1", title=shop))], given, NOON, known=known)
    names = ("settled", "updated", "kept", "conflicts", "agreed")
    assert [name for name in names if getattr(found, name)] == [expected]


def test_compose_returns_the_facts_and_asks_no_model() -> None:
    facts = report([item("1")], [])
    context = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON)
    assert agent.prompt(facts, context) is None
    assert agent.compose(facts, None) == facts


def test_compare_asks_about_words_source_first_then_conflicts_and_100_at_most() -> None:
    shop = [item(str(number)) for number in range(101)]
    source = [item("0", title="Lamp", description="Of paper"), *shop[1:]]
    [asked] = report(source, shop).listing_changes
    assert (asked.title, asked.description, asked.replaces_title) == ("Lamp", "Of paper", "Lamp 0")
    assert (asked.source_title, asked.why, asked.last) == ("Lamp", SOURCE_CHANGED, None)
    never = report([item(str(number), title=f"New {number}") for number in range(101)], shop, [])
    assert (len(never.listing_changes), never.left_for_next) == (100, 1)
    assert never.listing_changes[0].why == WHY[ConflictKind.NEVER_SYNCED]


def test_compare_asks_about_no_words_the_source_has_none_of() -> None:
    shop = item("1", description="Of paper")
    found = report([item("1")], [shop])
    assert (changes(found.updated), found.listing_changes) == ([("1", "description", "Of paper", "")], ())
    assert report([item("1")], [shop], []).listing_changes == ()
    assert report([item("1", price="21")], [item("1")], []).listing_changes == ()


@pytest.mark.parametrize("status", ["ACTIVATE", "", "SELLER_DEACTIVATED"])
def test_compare_asks_about_prices_of_products_on_sale(status: str) -> None:
    given = CatalogInput(source=(item("1", price="25"), item("2", price="21"), item("3", currency="CHF")))
    shop = [shown(item(one), status) for one in "123"]
    known = known_from([item("1"), item("3")]) | {"2": known_from([item("2", price="19")])["2"]}
    found = compare(shop, given, NOON, known=known)
    asked = [(one.product_id, one.price, one.replaces_price, one.why) for one in found.price_changes]
    both = WHY[ConflictKind.BOTH_CHANGED]
    assert asked == (
        []
        if status == "SELLER_DEACTIVATED"
        else [("1", Decimal(25), Decimal(20), SOURCE_CHANGED), ("2", Decimal(21), Decimal(20), both)]
    )


def test_change_of_price_is_asked_about_in_the_shops_currency_alone() -> None:
    assert PriceChange.between(item("1", currency="CHF"), item("1")) is None
    assert PriceChange.between(item("1", price=None), item("1")) is None
    made = PriceChange.between(item("1"), item("1", price=None))
    assert made is not None
    assert (made.price, made.replaces_price) == (Decimal(20), None)


@pytest.mark.parametrize(
    ("status", "asked", "forgotten"),
    [("ACTIVATE", ["1", "2"], ()), ("FREEZE", [], ()), ("SELLER_DEACTIVATED", [], ("1", "2"))],
)
def test_compare_asks_to_take_off_what_is_on_sale(
    status: str, asked: list[str], forgotten: tuple[str, ...]
) -> None:
    shop = [shown(item("1"), status), shown(item("2", title="Shop"), status), shown(item("3"))]
    given = CatalogInput(source=(item("3"),))
    found = compare(shop, given, NOON, known=known_from([item(one) for one in "123"]))
    assert [one.product_id for one in found.removals] == asked
    assert found.forgotten == forgotten
