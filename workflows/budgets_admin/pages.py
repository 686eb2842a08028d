"""The list of budgets, one budget with its months or runs, its cap, and the answer to one that is used up."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from agents.budgets.models import Budget, Reservation
from agents.budgets.overview import Sums, with_now
from agents.budgets.services import change_budget, open_budget
from approvals.amending import approve_edited
from approvals.models import ApprovalRequest, Decision
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.cells import EMPTY, badge, link, moment, usd
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter
from workflows.budget_approvals import KIND, BudgetQuestion, answer_with
from workflows.budgets_admin.forms import AnswerForm, CapForm, NewBudgetForm
from workflows.budgets_admin.spend_page import spend_context

PERIODS_SHOWN = 24
HELD_SHOWN = 50
PAGE = "admin:agents_budget_change"


def used_cell(spent: Decimal, reserved: Decimal, cap: Decimal) -> SafeString:
    """Return what is spent and held of a cap as a bar, and in words."""
    scale = max(cap, spent + reserved, Decimal("0.000001"))
    return format_html(
        '<span class="ops-budget" aria-hidden="true"><span style="width: {}%"></span>'
        '<span class="ops-budget-held" style="width: {}%"></span></span> '
        "${} spent, ${} held, ${} left of ${}",
        round(spent / scale * 100, 1),
        round(reserved / scale * 100, 1),
        *(
            f"{amount.normalize():f}"
            for amount in (spent, reserved, max(cap - spent - reserved, Decimal(0)), cap)
        ),
    )


@admin.register(Budget)
class BudgetAdmin(ScopedAdmin):
    """Budgets: owners cap what calls to models may cost; what is spent and held is the machine's."""

    list_display = ("name_cell", "workspace", "money_cell", "used_cell", "force_cell")
    list_select_related = ("workspace", "brand")
    list_filter_submit = True
    list_filter = (
        ("workspace", ScopedRelatedFilter),
        ("brand", ScopedRelatedFilter),
        ("scope", ChoicesDropdownFilter),
        ("per", ChoicesDropdownFilter),
    )
    search_fields = ("brand__name", "run_id")
    search_help_text = "Search by brand or by the id of a run"
    ordering = ("scope", "-id")
    fields = (
        "name_cell",
        "workspace",
        "brand",
        "money_cell",
        "cap_cell",
        "force_cell",
        "run_cell",
        "created_cell",
    )
    panel_template: str = "admin/agents/budget/panel.html"
    actions_list = ("spend",)
    actions_detail = ("change_cap",)
    empty_text = (
        "There is no budget, so there is no cap: calls to models cost what they cost. Make one with the + above, "
        "for a workspace or a brand; one run is capped when it is started."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what is spent this month, or in the budget's run, in the same query."""
        return with_now(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a cap is changed by a form of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a budget is put out of force, and its ledger stays."""
        return False

    def has_cap_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may change this budget's cap."""
        budget = None if object_id is None else self.get_object(request, unquote(object_id))
        return budget is not None and self.is_granted(request, Capability.MANAGE, budget)

    def has_spend_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may see what was spent on anything."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a question about a budget is answered otherwise."""
        answer = path(
            "answer/<uuid:request_id>/",
            self.admin_site.admin_view(self.answer_view),
            name="agents_budget_answer",
        )
        return [answer, *super().get_urls()]

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what became of it month by month or run by run, and what is held now."""
        periods = row.periods.order_by(F("month").desc(nulls_last=True), "-id")[:PERIODS_SHOWN]
        held = Reservation.objects.filter(holds__period__budget=row, status="held").order_by("deadline_at")
        return {
            "periods": [
                (period, used_cell(period.spent_usd, period.reserved_usd, period.cap_usd))
                for period in periods
            ],
            "held": held[:HELD_SHOWN],
        }

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form of a new budget; on POST open it and lead to it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user: Any = request.user
        form = NewBudgetForm(request.POST if request.method == "POST" else None, by=user)
        if form.is_bound and form.is_valid():
            try:
                budget = open_budget(form.what(), cap_usd=form.cleaned_data["cap_usd"], by=user)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return HttpResponseRedirect(reverse(PAGE, args=[budget.id]))
        return self.form_page(
            request,
            form,
            title="A new budget",
            lead="Before each call to a model the most it may cost is held. Where that does not fit, the run waits "
            "and an owner or finance approver is asked. Without a budget there is no cap.",
            submit="Set the cap",
        )

    @action(description="Change the cap", permissions=["cap"], icon="edit")  # type: ignore[untyped-decorator]
    def change_cap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form of a budget's cap; on POST change it and lead back."""
        user: Any = request.user
        budget = self.get_object(request, unquote(object_id))
        now = {"cap_usd": f"{budget.cap_usd.normalize():f}", "is_in_force": budget.is_in_force}
        form = CapForm(request.POST if request.method == "POST" else None, initial=now)
        if form.is_bound and form.is_valid():
            try:
                change_budget(budget_id=budget.pk, **form.cleaned_data, by=user)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"{str(budget).capitalize()} is changed.")
                return HttpResponseRedirect(reverse(PAGE, args=[budget.pk]))
        return self.form_page(
            request,
            form,
            title=f"Change {budget}",
            lead="Steps that wait for room in it go on by themselves.",
            submit="Change the cap",
            cancel_url=reverse(PAGE, args=[budget.pk]),
        )

    @action(description="What was spent", permissions=["spend"], icon="bar_chart", url_path="spend")  # type: ignore[untyped-decorator]
    def spend(self, request: HttpRequest) -> HttpResponse:
        """Show what was spent by day, workflow, agent and model."""
        user: Any = request.user
        context = spend_context(user, request.GET)
        return self.page(request, "admin/agents/budget/spend.html", title="What was spent", **context)

    def answer_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Ask for another answer to a question about a budget; on POST approve exactly that."""
        user: Any = request.user
        asked = ApprovalRequest.objects.visible_to(user).filter(id=request_id, kind=KIND).first()
        if asked is None:
            raise Http404
        back = reverse("admin:approvals_approvalrequest_change", args=[asked.id])
        question = BudgetQuestion.model_validate_json(bytes(asked.payload))
        form = AnswerForm(
            request.POST if request.method == "POST" else None,
            question=question,
            initial={"seen_sha256": asked.payload_sha256},
        )
        if form.is_bound and form.is_valid():
            try:
                decision = self._answer(user, asked, question, form.cleaned_data)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, "Approved. The run goes on.")
                return HttpResponseRedirect(
                    reverse("admin:approvals_approvalrequest_change", args=[decision.request_id])
                )
        return self.form_page(
            request,
            form,
            title=asked.title,
            lead="What you choose takes the place of what was asked for, and is approved under your name.",
            submit="Approve this",
            cancel_url=back,
        )

    def _answer(
        self, user: Any, asked: ApprovalRequest, question: BudgetQuestion, given: dict[str, Any]
    ) -> Decision:
        return approve_edited(
            request_id=asked.id,
            by=user,
            channel=Decision.Channel.ADMIN,
            seen_sha256=given["seen_sha256"],
            payload=answer_with(question, answer=given["answer"], raise_by_usd=given["raise_by_usd"]),
        )

    @admin.display(description="Budget", ordering="scope")
    def name_cell(self, budget: Budget) -> str:
        """Show whose it is, and for how long."""
        return str(budget).removeprefix("the ").capitalize()

    @admin.display(description="Money", ordering="is_simulated")
    def money_cell(self, budget: Budget) -> SafeString:
        """Show whether anybody pays it."""
        return badge("simulated", "info") if budget.is_simulated else badge("real", "warning")

    @admin.display(description="Now")
    def used_cell(self, budget: Any) -> SafeString | str:
        """Show what is spent, held and left; of one for each run that differs from run to run."""
        if budget.per == Budget.Per.RUN and budget.scope != Budget.Scope.RUN:
            return f"${budget.cap_usd.normalize():f} for each run"
        sums = Sums.of(budget)
        if sums is None:
            return used_cell(Decimal(0), Decimal(0), budget.cap_usd)
        return used_cell(sums.spent_usd, sums.reserved_usd, sums.cap_usd)

    @admin.display(description="Cap", ordering="cap_usd")
    def cap_cell(self, budget: Budget) -> str:
        """Show the cap."""
        return usd(budget.cap_usd, is_simulated=budget.is_simulated)

    @admin.display(description="In force", ordering="is_in_force")
    def force_cell(self, budget: Budget) -> SafeString:
        """Show whether it caps anything."""
        return badge("in force", "good") if budget.is_in_force else badge("off: no cap", "neutral")

    @admin.display(description="Run")
    def run_cell(self, budget: Budget) -> str:
        """Lead to the run it is for."""
        if budget.run_id is None:
            return EMPTY
        return link("Open the run", reverse("admin:workflows_workflowrun_change", args=[budget.run_id]))

    @admin.display(description="Since", ordering="created_at")
    def created_cell(self, budget: Budget) -> str:
        """Show since when there is one."""
        return moment(budget.created_at)
