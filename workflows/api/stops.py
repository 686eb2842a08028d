"""`/api/v1/stops/`: what is stopped, and was."""

from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.lookups import IsNull
from django_filters.rest_framework import BooleanFilter, ChoiceFilter

from tiktok_ops.accounts.models import ApiKey, TikTokAccount
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import ResourceSerializer
from workflows.models import StopSwitch


class StopFilters(Filters):
    """Filters of stop switches; `engaged` is whether one is on."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    account = id_filter("account")
    scope = ChoiceFilter(choices=StopSwitch.Scope.choices)
    engaged = BooleanFilter(field_name="released_at", lookup_expr="isnull")
    created_since = since_filter("engaged_at")


class StopSerializer(ResourceSerializer[StopSwitch]):
    """A stop switch, on while `released_at` is null; of the sandbox while it stops no live account.

    `workspace_id` is null where every workspace is concerned. Actors are named as in the audit trail.
    """

    class Meta:
        model = StopSwitch
        fields = (
            "id",
            "sandbox",
            "scope",
            "workspace_id",
            "brand_id",
            "account_id",
            "workflow",
            "reason",
            "engaged_at",
            "engaged_by",
            "released_at",
            "released_by",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether it stops no live account."""
        return not row.has_live


class StopResource(ReadResource[StopSwitch]):
    """Stop switches that stop anything the caller reaches, the newest first."""

    queryset = StopSwitch.objects.all()
    serializer_class = StopSerializer
    filterset_class = StopFilters
    mode_path = ""

    def get_queryset(self) -> QuerySet[StopSwitch]:
        """Return the switches that concern the caller: also those that are of no workspace."""
        who = caller_of(self.request).who
        rows = StopSwitch.objects.annotate(has_live=Exists(_live_accounts()))
        stops = rows.reached_by_key(who) if isinstance(who, ApiKey) else rows.visible_to(who)
        return cast(QuerySet[StopSwitch], stops)


def _live_accounts() -> QuerySet[TikTokAccount]:
    """Return the live accounts a switch of the outer query stops, or some workflow of which it stops."""
    accounts = TikTokAccount.objects.filter(mode="live")
    for column, own in [("workspace", "workspace"), ("brand", "brand"), ("account", "id")]:
        accounts = accounts.filter(Q(IsNull(OuterRef(column), True)) | Q(**{own: OuterRef(column)}))
    return accounts
