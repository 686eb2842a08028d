"""Accounts, and the caller itself, as objects of the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from rest_framework import serializers

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.rest.serializers import ResourceSerializer, UtcField


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
    """Who asks and what they reach; `sandbox` is whether no live account is in reach."""

    id: UUID
    sandbox: bool
    kind: Literal["person", "api_key"]
    name: str
    scopes: list[str]
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
    kind = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    brand_id = serializers.UUIDField()
    expires_at = UtcField()
    workspaces = ReachedWorkspaceSerializer(many=True)
