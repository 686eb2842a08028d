"""Every address of the API against every kind of caller; an address without expectations fails."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories.accounts import WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import (
    expired_key,
    make_key,
    revoked_key,
    scopeless_key,
    showing,
    signed_in,
    using,
)
from tests.unit.tiktok_ops.rest.rooms import (
    DATA,
    DETAILS,
    LISTS,
    PAGES,
    ROUTES,
    STREAMS,
    WRITES,
    Expected,
    Room,
    grow,
    make_room,
    objects,
    reaching,
)
from tiktok_ops.accounts.models import Workspace
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield (address, name) of every pattern below, each address as the resolver writes it."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        else:
            yield address, pattern.name


def instead(expected: Expected, room: Room, written: object) -> str:
    """Return the address with something else in the place of the row's id."""
    assert expected.row
    return expected.address(room).replace(str(expected.row(room).id), str(written))


def test_enumerate_addresses_of_the_api_finds_expectations_for_each() -> None:
    api = [(address, name) for address, name in routes(get_resolver().url_patterns) if "api/" in address]
    assert len(api) == len({name for _, name in api}), "every address of the API has a name of its own"
    assert {name for _, name in api} == set(ROUTES) | PAGES


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


@pytest.mark.parametrize(
    ("name", "method"), [(name, "get") for name in ROUTES] + [(n, "post") for n in WRITES]
)
def test_ask_without_a_key_that_opens_is_401_with_a_challenge(name: str, method: str, room: Room) -> None:
    for circumstance, client in credentials(room.workspace).items():
        answer = getattr(client, method)(ROUTES[name].address(room))
        assert answer.status_code == 401, circumstance
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="TikTok Ops API"', circumstance
        assert answer.headers["Content-Type"] == PROBLEM, circumstance
        assert answer.json()["status"] == 401, circumstance


@pytest.mark.parametrize("name", DATA)
def test_get_with_a_key_without_the_scope_is_403_naming_it(name: str, room: Room) -> None:
    answer = using(scopeless_key(room.workspace)).get(ROUTES[name].address(room))
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == PROBLEM
    assert "'read'" in answer.json()["detail"]


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_write_with_a_key_that_only_reads_is_not_possible_anywhere(
    name: str, method: str, room: Room
) -> None:
    answer = getattr(using(make_key(room.workspace)), method)(ROUTES[name].address(room))
    writes = ROUTES[name].writes if method == "post" else None
    assert answer.status_code == (404 if name == "api-unknown" else 403 if writes else 405)
    assert answer.headers["Content-Type"] == PROBLEM
    if writes:
        assert repr(writes.value) in answer.json()["detail"]


@pytest.mark.parametrize("name", ROUTES)
def test_write_without_a_key_is_401(name: str, room: Room) -> None:
    assert Client().post(ROUTES[name].address(room)).status_code == 401


@pytest.mark.parametrize("name", DETAILS)
def test_get_a_row_of_another_workspace_is_404_as_if_it_were_not(name: str, room: Room) -> None:
    expected, theirs = ROUTES[name], make_room()
    for client in (using(make_key(room.workspace)), signed_in(person(room.workspace, Role.OWNER))):
        answer = client.get(expected.address(theirs))
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == PROBLEM
        assert answer.json() == client.get(instead(expected, room, uuid4())).json()


@pytest.mark.parametrize("name", reaching(DETAILS, "account", "brand"))
def test_get_a_row_of_another_brand_with_a_key_for_one_brand_is_404(name: str, room: Room) -> None:
    sibling = make_room(room.workspace)
    client = using(make_key(room.workspace, brand=room.brand))
    assert client.get(ROUTES[name].address(room)).status_code == 200
    assert client.get(ROUTES[name].address(sibling)).status_code == 404


@pytest.mark.parametrize("name", reaching(DETAILS, "account"))
def test_get_a_live_row_needs_a_key_that_is_not_for_the_sandbox_only(name: str, room: Room) -> None:
    live = make_room(room.workspace, mode="live")
    assert using(make_key(room.workspace)).get(ROUTES[name].address(live)).status_code == 404
    full = using(make_key(room.workspace, is_sandbox_only=False))
    assert full.get(ROUTES[name].address(live)).status_code == 200


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize("written", ["1", "not-an-id", "%00", "a.b", "..%2f"])
def test_get_an_id_that_is_none_is_404(name: str, written: str, room: Room) -> None:
    answer = using(make_key(room.workspace)).get(instead(ROUTES[name], room, written))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("name", DATA)
