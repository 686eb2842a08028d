"""`/api/v1/spend/`: what calls to models cost by day, workflow, agent and model."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from agents.models import AgentStep
from tiktok_ops.rest.pagination import OnePage
from tiktok_ops.rest.resources import ListsRows
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import Money, money_usd
from workflows.spending import Spent, spent_on

DAYS_TOLD = 30
MOST_DAYS = 92
MODE_PATH = "agent_run__account__mode"


class SpentSerializer(serializers.Serializer[Spent]):
    """What the calls of one day (UTC) to one model by one agent in one workflow came to.

    `sandbox` is that of the accounts they were about. Of `simulated` calls the cost is what it would have been, and
    is never added to real money. The workflow is `–` where an agent was asked outside of any.
    """

    id = serializers.SerializerMethodField()
    sandbox = serializers.SerializerMethodField()
    simulated = serializers.BooleanField(source="is_simulated")
    day = serializers.DateField()
    workflow = serializers.CharField()
    agent = serializers.CharField()
    model = serializers.CharField()
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = serializers.SerializerMethodField()

    def get_id(self, spent: Spent) -> str:
        """Return what tells this sum from all others."""
        money = "simulated" if spent.is_simulated else "real"
        return f"{spent.day}.{spent.workflow}.{spent.agent}.{spent.model}.{spent.mode}.{money}"

    def get_sandbox(self, spent: Spent) -> bool:
        """Return whether the accounts are of the sandbox."""
        return spent.mode == "sandbox"

    def get_cost(self, spent: Spent) -> Money:
        """Return what it cost."""
        return money_usd(spent.cost_usd)


_DAY = {"type": "string", "format": "date"}


class SpendResource(ListsRows, GenericViewSet[Any]):
    """What was spent, the newest day first; of `since` to `until` (UTC, both included), at most 92 days."""

    serializer_class = SpentSerializer
    pagination_class = OnePage
    filter_backends = ()
    names: ClassVar[frozenset[str]] = frozenset({"since", "until"})

    def query_names(self) -> frozenset[str]:
        """Return the first and the last day."""
        return self.names

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "since", _DAY, description="The first day; 30 days before the last one unless given."
            ),
            OpenApiParameter("until", _DAY, description="The last day; today unless given."),
        ]
    )
    def list(self, request: Request) -> Response:
        """Return every group."""
        until = _day(request, "until") or timezone.now().date()
        since = _day(request, "since") or until - timedelta(days=DAYS_TOLD - 1)
        if not timedelta(0) <= until - since < timedelta(days=MOST_DAYS):
            raise ValidationError(
                {"since": [f"{since} to {until} is no span of 1 to {MOST_DAYS} days: give nearer ones."]}
            )
        calls = caller_of(request).sees(AgentStep.objects.all(), mode_path=MODE_PATH)
        page = self.paginate_queryset(spent_on(calls, since=since, until=until))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _day(request: Request, name: str) -> date | None:
    written = request.query_params.get(name)
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValidationError({name: [f"{written!r} is no day: write it as 2026-11-20."]}) from None
