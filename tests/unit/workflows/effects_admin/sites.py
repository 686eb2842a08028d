"""Pages of effects as people open them."""

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect

LIST = "/admin/workflows/effect/"


def signed_in(user: User) -> Client:
    """Return a browser of this person that demands CSRF tokens, as a real one is asked for."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def operator(effect: Effect, **changes: Any) -> User:
    """Return an operator of the effect's workspace."""
    return person(effect.workspace, Role.OPERATOR, **changes)


def address(effect: Effect, page: str = "change") -> str:
    """Return the address of one of the effect's pages."""
    return reverse(f"admin:workflows_effect_{page}", args=[effect.pk])


def page_of(effect: Effect, by: User | None = None) -> str:
    """Return the effect's page, as an operator sees it or as `by` does."""
    return signed_in(by or operator(effect)).get(address(effect)).content.decode()


def settle(effect: Effect, url: str, by: User | None = None) -> Any:
    """Paste a link into the form of the effect's page and send it."""
    client = signed_in(by or operator(effect))
    client.get(address(effect))
    given = {"url": url, "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    return client.post(address(effect, "settle"), given)


def allow(effect: Effect, by: User, *, left_out: str = "", follow: bool = False) -> Any:
    """Fill in the form that allows one more attempt, but for one field, and send it."""
    client = signed_in(by)
    client.get(address(effect))
    filled = {"is_not_live": "on", "reason": "Not on the profile."}
    given = {name: value for name, value in filled.items() if name != left_out}
    token = client.cookies["csrftoken"].value
    return client.post(address(effect, "attempt"), {**given, "csrfmiddlewaretoken": token}, follow=follow)
