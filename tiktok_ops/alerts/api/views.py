"""`/api/v1/alerts/`: what somebody should look at, and saying that somebody does."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django_filters.rest_framework import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import LONGEST_NOTE, MODE_PATH, acknowledge
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from tiktok_ops.rest.idempotency import PARAMETER, once
from tiktok_ops.rest.resources import ReadResource, Resource
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import BodySerializer, ResourceSerializer


class AlertFilters(Filters):
    """Filters of alerts."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    kind = CharFilter()
    severity = ChoiceFilter(choices=Alert.Severity.choices)
    status = ChoiceFilter(choices=[(status, status) for status in ALERT.statuses])
    created_since = since_filter("first_seen_at")
    seen_since = since_filter("last_seen_at")


class AlertSerializer(ResourceSerializer[Alert]):
    """An alert; `subject_type` and `subject_id` name what it is about. Actors are named as in the audit trail.

    One that is of no account is not of the sandbox.
    """

    class Meta:
        model = Alert
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "account_id",
            "kind",
            "severity",
            "status",
            "sentence",
            "what_to_do",
            "subject_type",
            "subject_id",
            "times",
            "first_seen_at",
            "last_seen_at",
            "acknowledged_at",
            "acknowledged_by",
            "resolved_at",
            "resolved_by",
            "note",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether it is about an account of the sandbox."""
        return row.account is not None and super().get_sandbox(row.account)


class AcknowledgeSerializer(BodySerializer):
    """What may be said when acknowledging."""

    noun = "an acknowledgement"

    note = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="What is being done about it."
    )


class AlertResource(ReadResource[Alert]):
    """Alerts, the newest first; those of the whole installation are for superusers."""

    queryset = Alert.objects.all()
    serializer_class = AlertSerializer
    filterset_class = AlertFilters
    mode_path = MODE_PATH

    def rows(self) -> ScopedQuerySet[Alert]:
        """Return every alert with what its serializer shows."""
        return super().rows().select_related("account")


class AlertAcknowledgeView(Resource):
    """Acknowledging: somebody looks into it."""

    scopes: ClassVar[Mapping[str, Scope]] = {"POST": Scope.ALERTS_ACKNOWLEDGE}

    @extend_schema(request=AcknowledgeSerializer, responses=AlertSerializer, parameters=[PARAMETER])
    def post(self, request: Request, id: UUID) -> Response:
        """Acknowledge an alert; sent again under the same key of idempotency, it is acknowledged once."""
        return once(request, lambda: (200, _acknowledge(request, id)))


def _acknowledge(request: Request, id: UUID) -> Any:
    """Acknowledge as the body says, and return the alert; raises what `acknowledge` raises."""
    said = AcknowledgeSerializer(data=request.data)
    said.is_valid(raise_exception=True)
    note = said.validated_data.get("note", "")
    return AlertSerializer(acknowledge(alert_id=id, by=caller_of(request).who, note=note)).data
