"""`/api/v1/me/` and `/api/v1/accounts/`."""

from collections import defaultdict
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tiktok_ops.accounts.api.serializers import AccountSerializer, Me, MeSerializer, ReachedWorkspace
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import AccountQuerySet
from tiktok_ops.rest.permissions import READ_ONLY
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import Caller, caller_of


class AccountResource(ReadResource[TikTokAccount]):
    """TikTok accounts, the newest first."""

    serializer_class = AccountSerializer
    mode_path = "mode"

    def rows(self) -> AccountQuerySet:
        """Return every account."""
        return TikTokAccount.objects.all()


class MeView(APIView):
    """Who the caller is and what they reach."""

    scopes: ClassVar[Mapping[str, Scope]] = READ_ONLY

    def get(self, request: Request) -> Response:
        """Return the caller."""
        return Response(MeSerializer(_describe(caller_of(request))).data)


def _describe(caller: Caller) -> Me:
    """Return the caller, by three queries at most."""
    workspaces = _workspaces(caller)
    who = caller.who
    is_key = isinstance(who, ApiKey)
    return Me(
        id=who.id,
        sandbox=all(workspace.sandbox for workspace in workspaces),
        kind="api_key" if is_key else "person",
        name=who.name if isinstance(who, ApiKey) else who.username,
        scopes=[scope.value for scope in Scope if caller.holds(scope)],
        brand_id=who.brand_id if isinstance(who, ApiKey) else None,
        expires_at=who.expires_at if isinstance(who, ApiKey) else None,
        workspaces=workspaces,
    )


def _workspaces(caller: Caller) -> list[ReachedWorkspace]:
    accounts = caller.sees(TikTokAccount.objects.all(), mode_path=AccountResource.mode_path)
    live = set(accounts.filter(mode=TikTokAccount.Mode.LIVE).values_list("workspace_id", flat=True))
    roles = _roles(caller.who)
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
