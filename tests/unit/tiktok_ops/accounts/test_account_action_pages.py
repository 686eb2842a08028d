"""Actions on accounts that are a page: who gets there, from where, and what a refusal leads to."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse

from tests.factories.accounts import AccountFactory, MembershipFactory
from tests.factories.pages import World, make_world
from tiktok_ops.accounts import account_actions as registry
from tiktok_ops.accounts.account_actions import AccountAction
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.errors import Refused

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/tiktokaccount/"
RUNNERS = {"operator", "owner", "superuser", "client"}


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Let "New post" be a page that notes how it was asked for; it refuses "@refused"."""
    noted: list[tuple[str, str, str]] = []

    def page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
        if account.handle == "refused":
            raise Refused("Nothing can be written here.")
        noted.append((request.method or "", account.handle, by.username))
        return HttpResponse("The page.")

    action = AccountAction("new_post", "Write it", "", "edit", Capability.RUN, page=page)
    monkeypatch.setitem(registry._ACTIONS, "new_post", action)
    return noted


def _address(account: TikTokAccount) -> str:
    return f"{LIST}{account.pk}/new-post/"


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _choose(world: World, name: str, *accounts: TikTokAccount) -> Any:
    given = {"action": "new_post", "_selected_action": [str(account.pk) for account in accounts]}
    return world.client(name).post(LIST, given)


def test_open_page_by_role_answers_or_is_forbidden(world: World, shown: Any) -> None:
    codes = {name: world.client(name).get(_address(world.account)).status_code for name in world.people}
    assert {name for name, code in codes.items() if code == 200} == RUNNERS
    assert set(codes.values()) == {200, 403}
    assert len(shown) == len(RUNNERS)


def test_post_to_page_by_role_reaches_it_or_is_forbidden(world: World, shown: Any) -> None:
    for name in sorted(world.people):
        world.client(name).post(_address(world.account))
    assert sorted(shown) == sorted(
        ("POST", world.account.handle, world.people[name].username) for name in RUNNERS
    )


def test_post_to_page_without_a_token_is_refused(world: World, shown: Any) -> None:
    client = world.client("operator")
    client.handler.enforce_csrf_checks = True
    assert client.post(_address(world.account)).status_code == 403
    assert shown == []


@pytest.mark.parametrize("key", ["foreign", "00000000-0000-0000-0000-000000000000", "nonsense"])
def test_open_page_of_no_account_of_ones_own_is_forbidden(world: World, shown: Any, key: str) -> None:
    written = AccountFactory.create().pk if key == "foreign" else key
    assert world.client("operator").get(f"{LIST}{written}/new-post/").status_code == 403
    assert shown == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_open_page_that_refuses_leads_back_to_the_account_and_says_why(
    world: World, shown: Any, method: str
) -> None:
    refused = AccountFactory.create(workspace=world.workspace, handle="refused")
    answer = getattr(world.client("operator"), method)(_address(refused))
    assert answer["Location"] == f"{LIST}{refused.pk}/change/"
    assert _said(answer) == ["Nothing can be written here."]


@pytest.mark.parametrize(("name", "is_offered"), [("viewer", False), ("operator", True)])
def test_open_account_links_to_the_page_for_who_may(
    world: World, shown: Any, name: str, is_offered: bool
) -> None:
    text = world.client(name).get(f"{LIST}{world.account.pk}/change/").content.decode()
    assert (f'href="{_address(world.account)}"' in text) is is_offered
    assert f'hx-get="{_address(world.account)}"' not in text


def test_choose_one_account_in_the_list_leads_to_its_page(world: World, shown: Any) -> None:
    answer = _choose(world, "operator", world.account)
    assert (answer.status_code, answer["Location"]) == (302, _address(world.account))


def test_choose_several_accounts_in_the_list_asks_for_one(world: World, shown: Any) -> None:
    answer = _choose(world, "operator", world.account, AccountFactory.create(workspace=world.workspace))
    assert answer["Location"].startswith(LIST)
    assert _said(answer) == ["Choose one account at a time for 'Write it'."]


def test_choose_an_account_one_only_reads_says_whom_to_ask(world: World, shown: Any) -> None:
    read_only = AccountFactory.create()
    MembershipFactory.create(workspace=read_only.workspace, user=world.people["operator"], role=Role.VIEWER)
    assert _said(_choose(world, "operator", read_only)) == [
        f"You may not start 'Write it' on {read_only}: ask an owner of its workspace for a role that may run."
    ]


def test_choose_the_page_without_the_role_leads_nowhere(world: World, shown: Any) -> None:
    answer = _choose(world, "viewer", world.account)
    assert (answer.status_code, answer.get("Location")) == (200, None)
    assert "Write it" not in answer.content.decode()
