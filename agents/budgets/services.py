"""What people do to budgets: the only writers of caps. Lock order: budget, then its periods."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Model
from django.db.models.functions import Greatest

from agents.budgets.models import Budget, BudgetPeriod
from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, Brand, User, Workspace
from tiktok_ops.audit.services import record, unsaved_record
from tiktok_ops.errors import NotThere, Refused

HIGHEST_CAP_USD = Decimal(1_000_000)
_MOST_DIGITS = 6


class CapRefused(Refused):
    """This cap does not do."""


class BudgetTaken(Refused):
    """There is such a budget already: change its cap instead."""


class BudgetUnknown(NotThere):
    """There is no such budget."""


def check_cap(cap_usd: Decimal) -> None:
    """Raise `CapRefused` unless the cap is an amount from 0 to a million USD, to the millionth."""
    is_amount = cap_usd.is_finite() and 0 <= cap_usd <= HIGHEST_CAP_USD
    exponent = cap_usd.as_tuple().exponent
    if not is_amount or not isinstance(exponent, int) or exponent < -_MOST_DIGITS:
        raise CapRefused(
            f"The cap_usd {str(cap_usd)!r} is no amount of US dollars: give one from 0 to {HIGHEST_CAP_USD:,}, "
            f"with at most {_MOST_DIGITS} decimals."
        )


@dataclass(frozen=True, slots=True)
class Capped:
    """What a budget is for: a whole workspace, or one brand of it."""

    workspace: Workspace
    brand: Brand | None = None
    per: str = Budget.Per.MONTH
    is_simulated: bool = False


def open_budget(what: Capped, *, cap_usd: Decimal, by: User | str) -> Budget:
    """Cap what calls may cost from now on; calls before are not counted. Raises `CapRefused` or `BudgetTaken`."""
    check_cap(cap_usd)
    if what.brand is not None and what.brand.workspace_id != what.workspace.id:
        raise CapRefused(f"The brand {str(what.brand)!r} is not of the workspace {str(what.workspace)!r}.")
    scope = Budget.Scope.WORKSPACE if what.brand is None else Budget.Scope.BRAND
    with transaction.atomic():
        # Whoever opens the same one at the same time waits here, and is then told.
        Workspace.objects.select_for_update(no_key=True).get(id=what.workspace.id)
        fields = {
            "workspace": what.workspace,
            "brand": what.brand,
            "scope": scope,
            "per": what.per,
            "is_simulated": what.is_simulated,
        }
        if Budget.objects.filter(**fields).exists():
            raise BudgetTaken
        budget = Budget.objects.create(**fields, cap_usd=cap_usd)
        _record("opened", budget, by=by, cap_usd=str(cap_usd))
    return budget


def rows_for_run(
    *, run_id: UUID, workspace_id: UUID, brand_id: UUID | None, cap_usd: Decimal, by: User | ApiKey | str
) -> list[Model]:
    """Return the rows that cap one run, not inserted yet: its real and its simulated money, and the audit's.

    The cap was checked (`check_cap`).
    """
    budgets = [
        Budget(
            workspace_id=workspace_id,
            brand_id=brand_id,
            run_id=run_id,
            scope=Budget.Scope.RUN,
            per=Budget.Per.RUN,
            is_simulated=is_simulated,
            cap_usd=cap_usd,
        )
        for is_simulated in (False, True)
    ]
    told = unsaved_record(
        "budget.opened",
        by=key_actor(by) if isinstance(by, ApiKey) else by,
        subject=f"run {run_id}",
        workspace_id=workspace_id,
        data={"cap_usd": str(cap_usd)},
    )
    return [*budgets, told]


def cap_of_run(run_id: UUID) -> Decimal | None:
    """Return the cap that was given to one run, as it is by now; None where it has none of its own."""
    caps = Budget.objects.filter(scope=Budget.Scope.RUN, run_id=run_id).values_list("cap_usd", flat=True)
    return max(caps, default=None)


def change_budget(*, budget_id: UUID, cap_usd: Decimal, is_in_force: bool = True, by: User | str) -> Budget:
    """Give a budget another cap, or put it in or out of force; this month's follows it.

    A cap that is lower than what is spent and held already lets nothing more go out in this period. Raises
    `CapRefused` or `BudgetUnknown`.
    """
    check_cap(cap_usd)
    with transaction.atomic():
        budget = _locked(budget_id)
        was = {"was_cap_usd": str(budget.cap_usd), "was_in_force": budget.is_in_force}
        budget.cap_usd, budget.is_in_force = cap_usd, is_in_force
        budget.save(update_fields=["cap_usd", "is_in_force"])
        committed = F("reserved_usd") + F("spent_usd") - F("overrun_usd")
        for period_id in _periods_under_way(budget):
            BudgetPeriod.objects.filter(id=period_id).update(cap_usd=Greatest(cap_usd, committed))
        _record("changed", budget, by=by, cap_usd=str(cap_usd), in_force=is_in_force, **was)
    return budget


def raise_cap(*, period_id: UUID, by_usd: Decimal, by: User) -> BudgetPeriod:
    """Add to the cap of one month or one run, in the caller's transaction; the months after keep theirs.

    Raises `CapRefused` or `BudgetUnknown`.
    """
    found = BudgetPeriod.objects.filter(id=period_id).values_list("budget_id", flat=True).first()
    if found is None:
        raise BudgetUnknown(f"There is no budget {str(period_id)!r}.")
    budget = _locked(found)
    period = BudgetPeriod.objects.select_for_update().get(id=period_id)
    if by_usd <= 0:
        raise CapRefused(f"The raise {str(by_usd)!r} does not raise anything: give an amount above 0.")
    check_cap(period.cap_usd + by_usd)
    was, period.cap_usd = period.cap_usd, period.cap_usd + by_usd
    period.save(update_fields=["cap_usd"])
    if budget.scope == Budget.Scope.RUN:
        Budget.objects.filter(id=budget.id).update(cap_usd=period.cap_usd)
    _record("raised", budget, by=by, by_usd=str(by_usd), was_cap_usd=str(was), cap_usd=str(period.cap_usd))
    return period


def _periods_under_way(budget: Budget) -> list[UUID]:
    """Return the periods a new cap is for, in a fixed order: this month's, or those of all its runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM agents_budgetperiod WHERE budget_id = %s AND (month IS NULL "
            "OR month = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date) ORDER BY id",
            [budget.id],
        )
        return [period_id for (period_id,) in cursor.fetchall()]


def _locked(budget_id: UUID) -> Budget:
    budget = Budget.objects.select_for_update(of=("self",)).filter(id=budget_id).first()
    if budget is None:
        raise BudgetUnknown(f"There is no budget {str(budget_id)!r}.")
    return budget


def _record(what: str, budget: Budget, *, by: User | str, **told: object) -> None:
    about = {"scope": budget.scope, "per": budget.per, "simulated": budget.is_simulated}
    record(
        f"budget.{what}",
        by=by,
        subject=f"budget {budget.id}",
        workspace_id=budget.workspace_id,
        data={**about, **told},
    )
