"""What is kept of dealings with a catalogue: the newest of each part, of the account alone."""

import pytest
from django.db import IntegrityError, transaction

from tests.factories.accounts import AccountFactory
from tiktok_ops.content.dealings import Dealing, Dealings, forget_products, keep_dealings
from tiktok_ops.content.figures import Sides
from tiktok_ops.content.models import DealtWith
from tiktok_ops.content.queries import dealt_with

pytestmark = pytest.mark.django_db


def test_keep_dealings_again_puts_the_newest_in_the_place_of_what_was_known() -> None:
    account, other = AccountFactory.create(), AccountFactory.create()
    for owner, source in ((account, "Old"), (account, "New"), (other, "Other")):
        keep_dealings(owner.id, Dealings(parts=(Dealing("1", "title", Sides(source, "Shop")),)))
    keep_dealings(account.id, Dealings(parts=(Dealing("2", "price", Sides("20 EUR", "20 EUR")),)))
    assert dealt_with(account.id) == {
        "1": {"title": Sides("New", "Shop")},
        "2": {"price": Sides("20 EUR", "20 EUR")},
    }
    forget_products(account.id, ["1"])
    assert dealt_with(account.id).keys() == {"2"}
    assert dealt_with(other.id).keys() == {"1"}


def test_keep_dealings_forgets_and_keeps_at_once() -> None:
    account = AccountFactory.create()
    keep_dealings(account.id, Dealings(parts=(Dealing("1", "title", Sides("A", "A")),)))
    keep_dealings(account.id, Dealings(parts=(Dealing("2", "title", Sides("B", "B")),), forgotten=("1",)))
    assert dealt_with(account.id).keys() == {"2"}


def test_store_a_part_that_is_never_compared_is_refused_by_the_database() -> None:
    account = AccountFactory.create()
    with pytest.raises(IntegrityError, match="dealt_with_part_known"), transaction.atomic():
        DealtWith.objects.create(account=account, product_id="1", part="stock")
    DealtWith.objects.create(account=account, product_id="1", part="title")
    with pytest.raises(IntegrityError, match="dealt_with_once"), transaction.atomic():
        DealtWith.objects.create(account=account, product_id="1", part="title")
