"""Who asks, and which rows they see: what is not theirs does not exist (ADR 0004)."""

from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth import get_user
from django.db.models import Model, Q
from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from tiktok_ops.accounts.keys import key_now
from tiktok_ops.accounts.models import ApiKey, User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.rest.scopes import Scope

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person with a session, or an API key; never both."""

    who: User | ApiKey

    def holds(self, scope: Scope) -> bool:
        """Return whether the caller may ask for this; a person may, roles then decide on which rows."""
        return isinstance(self.who, User) or scope.value in self.who.scopes

    def sees(
        self,
        rows: ScopedQuerySet[ModelT],
        *,
        mode_path: str,
        capability: Capability = Capability.READ,
    ) -> ScopedQuerySet[ModelT]:
        """Return those of `rows` that exist for the caller, and on which a person has `capability`.

        What a key may do is in its scopes, the same for all it reaches. `mode_path` leads to the account's or
        run's mode, as in `rows.filter(...)`, for keys that are for the sandbox only; empty where rows have none.
        """
        if isinstance(self.who, User):
            return rows.visible_to(self.who, capability)
        return rows.filter(_reached_by(self.who, rows.model, mode_path))


def caller_of(request: Request) -> Caller:
    """Return who asks; raises `NotAuthenticated` when nobody showed who they are."""
    who = request.auth or request.user
    if not isinstance(who, User | ApiKey):
        raise NotAuthenticated(
            "Nobody is signed in: send an API key as `Authorization: Bearer tto_…`, or sign in to the admin."
        )
    return Caller(who)


def caller_now(request: Request) -> Caller | None:
    """Return who asked this as they are now; None when their key or their session opens nothing any more.

    A request is let in once, at its beginning; an answer that goes on for hours has to ask again.
    """
    caller = caller_of(request)
    if isinstance(caller.who, ApiKey):
        key = key_now(caller.who)
        return Caller(key) if key is not None else None
    again = HttpRequest()
    again.session = type(request.session)(request.session.session_key)
    user = get_user(again)
    return Caller(user) if isinstance(user, User) else None


def _reached_by(key: ApiKey, model: type[Model], mode_path: str) -> Q:
    """Return the condition for the rows a key reaches, by the paths `ScopedQuerySet` reads."""
    workspace = getattr(model, "workspace_path", "workspace") or "id"
    brand = getattr(model, "brand_path", "")
    reached = Q(**{workspace: key.workspace_id})
    if key.brand_id is not None and model is not Workspace:
        # What belongs to no brand is out of reach for a key that is for one.
        reached &= Q(**{brand: key.brand_id}) if brand else Q(pk__in=[])
    if key.is_sandbox_only and mode_path:
        reached &= Q(**{mode_path: "sandbox"})
    return reached
