"""`/api/v1/stops/`: what concerns the caller, also where it is of no workspace."""

from typing import Any

import pytest

from tests.factories.accounts import AccountFactory, BrandFactory, WorkspaceFactory, person
from tests.factories.stops import stop, stop_of
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tiktok_ops.accounts.roles import Role
from workflows.stop_switch import Target, release

pytestmark = pytest.mark.django_db

STOPS = "/api/v1/stops/"


def seen(client: Any, **query: str) -> set[str]:
    """Return the ids of the switches a caller sees."""
    return {row["id"] for row in client.get(STOPS, query).json()["results"]}


def ids(*stops: Any) -> set[str]:
    return {str(one.id) for one in stops}


def test_list_by_a_key_has_what_stops_anything_it_reaches() -> None:
    account = AccountFactory.create()
    everything, everywhere = stop(), stop(Target(workflow="own_post"))
    whole, here = stop(Target(workspace=account.workspace)), stop_of(account)
    other_brand = stop(Target(brand=BrandFactory.create(workspace=account.workspace)))
    own_brand = stop(Target(brand=account.brand))
    stop(Target(workspace=WorkspaceFactory.create()))
    of_all = ids(everything, everywhere, whole, here, own_brand)

    assert seen(using(make_key(account.workspace))) == of_all | ids(other_brand)
    assert seen(using(make_key(account.workspace, brand=account.brand))) == of_all
    assert seen(signed_in(person(account.workspace, Role.VIEWER))) == of_all | ids(other_brand)


def test_list_for_the_sandbox_has_no_switch_of_a_live_account() -> None:
    account = AccountFactory.create(mode="live")
    whole, live = stop(Target(workspace=account.workspace)), stop_of(account)
    assert seen(using(make_key(account.workspace))) == ids(whole)
    assert seen(using(make_key(account.workspace, is_sandbox_only=False))) == ids(whole, live)


@pytest.mark.parametrize(("mode", "sandbox"), [("sandbox", True), ("live", False)])
def test_switch_is_of_the_sandbox_while_it_stops_no_live_account(mode: str, sandbox: bool) -> None:
    account = AccountFactory.create(mode=mode)
    AccountFactory.create(workspace=account.workspace, brand=None)
    stops = [
        stop(),
        stop(Target(workspace=account.workspace)),
        stop(Target(brand=account.brand)),
        stop_of(account),
    ]
    client = using(make_key(account.workspace, is_sandbox_only=False))
    found = {row["id"]: row["sandbox"] for row in client.get(STOPS).json()["results"]}
    assert found == {str(one.id): sandbox for one in stops}


def test_list_by_filter_shows_those_that_fit() -> None:
    account = AccountFactory.create()
    whole, here = stop(Target(workspace=account.workspace)), stop_of(account)
    release(stop_id=whole.id, by="a test")
    client = using(make_key(account.workspace))
    assert seen(client, engaged="true") == ids(here)
    assert seen(client, engaged="false") == ids(whole)
    assert seen(client, scope="account") == seen(client, account=str(account.id)) == ids(here)
    assert seen(client, workspace=str(account.workspace_id)) == ids(whole, here)
    assert seen(client, brand=str(account.brand_id)) == set()
    assert seen(client, created_since=here.engaged_at.isoformat()) >= ids(here)
    released = client.get(f"{STOPS}{whole.id}/").json()
    assert (released["released_by"], released["engaged_by"]) == ("a test", "a test")
