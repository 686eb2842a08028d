"""What apps above offer on accounts is registered once, under names that stay."""

from typing import Any

import pytest
from django.db.models import Value
from django.http import HttpRequest, HttpResponse

from tiktok_ops.accounts import account_actions as registry
from tiktok_ops.accounts.account_actions import AccountAction, AccountFact, Started
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_ACTIONS", {})
    monkeypatch.setattr(registry, "_FACTS", {})


def _start(*, account: TikTokAccount, by: User) -> Started:
    return Started(text=f"{account} by {by}", url="/")


def _action(name: str) -> AccountAction:
    return AccountAction(name, name.title(), "Sure?", "play", Capability.RUN, _start)


def _fact(name: str) -> AccountFact:
    return AccountFact(name, name.title(), Value(1), lambda account, value: str(value))


def test_register_actions_keeps_their_order() -> None:
    for name in ("second", "first"):
        registry.register_action(_action(name))
    assert [each.name for each in registry.account_actions()] == ["second", "first"]


def test_register_action_twice_is_refused() -> None:
    registry.register_action(_action("audit"))
    with pytest.raises(ValueError, match="The account action 'audit' is registered twice"):
        registry.register_action(_action("audit"))


def test_register_facts_keeps_their_order() -> None:
    for name in ("posts", "last"):
        registry.register_fact(_fact(name))
    assert [each.name for each in registry.account_facts()] == ["posts", "last"]


def test_register_fact_twice_is_refused() -> None:
    registry.register_fact(_fact("posts"))
    with pytest.raises(ValueError, match="The account fact 'posts' is registered twice"):
        registry.register_fact(_fact("posts"))


def _page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
    return HttpResponse(f"{account} by {by}")


def test_register_action_with_a_page_keeps_it() -> None:
    action = AccountAction("write", "Write", "", "edit", Capability.RUN, page=_page)
    registry.register_action(action)
    assert [each.page for each in registry.account_actions()] == [_page]


@pytest.mark.parametrize(
    "given", [{}, {"start": _start, "page": _page}, {"page": _page, "several": lambda accounts: "/"}]
)
def test_register_action_with_nothing_or_two_things_to_do_is_refused(given: dict[str, Any]) -> None:
    action = AccountAction("write", "Write", "", "edit", Capability.RUN, **given)
    with pytest.raises(ValueError, match="The account action 'write' needs one of start, page and several"):
        registry.register_action(action)
    assert registry.account_actions() == ()
