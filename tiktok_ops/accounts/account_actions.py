"""What apps above offer on the page of an account: things to start, and facts to show in its list.

They register here from their `AppConfig.ready()`; the page calls what it finds. Names are data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models.expressions import Combinable
from django.forms import Form
from django.http import HttpRequest, HttpResponse

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability


@dataclass(frozen=True, slots=True)
class Started:
    """What an action began: its name, the page that shows it, and what the person should know."""

    text: str
    url: str
    warning: str = ""


class Start(Protocol):
    """Begins something on an account; raises `Refused` with one sentence when it may not begin."""

    def __call__(self, *, account: TikTokAccount, by: User) -> Started:
        """Begin it and return at once."""
        ...


class Page(Protocol):
    """A page on which a person says what to begin on one account, by GET, and begins it, by POST.

    Raises `Refused` with one sentence when nothing can be begun on this account.
    """

    def __call__(self, request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
        """Return the page, or lead to what began."""
        ...


@dataclass(frozen=True, slots=True)
class AccountAction:
    """Something a person may start on accounts; it needs `capability`.

    It asks `question`, on an account's own page with the fields of `form`, and calls `start` with what was written
    there; or it leads to a `page` of its own, one account at a time, or, from the list alone, to the address that
    `several` returns for the accounts selected.
    """

    name: str
    label: str
    question: str
    icon: str
    capability: Capability
    start: Start | Callable[..., Started] | None = None
    form: type[Form] | None = None
    page: Page | None = None
    several: Callable[[Sequence[TikTokAccount]], str] | None = None


@dataclass(frozen=True, slots=True)
class AccountFact:
    """Something the pages of accounts show of each: `annotation` reads it in the page's own query.

    `show` gets the account and what was read, and returns what a cell holds.
    """

    name: str
    title: str
    annotation: Combinable
    show: Callable[[TikTokAccount, Any], str]


_ACTIONS: dict[str, AccountAction] = {}
_FACTS: dict[str, AccountFact] = {}


def register_action(action: AccountAction) -> None:
    """Offer an action on accounts; raises `ValueError` when the name is taken or there is nothing to do."""
    if action.name in _ACTIONS:
        raise ValueError(f"The account action {action.name!r} is registered twice: choose another name.")
    if sum(way is not None for way in (action.start, action.page, action.several)) != 1:
        raise ValueError(f"The account action {action.name!r} needs one of start, page and several.")
    _ACTIONS[action.name] = action


def register_fact(fact: AccountFact) -> None:
    """Show a fact of accounts; raises `ValueError` when the name is taken."""
    if fact.name in _FACTS:
        raise ValueError(f"The account fact {fact.name!r} is registered twice: choose another name.")
    _FACTS[fact.name] = fact


def account_actions() -> tuple[AccountAction, ...]:
    """Return the actions in the order they were registered."""
    return tuple(_ACTIONS.values())


def account_facts() -> tuple[AccountFact, ...]:
    """Return the facts in the order they were registered."""
    return tuple(_FACTS.values())
