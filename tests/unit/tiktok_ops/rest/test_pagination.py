"""Pages that stay what they are while rows are added and go."""

import base64
from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.rest.pagination import NewestFirst

pytestmark = pytest.mark.django_db

ACCOUNTS = "/api/v1/accounts/"


@pytest.fixture
def workspace() -> Workspace:
    """Return an empty workspace."""
    return WorkspaceFactory.create()


@pytest.fixture
def client(workspace: Workspace) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(workspace))


def add_accounts(workspace: Workspace, number: int) -> list[str]:
    """Add accounts and return their handles, the newest first."""
    made: list[TikTokAccount] = AccountFactory.create_batch(number, workspace=workspace, brand=None)
    return [account.handle for account in sorted(made, key=lambda account: account.id, reverse=True)]


def page(client: Client, address: str) -> dict[str, Any]:
    """Return one page."""
    answer = client.get(address)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def handles(body: dict[str, Any]) -> list[str]:
    """Return the handles on a page."""
    return [row["handle"] for row in body["results"]]


def walk(client: Client, address: str | None, direction: str) -> list[list[str]]:
    """Return the handles of each page, following one kind of link to its end."""
    pages = []
    while address:
        body = page(client, address)
        pages.append(handles(body))
        address = body[direction]
    return pages


@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_follow_next_to_the_end_gives_each_row_once_newest_first(
    workspace: Workspace, client: Client, rows: int, sizes: list[int]
) -> None:
    expected = add_accounts(workspace, rows)
    pages = walk(client, f"{ACCOUNTS}?page_size=3", "next")
    assert [len(each) for each in pages] == sizes
    assert list(chain(*pages)) == expected


def test_follow_next_while_rows_are_added_neither_repeats_nor_skips(
    workspace: Workspace, client: Client
) -> None:
    expected = add_accounts(workspace, 9)
    address: str | None = f"{ACCOUNTS}?page_size=2"
    seen: list[str] = []
    while address:
        body = page(client, address)
        seen += handles(body)
        address = body["next"]
        add_accounts(workspace, 3)
    assert seen == expected


def test_follow_next_while_rows_go_neither_repeats_nor_skips(workspace: Workspace, client: Client) -> None:
    expected = add_accounts(workspace, 6)
    first = page(client, f"{ACCOUNTS}?page_size=2")
    TikTokAccount.objects.filter(handle__in=expected[1:3]).delete()
    assert handles(first) == expected[:2]
    assert list(chain(*walk(client, first["next"], "next"))) == expected[3:]


def test_follow_previous_reaches_the_rows_added_meanwhile(workspace: Workspace, client: Client) -> None:
    old = add_accounts(workspace, 4)
    second = page(client, page(client, f"{ACCOUNTS}?page_size=2")["next"])
    new = add_accounts(workspace, 3)
    assert handles(second) == old[2:]
    back = walk(client, second["previous"], "previous")
    assert list(chain(*reversed(back))) == [*new, *old[:2]]


def test_list_without_a_size_gives_fifty_rows(workspace: Workspace, client: Client) -> None:
    add_accounts(workspace, 51)
    assert len(handles(page(client, ACCOUNTS))) == 50
    assert len(handles(page(client, f"{ACCOUNTS}?page_size=200"))) == 51


@pytest.mark.parametrize("given", ["0", "-1", "201", "9" * 5000, "ten", "", "1.5", "²", "٣", "1 "])
def test_list_with_a_size_that_is_none_is_422_naming_the_field(client: Client, given: str) -> None:
    answer = client.get(f"{ACCOUNTS}?page_size={quote(given)}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "page_size"
    assert error["sentence"] == f"The page_size {given!r} is not a number from 1 to 200."


def cursor(text: str) -> str:
    """Return a cursor that says `text`."""
    return quote(base64.b64encode(text.encode()).decode())


@pytest.mark.parametrize(
    "given",
    ["nonsense", "%FF", "%C3%BC", cursor("p=not-an-id"), cursor("p=%00"), cursor("o=x"), cursor("p=1;drop")],
)
def test_list_with_a_cursor_that_is_none_is_422_naming_the_field(client: Client, given: str) -> None:
    answer = client.get(f"{ACCOUNTS}?cursor={given}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]


def test_list_with_a_cursor_without_a_place_starts_at_the_newest(
    workspace: Workspace, client: Client
) -> None:
    newest, oldest = add_accounts(workspace, 2)
    assert handles(page(client, f"{ACCOUNTS}?cursor=")) == [newest, oldest]
    assert handles(page(client, f"{ACCOUNTS}?cursor={cursor('r=1')}")) == [newest, oldest]


def test_order_is_by_an_id_that_sorts_by_time() -> None:
    assert NewestFirst.ordering == "-id"
    assert NewestFirst.max_page_size == 200
