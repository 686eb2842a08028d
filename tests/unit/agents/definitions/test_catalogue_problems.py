"""Rows of a source that are wrong, and those that are just right."""

import pytest

from agents.definitions.catalog_sync import CatalogInput, CatalogReport, compare
from agents.definitions.catalogue_merge import CatalogueItem
from agents.definitions.catalogue_problems import usual_currency
from tests.factories.catalogue import item, report, shown
from tests.factories.figures import NOON


def rules(found: CatalogReport) -> list[tuple[int, str]]:
    return [(problem.row, problem.rule.value) for problem in found.problems]


@pytest.mark.parametrize(
    ("wrong", "rule", "message"),
    [
        (item(title=" "), "title_missing", "The title is empty; give it one."),
        (item(title="a" * 256), "title_too_long", "The title has 256 UTF-16 units; at most 255 fit."),
        (item(price=None), "price_missing", "The price is missing; give one."),
        (item(price="0"), "price_not_positive", "The price is 0 EUR; it must be above 0."),
        (item(price="-3"), "price_not_positive", "The price is -3 EUR; it must be above 0."),
        (
            item(price="20.005"),
            "price_decimals",
            "The price is 20.005 EUR, but EUR has 2 decimals; round it.",
        ),
        (item(price="100.01"), "price_jump", "The price of 100.01 EUR is more than 5 times the shop's"),
        (item(price="3.99"), "price_jump", "The price of 3.99 EUR is more than 5 times the shop's"),
        (item(currency="eur"), "currency_unknown", "The currency is 'eur'; give an ISO 4217 code"),
        (item(description="It HEALS you"), "banned_claim", "It makes a claim the brand never makes"),
        (item(currency="USD"), "currency_differs", "The currency is USD, the shop's is EUR; convert it."),
    ],
)
def test_compare_holds_back_a_row_that_is_wrong(wrong: CatalogueItem, rule: str, message: str) -> None:
    found = report([item("2"), wrong], [item("1"), item("2")])
    assert rules(found) == [(2, rule)]
    assert found.problems[0].message.startswith(message)
    assert (found.updated, found.removed, found.conflicts, found.held_products) == ((), (), (), 1)
    assert found.agreed == ()


@pytest.mark.parametrize("right", [item(price="100"), item(price="4"), item(title="a" * 255)])
def test_compare_lets_pass_what_is_just_right(right: CatalogueItem) -> None:
    assert rules(report([right], [item("1")])) == []


def test_compare_holds_back_every_row_of_a_doubled_id_or_title() -> None:
    source = [item("1"), item("1", title="Other"), item("2", title="Red  LAMP"), item("3", title="red lamp")]
    found = report(source, [])
    assert rules(found) == [
        (1, "duplicate_id"),
        (2, "duplicate_id"),
        (3, "duplicate_title"),
        (4, "duplicate_title"),
    ]
    assert (found.created, found.held_products) == ((), 3)


def test_compare_without_a_brand_says_that_claims_were_not_checked() -> None:
    found = compare([shown(item("1"))], CatalogInput(source=(item("1", description="It heals"),)), NOON)
    assert found.note.startswith(
        "No brand is linked to this account, so banned claims were not checked. No ear"
    )
    assert found.problems == ()


def test_compare_without_a_shop_takes_the_sources_usual_currency() -> None:
    source = [item("1"), item("2"), item("3", currency="CHF")]
    assert rules(report(source, [])) == [(3, "currency_differs")]
    assert usual_currency([item("1", currency="USD"), item("2")]) == "EUR"
    assert usual_currency([]) == ""
