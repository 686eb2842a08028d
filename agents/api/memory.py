"""`/api/v1/memory-items/`: what is remembered of brands, accounts and agents, and what of it models are told."""

from typing import Any

from django_filters.rest_framework import CharFilter, ChoiceFilter
from rest_framework import serializers

from agents.api.reach import has_live
from agents.memory.models import MemoryItem
from agents.memory.transitions import MEMORY
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import ResourceSerializer

REACH = {"brand": "brand", "account": "id"}


class MemoryFilters(Filters):
    """Filters of what is remembered; `run` is the id of the run it came from."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    account = id_filter("account")
    agent = CharFilter()
    run = id_filter("source_run_id")
    scope = ChoiceFilter(choices=MemoryItem.Scope.choices)
    kind = ChoiceFilter(choices=MemoryItem.Kind.choices)
    status = ChoiceFilter(choices=[(status, status) for status in MEMORY.statuses])
    created_since = since_filter("created_at")


class MemoryItemSerializer(ResourceSerializer[MemoryItem]):
    """One thing that is remembered; models are told it while it is `active`."""

    decided_by = serializers.SerializerMethodField()

    class Meta:
        model = MemoryItem
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "scope",
            "brand_id",
            "account_id",
            "agent",
            "kind",
            "text",
            "language",
            "status",
            "source",
            "source_run_id",
            "created_at",
            "decided_by",
            "decided_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no account in reach of it is live."""
        return not row.has_live

    def get_decided_by(self, item: MemoryItem) -> str | None:
        """Return who accepted or revoked it as the audit trail names actors; null of a proposal."""
        return None if item.decided_by is None else actor_name(item.decided_by)


class MemoryItemResource(ReadResource[MemoryItem]):
    """What is remembered, the newest first; lessons are those of `?kind=lesson`."""

    queryset = MemoryItem.objects.select_related("decided_by")
    serializer_class = MemoryItemSerializer
    filterset_class = MemoryFilters
    mode_path = ""

    def rows(self) -> Any:
        """Return every item, with whether a live account is in its reach."""
        return super().rows().annotate(has_live=has_live(caller_of(self.request), REACH))
