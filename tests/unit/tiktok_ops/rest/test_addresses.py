"""Addresses of the API there is nothing at, and those written without the last slash."""

import pytest
from django.test import Client

from tests.factories.accounts import WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key, using

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/api/", "/api/v1/", "/api/v2/me/", "/api/v1/me/more/", "/api/v1/a%0Ab/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_ask_for_an_address_there_is_not_is_404_once_we_know_who_asks(address: str, method: str) -> None:
    client = using(make_key(WorkspaceFactory.create()))
    answer = getattr(client, method)(address)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "There is nothing at this address, or it is not yours to see."
    assert getattr(Client(), method)(address).status_code == 401


@pytest.mark.parametrize("address", ["/api/v1/me", "/api/v1/accounts", "/api/v1/nothing"])
def test_ask_without_the_last_slash_is_sent_to_the_address_with_it(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{address}/")
