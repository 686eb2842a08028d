"""Workspaces, brands and accounts, and the caller itself, as objects of the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from rest_framework import serializers

from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.rest.serializers import ResourceSerializer, UtcField


class WorkspaceSerializer(ResourceSerializer[Workspace]):
    """A workspace; of the sandbox while the caller reaches no live account in it."""

    class Meta:
        model = Workspace
        fields = ("id", "sandbox", "slug", "name", "created_at")

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach is live."""
        return not row.has_live


class BrandSerializer(ResourceSerializer[Brand]):
    """A brand; of the sandbox while the caller reaches no live account of it."""

    class Meta:
        model = Brand
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "name",
            "voice",
            "guidelines",
            "banned_claims",
            "created_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach is live."""
        return not row.has_live


class AccountSerializer(ResourceSerializer[TikTokAccount]):
    """A TikTok account."""

    class Meta:
        model = TikTokAccount
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "brand_id",
            "handle",
            "ownership",
            "time_zone",
            "locale",
            "delivery",
            "data_source",
            "data_as_of",
            "created_at",
        )


@dataclass(frozen=True, slots=True)
class ReachedWorkspace:
    """A workspace the caller reaches; `roles` are a person's, empty for a key."""

    id: UUID
    sandbox: bool
    slug: str
    name: str
    roles: list[str]


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks and what they reach; `sandbox` is whether no live account is in reach.

    `acts_for` is the person a key decides for, as the audit trail names actors.
    """

    id: UUID
    sandbox: bool
    kind: Literal["person", "api_key"]
    name: str
    scopes: list[str]
    acts_for: str | None
    brand_id: UUID | None
    expires_at: datetime | None
    workspaces: list[ReachedWorkspace]


class ReachedWorkspaceSerializer(serializers.Serializer[ReachedWorkspace]):
    """A workspace the caller reaches."""

    id = serializers.UUIDField()
    sandbox = serializers.BooleanField()
    slug = serializers.CharField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())


class MeSerializer(serializers.Serializer[Me]):
    """The caller."""

    id = serializers.UUIDField()
    sandbox = serializers.BooleanField()
    kind = serializers.ChoiceField(choices=["person", "api_key"])
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    acts_for = serializers.CharField(allow_null=True)
    brand_id = serializers.UUIDField(allow_null=True)
    expires_at = UtcField(allow_null=True)
    workspaces = ReachedWorkspaceSerializer(many=True)
