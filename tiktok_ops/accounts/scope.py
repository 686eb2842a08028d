"""Who sees which rows: another workspace's rows do not exist for a person (ADR 0004)."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from tiktok_ops.accounts.roles import Capability, roles_with
from tiktok_ops.errors import Refused

if TYPE_CHECKING:
    from tiktok_ops.accounts.models import TikTokAccount, User

ModelT = TypeVar("ModelT", bound=models.Model)


class AccountUnknown(Refused):
    """There is no such account."""


class ScopedQuerySet(models.QuerySet[ModelT]):
    """Rows that belong to a workspace, and where the model says so, to a brand.

    The model names the way there: `workspace_path` and `brand_path`, as in `Model.objects.filter(...)`;
    an empty `workspace_path` is the workspace itself.
    """

    def visible_to(self, user: "User", capability: Capability = Capability.READ) -> Self:
        """Return the rows on which `user` has `capability`; a superuser sees every workspace."""
        if not user.is_active:
            return self.none()
        return self.all() if user.is_superuser else self.granted_to(user, capability)

    def granted_to(self, user: "User", capability: Capability) -> Self:
        """Return the rows on which one of the user's own roles grants `capability`, superuser or not."""
        if not user.is_active:
            return self.none()
        return self.filter(self._reached_by(user.memberships.granting(capability), capability))

    def _reached_by(self, memberships: models.QuerySet[Any], capability: Capability) -> Q:
        """Return the condition for rows that one of `memberships` reaches."""
        workspace = getattr(self.model, "workspace_path", "workspace") or "id"
        brand = getattr(self.model, "brand_path", "")
        whole = memberships.filter(reach="workspace").values("workspace")
        reached = Q(**{f"{workspace}__in": whole})
        if brand:
            reached |= Q(**{f"{brand}__in": memberships.filter(reach="brands").values("brands")})
        elif workspace == "id" and capability is Capability.READ:
            # Whoever works for one brand sees the workspace it is in, and does nothing to it.
            reached |= Q(id__in=memberships.values("workspace"))
        return reached


class MembershipQuerySet(ScopedQuerySet[Any]):
    """Memberships, by what they grant."""

    def granting(self, *capabilities: Capability) -> Self:
        """Return those whose role grants one of the capabilities."""
        return self.filter(role__in=roles_with(*capabilities))


class AccountQuerySet(ScopedQuerySet["TikTokAccount"]):
    """Accounts, found by id or by the handle people write."""

    def with_handle(self, handle: str) -> "TikTokAccount":
        """Return the one account written `handle` or `@handle`, whatever its case.

        Raises `AccountUnknown` with one sentence when there is none, or more than one.
        """
        written = handle.strip().removeprefix("@")
        found = list(self.filter(handle__iexact=written).select_related("workspace")[:2])
        if not found:
            raise AccountUnknown(
                f"There is no account {handle!r}: import its posts with "
                f"`manage.py import_account FILE --handle {written or 'HANDLE'}`, or add it in admin."
            )
        if len(found) > 1:
            raise AccountUnknown(
                f"The account {handle!r} is in more than one workspace: name one with --workspace, "
                f"for example --workspace {found[0].workspace.slug}."
            )
        return found[0]
