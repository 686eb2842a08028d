"""`/api/v1/budgets/`: caps on what calls to models cost, and what is spent, held and left."""

from typing import Any, TypedDict

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, ChoiceFilter
from rest_framework import serializers

from agents.api.reach import has_live
from agents.budgets.models import Budget
from agents.budgets.overview import Sums, with_now
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.rest.filters import Filters, id_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.scoping import caller_of
from tiktok_ops.rest.serializers import Money, ResourceSerializer, money_usd


class Now(TypedDict):
    """What a budget came to: this month, or in its run. `overrun` is what calls cost more than was held for them."""

    cap: Money
    spent: Money
    reserved: Money
    left: Money
    overrun: Money


class BudgetFilters(Filters):
    """Filters of budgets; `run` is the id of the run one is for."""

    workspace = id_filter("workspace")
    brand = id_filter("brand")
    run = id_filter("run_id")
    scope = ChoiceFilter(choices=Budget.Scope.choices)
    simulated = BooleanFilter(field_name="is_simulated")
    in_force = BooleanFilter(field_name="is_in_force")


class BudgetSerializer(ResourceSerializer[Budget]):
    """A budget; of the sandbox while no live account is in its reach. Nobody pays what a `simulated` one caps.

    `now` is this month, or the run it is for; null before the first call, and of one that holds for each run by
    itself.
    """

    simulated = serializers.BooleanField(source="is_simulated")
    in_force = serializers.BooleanField(source="is_in_force")
    cap = serializers.SerializerMethodField()
    now = serializers.SerializerMethodField()

    class Meta:
        model = Budget
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "brand_id",
            "run_id",
            "scope",
            "per",
            "simulated",
            "in_force",
            "cap",
            "now",
            "created_at",
        )

    def get_sandbox(self, row: Any) -> bool:
        """Return whether no live account is in reach."""
        return not row.has_live

    def get_cap(self, budget: Budget) -> Money:
        """Return the cap of each month, or of each run."""
        return money_usd(budget.cap_usd)

    def get_now(self, budget: Any) -> Now | None:
        """Return what is spent, held and left now."""
        sums = Sums.of(budget)
        if sums is None:
            return None
        return {
            "cap": money_usd(sums.cap_usd),
            "spent": money_usd(sums.spent_usd),
            "reserved": money_usd(sums.reserved_usd),
            "left": money_usd(sums.left_usd),
            "overrun": money_usd(sums.overrun_usd),
        }


class BudgetResource(ReadResource[Budget]):
    """Budgets, the newest first. Where there is none there is no cap."""

    queryset = Budget.objects.all()
    serializer_class = BudgetSerializer
    filterset_class = BudgetFilters
    mode_path = ""

    def rows(self) -> Any:
        """Return every budget with what it came to now."""
        reach = has_live(caller_of(self.request), {"brand": "brand"})
        return with_now(super().rows()).annotate(has_live=reach)

    def get_queryset(self) -> QuerySet[Budget]:
        """Return the budgets that exist for the caller; a key for the sandbox sees simulated money only."""
        rows = super().get_queryset()
        who = caller_of(self.request).who
        return rows.filter(is_simulated=True) if isinstance(who, ApiKey) and who.is_sandbox_only else rows
