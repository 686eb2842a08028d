"""Answers one knows already: strong ETags of the content, and 304."""

import pytest
from django.test import Client

from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.tiktok_ops.rest.rooms import DATA, ROUTES, Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(room: Room) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(room.workspace))


@pytest.mark.parametrize("name", DATA)
def test_read_what_one_has_already_is_304_without_a_body(name: str, room: Room, client: Client) -> None:
    address = ROUTES[name].address(room)
    first = client.get(address)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    assert len(etag) == 66
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(first.headers["Vary"].split(", "))
    again = client.get(address, headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize("name", DATA)
def test_ask_for_the_head_has_the_same_etag(name: str, room: Room, client: Client) -> None:
    address = ROUTES[name].address(room)
    answer = client.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == client.get(address).headers["ETag"]


@pytest.mark.parametrize("given", ['"0"', 'W/"0"', "nonsense", ""])
def test_read_what_one_has_not_is_200(room: Room, client: Client, given: str) -> None:
    assert client.get("/api/v1/me/", headers={"if-none-match": given}).status_code == 200


def test_read_what_changed_is_200_with_another_etag(room: Room, client: Client) -> None:
    address = f"/api/v1/brands/{room.brand.id}/"
    etag = client.get(address).headers["ETag"]
    room.brand.voice = "Loud."
    room.brand.save()
    answer = client.get(address, headers={"if-none-match": etag})
    assert (answer.status_code, answer.json()["voice"]) == (200, "Loud.")
    assert answer.headers["ETag"] != etag


def test_read_as_json_and_as_text_has_an_etag_of_each(room: Room, client: Client) -> None:
    address = f"/api/v1/runs/{room.run.id}/report/"
    etags = {
        client.get(address, headers={"accept": kind}).headers["ETag"] for kind in ("*/*", "text/markdown")
    }
    assert len(etags) == 2
    assert "Accept" in client.get(address).headers["Vary"]


def test_refusals_have_no_etag(client: Client) -> None:
    for address in ("/api/v1/nothing/", "/api/v1/me/?colour=red"):
        assert "ETag" not in client.get(address).headers


def test_read_only_if_it_is_still_the_same_is_412_when_it_is_not(client: Client) -> None:
    assert client.get("/api/v1/me/", headers={"if-match": '"0"'}).status_code == 412
