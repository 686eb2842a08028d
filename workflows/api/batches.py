"""`/api/v1/batches/`: one workflow on many accounts, a run each, and how far they are."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from django.urls import reverse
from django_filters.rest_framework import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from tiktok_ops.rest.idempotency import PARAMETER, once
from tiktok_ops.rest.permissions import READ_ONLY
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import BodySerializer, ResourceSerializer
from workflows.api.starting import account_for
from workflows.batch_models import LONGEST_NAME
from workflows.batches import MOST_RUNS, Item, start_batch
from workflows.models import Batch


class BatchFilters(Filters):
    """Filters of batches; `workflow` is a slug."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    workflow = CharFilter()
    created_since = since_filter("created_at")


class ProgressFigures(TypedDict):
    """How many runs a batch has, how many are over and how, how many wait or are paused."""

    runs: int
    over: int
    succeeded: int
    failed: int
    cancelled: int
    waiting: int
    paused: int


class BatchSerializer(ResourceSerializer[Batch]):
    """A batch; its runs are those of `runs/?batch=`."""

    dry_run = serializers.BooleanField(source="is_dry_run")
    progress = serializers.SerializerMethodField()
    requested_by = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "brand_id",
            "name",
            "workflow",
            "dry_run",
            "progress",
            "requested_by",
            "created_at",
        )

    def get_progress(self, batch: Batch) -> ProgressFigures:
        """Return how far it is."""
        progress = batch.progress
        return {
            "runs": progress.runs,
            "over": progress.over,
            "succeeded": progress.succeeded,
            "failed": progress.failed,
            "cancelled": progress.cancelled,
            "waiting": progress.waiting,
            "paused": progress.paused,
        }

    def get_requested_by(self, batch: Batch) -> str | None:
        """Return who started it as the audit trail names actors; None for a process."""
        if batch.api_key is not None:
            return key_actor(batch.api_key)
        return actor_name(batch.requested_by) if batch.requested_by is not None else None


class ItemSerializer(BodySerializer):
    """One run of a batch."""

    noun = "an item"

    account = serializers.CharField(max_length=40, help_text="The account's id, or its handle.")
    input = serializers.DictField(required=False, help_text="The workflow's input fields, by name.")

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; within a list there is no other place to learn what was sent."""
        self.initial_data = data
        return super().to_internal_value(data)


class StartBatchSerializer(BodySerializer):
    """What to start: a workflow, on which accounts, with what."""

    noun = "a batch"

    name = serializers.CharField(max_length=LONGEST_NAME, help_text="What it is for.")
    workflow = serializers.CharField(max_length=80, help_text="The workflow's slug.")
    items = ItemSerializer(many=True, min_length=1, max_length=MOST_RUNS)  # type: ignore[call-arg]
    dry_run = serializers.BooleanField(required=False, help_text="Ask nobody and send nothing.")


class BatchResource(ReadResource[Batch]):
    """Batches, the newest first."""

    queryset = Batch.objects.all()
    serializer_class = BatchSerializer
    filterset_class = BatchFilters
    mode_path = "mode"
    scopes: ClassVar[Mapping[str, Scope]] = {**READ_ONLY, "POST": Scope.RUNS_START}

    def rows(self) -> ScopedQuerySet[Batch]:
        """Return every batch with what its serializer shows."""
        return Batch.objects.with_progress().select_related("requested_by", "api_key")

    @extend_schema(
        request=StartBatchSerializer, responses={201: BatchSerializer}, parameters=[PARAMETER], filters=False
    )
    def create(self, request: Request) -> Response:
        """Start a run of each item, all of them or none; sent again under the same key, they start once."""
        answer = once(request, lambda: (201, self._start(request)))
        answer.headers["Location"] = reverse("api-batch-detail", args=[answer.data["id"]])
        return answer

    def _start(self, request: Request) -> Any:
        asked = StartBatchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        caller, values = caller_of(request), asked.validated_data
        items = [
            Item(account_for(caller, item["account"]).id, item.get("input", {})) for item in values["items"]
        ]
        batch = start_batch(
            values["workflow"],
            items=items,
            name=values["name"],
            by=caller.who,
            is_dry_run=values.get("dry_run", False),
        )
        return BatchSerializer(self.rows().get(id=batch.id)).data