def test_get_a_stream_is_only_where_there_is_one(name: str, room: Room) -> None:
    client, headers = using(make_key(room.workspace)), {"accept": "text/event-stream"}
    answer = client.get(ROUTES[name].address(room), headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)
    assert ("no ASGI server" in answer.json()["detail"]) is (name in STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_get_a_stream_out_of_reach_is_refused_like_the_rest(name: str, room: Room) -> None:
    address, headers = ROUTES[name].address(room), {"accept": "text/event-stream"}
    assert Client().get(address, headers=headers).status_code == 401
    assert using(scopeless_key(room.workspace)).get(address, headers=headers).status_code == 403
    theirs = using(make_key(WorkspaceFactory.create())).get(address, headers=headers)
    assert (theirs.status_code, theirs.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize("name", ["agents/nobody", "workflows/nothing"])
def test_get_an_entry_the_catalogue_lacks_is_404(name: str, room: Room) -> None:
    answer = using(make_key(room.workspace)).get(f"/api/v1/{name}/")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing at this address, or it is not yours to see."


@pytest.mark.parametrize("name", reaching(LISTS, "account", "brand"))
def test_list_shows_the_rows_of_the_caller_and_no_others(name: str, room: Room) -> None:
    expected, sibling = ROUTES[name], make_room(room.workspace)
    live = make_room(room.workspace, mode="live")
    make_room()
    assert expected.row is not None
    ours, others, alive = (str(expected.row(each).id) for each in (room, sibling, live))

    def seen(client: Client) -> list[str]:
        return [row["id"] for row in client.get(expected.address(room)).json()["results"]]

    # A brand and its assets are no less the workspace's because an account of it is live.
    in_sandbox = [others, ours] if expected.reach == "account" else [alive, others, ours]
    assert seen(using(make_key(room.workspace))) == in_sandbox
    assert seen(using(make_key(room.workspace, brand=room.brand))) == [ours]
    assert seen(using(make_key(room.workspace, is_sandbox_only=False))) == [alive, others, ours]
    assert seen(signed_in(person(room.workspace, Role.VIEWER))) == [alive, others, ours]
    assert seen(signed_in(person(WorkspaceFactory.create(), Role.OWNER))) == []


def test_list_workspaces_shows_those_of_the_caller(room: Room) -> None:
    other = make_room()
    ana = person(room.workspace, Role.VIEWER)
    for client in (using(make_key(room.workspace, brand=room.brand)), signed_in(ana)):
        [row] = client.get("/api/v1/workspaces/").json()["results"]
        assert row["id"] == str(room.workspace.id) != str(other.workspace.id)


@pytest.fixture(scope="module")
def live_room(module_rows: None) -> Room:
    """Make a room once for the module whose account is live."""
    return make_room(mode="live")


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_every_object_says_whether_it_is_of_the_sandbox(
    name: str, mode: str, made_room: Room, live_room: Room, settings: Any
) -> None:
    room = {"sandbox": made_room, "live": live_room}[mode]
    settings.PROVIDERS = {**settings.PROVIDERS, "claude": {"BACKEND": "made.up", "MODE": mode}}
    client = using(make_key(room.workspace, is_sandbox_only=False))
    found = list(objects(client.get(ROUTES[name].address(room)).json()))
    assert found
    assert [each["sandbox"] for each in found] == [mode == "sandbox"] * len(found)


@pytest.mark.parametrize("name", reaching(LISTS, "brand", "workspace"))
def test_say_it_is_of_the_sandbox_to_a_key_that_reaches_no_live_account(name: str) -> None:
    room = make_room(mode="live")
    [row] = using(make_key(room.workspace)).get(ROUTES[name].address(room)).json()["results"]
    assert row["sandbox"] is True


@pytest.mark.parametrize("name", DATA)
def test_ask_with_a_parameter_there_is_not_is_422_naming_it(name: str, room: Room) -> None:
    answer = using(make_key(room.workspace)).get(ROUTES[name].address(room), {"colour": "red"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["colour"]
    assert answer.json()["detail"].startswith("There is no parameter 'colour' here: this address takes ")


def count_queries(client: Client, address: str) -> int:
    """Return how many queries an answer takes."""
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


@pytest.fixture(scope="module")
def grown_room(module_rows: None) -> Room:
    """Make a room once for the module in whose workspace there are twenty of everything."""
    room = make_room()
    grow(room)
    return room


@pytest.mark.parametrize("name", ROUTES)
def test_queries_stay_the_same_for_one_row_and_for_twenty(name: str, room: Room, grown_room: Room) -> None:
    for each in (room, grown_room):
        client, address = using(make_key(each.workspace)), ROUTES[name].address(each)
        client.get(address)  # the first use of a key is noted
        assert count_queries(client, address) == ROUTES[name].queries
