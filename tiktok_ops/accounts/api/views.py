"""`/api/v1/`: who asks (`me/`), workspaces, brands and accounts."""

from collections import defaultdict
from typing import TypeVar, cast
from uuid import UUID

from django.db.models import Exists, Model, OuterRef
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tiktok_ops.accounts.api.filters import AccountFilters, BrandFilters, WorkspaceFilters
from tiktok_ops.accounts.api.serializers import (
    AccountSerializer,
    BrandSerializer,
    Me,
    MeSerializer,
    ReachedWorkspace,
    WorkspaceSerializer,
)
from tiktok_ops.accounts.models import ApiKey, Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import roles_with
from tiktok_ops.accounts.scope import AccountQuerySet, ScopedQuerySet
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.resources import ReadResource, Resource
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import Caller, caller_of

ModelT = TypeVar("ModelT", bound=Model)


class WorkspaceResource(ReadResource[Workspace]):
    """The workspaces the caller reaches, the newest first."""

    queryset = Workspace.objects.all()
    serializer_class = WorkspaceSerializer
    filterset_class = WorkspaceFilters
    mode_path = ""

    def rows(self) -> ScopedQuerySet[Workspace]:
        """Return every workspace, with whether a live account is in reach there."""
        return with_live(super().rows(), caller_of(self.request), "workspace")


class BrandResource(ReadResource[Brand]):
    """Brands: what they sound like and what they must never claim; the newest first."""

    queryset = Brand.objects.all()
    serializer_class = BrandSerializer
    filterset_class = BrandFilters
    mode_path = ""

    def rows(self) -> ScopedQuerySet[Brand]:
        """Return every brand, with whether it has a live account in reach."""
        return with_live(super().rows(), caller_of(self.request), "brand")


class AccountResource(ReadResource[TikTokAccount]):
    """TikTok accounts, the newest first."""

    queryset = TikTokAccount.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilters
    mode_path = "mode"


class MeView(Resource):
    """Who the caller is and what they reach."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the caller."""
        return Response(MeSerializer(_describe(caller_of(request))).data)


def live_accounts(caller: Caller) -> AccountQuerySet:
    """Return the live accounts the caller sees; none for a key that is for the sandbox only."""
    accounts = caller.sees(TikTokAccount.objects.all(), mode_path="mode")
    assert isinstance(accounts, AccountQuerySet)
    return accounts.filter(mode=TikTokAccount.Mode.LIVE)


def with_live(rows: ScopedQuerySet[ModelT], caller: Caller, path: str) -> ScopedQuerySet[ModelT]:
    """Return the rows with `has_live`: whether a live account the caller sees has the row as its `path`."""
    live = live_accounts(caller).filter(**{path: OuterRef("pk")})
    return cast(ScopedQuerySet[ModelT], rows.annotate(has_live=Exists(live)))


def _describe(caller: Caller) -> Me:
    """Return the caller, by three queries at most."""
    roles = _roles(caller.who)
    workspaces = _workspaces(caller, roles)
    who = caller.who
    is_key = isinstance(who, ApiKey)
    return Me(
        id=who.id,
        sandbox=all(workspace.sandbox for workspace in workspaces),
        kind="api_key" if is_key else "person",
        name=who.name if isinstance(who, ApiKey) else who.username,
        scopes=_scopes(who, {role for held in roles.values() for role in held}),
        acts_for=actor_name(who.acts_for) if isinstance(who, ApiKey) and who.acts_for else None,
        brand_id=who.brand_id if isinstance(who, ApiKey) else None,
        expires_at=who.expires_at if isinstance(who, ApiKey) else None,
        workspaces=workspaces,
    )


def _scopes(who: User | ApiKey, roles: set[str]) -> list[str]:
    """Return what the caller may do somewhere: a key's own scopes, or those a person's roles amount to.

    A superuser may all but decide, which takes a role.
    """
    if isinstance(who, ApiKey):
        return [scope.value for scope in Scope if scope.value in who.scopes]
    return [
        scope.value
        for scope in Scope
        if scope is Scope.READ
        or (who.is_superuser and scope is not Scope.APPROVALS_DECIDE)
        or roles & roles_with(*scope.capabilities)
    ]


def _workspaces(caller: Caller, roles: defaultdict[UUID, list[str]]) -> list[ReachedWorkspace]:
    live = set(live_accounts(caller).values_list("workspace_id", flat=True))
    return [
        ReachedWorkspace(
            id=workspace.id,
            sandbox=workspace.id not in live,
            slug=workspace.slug,
            name=workspace.name,
            roles=roles[workspace.id],
        )
        for workspace in caller.sees(Workspace.objects.all(), mode_path="")
    ]


def _roles(who: User | ApiKey) -> defaultdict[UUID, list[str]]:
    """Return a person's roles in each workspace, sorted."""
    roles: defaultdict[UUID, list[str]] = defaultdict(list)
    if isinstance(who, User):
        for workspace_id, role in who.memberships.order_by("role").values_list("workspace_id", "role"):
            roles[workspace_id].append(role)
    return roles
