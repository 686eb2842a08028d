"""Every address of the API against every kind of caller; an address without expectations fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories.accounts import AccountFactory, BrandFactory, UserFactory, WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import (
    expired_key,
    make_key,
    revoked_key,
    scopeless_key,
    showing,
    signed_in,
    using,
)
from tests.unit.workflows.api.runs import add_step, make_run
from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Room:
    """A workspace with one account of a brand, and a run of it."""

    workspace: Workspace
    brand: Brand
    account: TikTokAccount
    run: WorkflowRun


def make_room(workspace: Workspace | None = None, **account: Any) -> Room:
    """Return a room in the workspace, or in a new one; `account` are fields of its account."""
    workspace = workspace or WorkspaceFactory.create()
    brand = BrandFactory.create(workspace=workspace)
    made = AccountFactory.create(workspace=workspace, brand=brand, **account)
    asked = {"requested_by": UserFactory.create(), "api_key": make_key(workspace).key}
    return Room(workspace, brand, made, make_run(made, steps=1, **asked))


@dataclass(frozen=True)
class Expected:
    """What an address does: `address` for a room, its status when let in, and how many queries it may take.

    Queries are counted with a key that was used within the minute: finding the key is one of them.
    """

    address: Callable[[Room], str]
    queries: int
    row: Callable[[Room], Any] | None = None
    is_list: bool = False
    status: int = 200
    needs_scope: bool = True


ROUTES = {
    "api-me": Expected(lambda room: "/api/v1/me/", queries=3),
    "api-account-list": Expected(
        lambda room: "/api/v1/accounts/", queries=2, row=lambda room: room.account, is_list=True
    ),
    "api-account-detail": Expected(
        lambda room: f"/api/v1/accounts/{room.account.id}/", queries=2, row=lambda room: room.account
    ),
    "api-run-list": Expected(
        lambda room: "/api/v1/runs/", queries=2, row=lambda room: room.run, is_list=True
    ),
    "api-run-detail": Expected(
        lambda room: f"/api/v1/runs/{room.run.id}/", queries=4, row=lambda room: room.run
    ),
    "api-unknown": Expected(lambda room: "/api/v1/nothing/here/", queries=1, status=404, needs_scope=False),
}
DETAILS = [name for name, expected in ROUTES.items() if expected.row and not expected.is_list]
LISTS = [name for name, expected in ROUTES.items() if expected.is_list]


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield (address, name) of every pattern below, each address as the resolver writes it."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        else:
            yield address, pattern.name


@pytest.fixture
def room() -> Room:
    """Return our own workspace."""
    return make_room()


def test_enumerate_addresses_of_the_api_finds_expectations_for_each() -> None:
    api = [(address, name) for address, name in routes(get_resolver().url_patterns) if "api/" in address]
    assert len(api) == len({name for _, name in api}), "every address of the API has a name of its own"
    assert {name for _, name in api} == set(ROUTES)


@pytest.mark.parametrize("name", ROUTES)
def test_get_with_a_key_that_may_read_answers(name: str, room: Room) -> None:
    answer = using(make_key(room.workspace)).get(ROUTES[name].address(room))
    assert answer.status_code == ROUTES[name].status


@pytest.mark.parametrize("name", ROUTES)
def test_get_as_a_person_of_the_workspace_answers(name: str, room: Room) -> None:
    answer = signed_in(person(room.workspace, Role.VIEWER)).get(ROUTES[name].address(room))
    assert answer.status_code == ROUTES[name].status


def credentials(workspace: Workspace) -> dict[str, Client]:
    """Return a client for each way of not being let in."""
    good = make_key(workspace)
    prefix = good.key.prefix
    return {
        "missing": Client(),
        "no key": showing("Bearer"),
        "malformed": showing("Bearer not-a-key"),
        "not ASCII": showing(f"Bearer tto_{prefix}_" + "ü" * 43),
        "no secret": showing(f"Bearer tto_{prefix}_"),
        "two keys": showing(f"Bearer {good.secret_text} {good.secret_text}"),
        "another scheme": showing(f"Token {good.secret_text}"),
        "wrong secret": showing(f"Bearer tto_{prefix}_" + "A" * 43),
        "wrong prefix": showing(f"Bearer {good.secret_text.replace(prefix, 'A' * 10)}"),
        "expired": using(expired_key(workspace)),
        "revoked": using(revoked_key(workspace)),
    }


@pytest.mark.parametrize("name", ROUTES)
def test_get_without_a_key_that_opens_is_401_with_a_challenge(name: str, room: Room) -> None:
    for circumstance, client in credentials(room.workspace).items():
        answer = client.get(ROUTES[name].address(room))
        assert answer.status_code == 401, circumstance
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="TikTok Ops API"', circumstance
        assert answer.headers["Content-Type"] == PROBLEM, circumstance
        assert answer.json()["status"] == 401, circumstance


@pytest.mark.parametrize("name", [name for name, expected in ROUTES.items() if expected.needs_scope])
def test_get_with_a_key_without_the_scope_is_403_naming_it(name: str, room: Room) -> None:
    answer = using(scopeless_key(room.workspace)).get(ROUTES[name].address(room))
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == PROBLEM
    assert "'read'" in answer.json()["detail"]


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_write_with_a_key_is_not_possible_anywhere(name: str, method: str, room: Room) -> None:
    answer = getattr(using(make_key(room.workspace)), method)(ROUTES[name].address(room))
    assert answer.status_code == (405 if ROUTES[name].needs_scope else 404)
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("name", ROUTES)
def test_write_without_a_key_is_401(name: str, room: Room) -> None:
    assert Client().post(ROUTES[name].address(room)).status_code == 401


@pytest.mark.parametrize("name", DETAILS)
def test_get_a_row_of_another_workspace_is_404_as_if_it_were_not(name: str, room: Room) -> None:
    expected, theirs = ROUTES[name], make_room()
    absent = expected.address(room).replace(str(expected.row and expected.row(room).id), str(uuid4()))
    for client in (using(make_key(room.workspace)), signed_in(person(room.workspace, Role.OWNER))):
        answer = client.get(expected.address(theirs))
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == PROBLEM
        assert answer.json() == client.get(absent).json()


@pytest.mark.parametrize("name", DETAILS)
def test_get_a_row_of_another_brand_with_a_key_for_one_brand_is_404(name: str, room: Room) -> None:
    sibling = make_room(room.workspace)
    client = using(make_key(room.workspace, brand=room.brand))
    assert client.get(ROUTES[name].address(room)).status_code == 200
    assert client.get(ROUTES[name].address(sibling)).status_code == 404


@pytest.mark.parametrize("name", DETAILS)
def test_get_a_live_row_needs_a_key_that_is_not_for_the_sandbox_only(name: str, room: Room) -> None:
    live = make_room(room.workspace, mode="live")
    assert using(make_key(room.workspace)).get(ROUTES[name].address(live)).status_code == 404
    full = using(make_key(room.workspace, is_sandbox_only=False))
    assert full.get(ROUTES[name].address(live)).status_code == 200


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize("written", ["1", "not-an-id", "%00", "a.b", "..%2f"])
def test_get_an_id_that_is_none_is_404(name: str, written: str, room: Room) -> None:
    expected = ROUTES[name]
    address = expected.address(room).replace(str(expected.row and expected.row(room).id), written)
    answer = using(make_key(room.workspace)).get(address)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("name", LISTS)
def test_list_shows_the_rows_of_the_caller_and_no_others(name: str, room: Room) -> None:
    expected, sibling = ROUTES[name], make_room(room.workspace)
    live = make_room(room.workspace, mode="live")
    make_room()
    assert expected.row is not None
    ours, others, alive = (str(expected.row(each).id) for each in (room, sibling, live))

    def seen(client: Client) -> list[str]:
        return [row["id"] for row in client.get(expected.address(room)).json()["results"]]

    assert seen(using(make_key(room.workspace))) == [others, ours]
    assert seen(using(make_key(room.workspace, brand=room.brand))) == [ours]
    assert seen(using(make_key(room.workspace, is_sandbox_only=False))) == [alive, others, ours]
    assert seen(signed_in(person(room.workspace, Role.VIEWER))) == [alive, others, ours]
    assert seen(signed_in(person(WorkspaceFactory.create(), Role.OWNER))) == []


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object with an id within a JSON value."""
    if isinstance(value, dict):
        if "id" in value:
            yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


@pytest.mark.parametrize("name", [name for name, expected in ROUTES.items() if expected.status == 200])
@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_every_object_says_whether_it_is_of_the_sandbox(name: str, mode: str) -> None:
    room = make_room(mode=mode)
    client = using(make_key(room.workspace, is_sandbox_only=False))
    found = list(objects(client.get(ROUTES[name].address(room)).json()))
    assert found
    assert [each["sandbox"] for each in found] == [mode == "sandbox"] * len(found)


def count_queries(client: Client, address: str) -> int:
    """Return how many queries an answer takes."""
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


@pytest.mark.parametrize("name", ROUTES)
def test_queries_stay_the_same_for_one_row_and_for_twenty(name: str, room: Room) -> None:
    client, address = using(make_key(room.workspace)), ROUTES[name].address(room)
    client.get(address)  # the first use of a key is noted
    assert count_queries(client, address) == ROUTES[name].queries
    for _ in range(19):
        make_room(room.workspace)
    for position in range(1, 20):
        add_step(room.run, position=position)
    assert count_queries(client, address) == ROUTES[name].queries
