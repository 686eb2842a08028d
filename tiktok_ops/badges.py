"""What every page of the admin shows: whether anything here can reach the outside, and what is stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tiktok_ops.accounts.models import User

MOST_NOTICES = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """Something nobody should overlook, and the page that says more."""

    text: str
    url: str


_finders: list[Callable[[User], Sequence[Notice]]] = []


def register_notices(find: Callable[[User], Sequence[Notice]]) -> None:
    """Show what an app above finds for a person on each of their pages; raises `ValueError` when it does already."""
    if find in _finders:
        raise ValueError("These notices are registered twice: every page would show them twice.")
    _finders.append(find)


def notices(request: HttpRequest) -> dict[str, Any]:
    """Return a template's `ops_notices`, looked for only when a page shows them (a context processor).

    At most `MOST_NOTICES` are shown; the last one then says how many more there are.
    """

    def find() -> list[Notice]:
        user = getattr(request, "user", None)
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return []
        found = [notice for find in _finders for notice in find(user)]
        more = len(found) - MOST_NOTICES
        rest = [Notice(f"And {more} more.", found[MOST_NOTICES].url)] if more > 0 else []
        return found[:MOST_NOTICES] + rest

    return {"ops_notices": find}


def environment(request: HttpRequest) -> list[str]:
    """Return unfold's (label, colour): "Sandbox" while every provider is one."""
    live = sorted(alias for alias, provider in settings.PROVIDERS.items() if provider["MODE"] == "live")
    return [f"Live: {', '.join(live)}", "danger"] if live else ["Sandbox", "info"]
