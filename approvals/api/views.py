"""`/api/v1/approvals/`: what people are asked, and saying yes or no."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from approvals.amending import approve_edited
from approvals.api.filters import ApprovalFilters
from approvals.api.serializers import (
    ApprovalDetailSerializer,
    ApprovalSerializer,
    DecideSerializer,
    DecisionSerializer,
)
from approvals.models import ApprovalRequest, Decision
from approvals.services import MODE_PATH, approve, reject
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.rest.idempotency import PARAMETER, once
from tiktok_ops.rest.resources import ReadResource, Resource
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of


class ApprovalResource(ReadResource[ApprovalRequest]):
    """Approvals, the newest first; one alone has its payload, what to know about it, and its decisions."""

    queryset = ApprovalRequest.objects.all()
    filterset_class = ApprovalFilters
    mode_path = MODE_PATH

    def get_serializer_class(self) -> type[ApprovalSerializer]:
        """Return the longer form for one approval alone."""
        return ApprovalDetailSerializer if self.action == "retrieve" else ApprovalSerializer

    def rows(self) -> ScopedQuerySet[ApprovalRequest]:
        """Return every approval with what its serializer shows."""
        asked = super().rows().select_related("account", "requested_by")
        if self.action != "retrieve":
            return asked.defer("payload", "facts")
        decisions = Decision.objects.select_related("decided_by").defer("payload").order_by("decided_at")
        return asked.prefetch_related(Prefetch("decisions", decisions))


class ApprovalDecideView(Resource):
    """Deciding: as oneself in a session, as the person a key acts for with a key."""

    scopes: ClassVar[Mapping[str, Scope]] = {"POST": Scope.APPROVALS_DECIDE}

    @extend_schema(request=DecideSerializer, responses=DecisionSerializer, parameters=[PARAMETER])
    def post(self, request: Request, id: UUID) -> Response:
        """Approve, also edited, or reject; sent again under the same key of idempotency, it is decided once."""
        return once(request, lambda: (200, _decide(request, id)))


def _decide(request: Request, id: UUID) -> Any:
    """Decide as the body says, and return the decision; raises what `approve` and `reject` raise."""
    asked = DecideSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    values = asked.validated_data
    decide = approve if values["verb"] == Decision.Verb.APPROVE else reject
    if "payload" in values:
        if decide is reject:
            raise ValidationError({"payload": ["A rejection takes no payload: leave it out."]})
        decide = partial(approve_edited, payload=values["payload"])
    decision = decide(
        request_id=id,
        by=caller_of(request).who,
        channel=Decision.Channel.API,
        seen_sha256=values["seen_sha256"],
        comment=values.get("comment", ""),
    )
    return DecisionSerializer(decision).data
