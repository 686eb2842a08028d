"""Holding money before a call and settling it after: the only writer of reservations and of what is spent.

A cap is never passed, whatever crashes or runs at once: the worst case is held by one conditional UPDATE for each
budget, all or none, committed before the call. Lock order: reservation, then periods by (run, brand, workspace).
"""

from datetime import date
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from agents.budgets.alarms import raise_for_overrun
from agents.budgets.amounts import owed_usd, worst_case_usd
from agents.budgets.models import BudgetPeriod, Hold, Reservation
from agents.models import AgentRun
from agents.prices.pricing import Price
from agents.providers.language import LanguageRequest
from agents.tracing import Settle, settle_nothing
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from tiktok_ops.ids import new_id
from tiktok_ops.prepared import Ago, fetch, insert

PAGE = 500
CALL_LASTS_TIMEOUTS = 3
SETTLING_SECONDS = 60.0
"""A call is over within a few of its time-outs; what is held longer than that and a minute, nobody settles any more."""

_PERIODS = """
SELECT budget.id, this.month, this.run_id, period.id FROM agents_budget AS budget
    JOIN accounts_tiktokaccount AS account ON account.workspace_id = budget.workspace_id
    CROSS JOIN LATERAL (SELECT
        CASE WHEN budget.per = 'month'
            THEN date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date END AS month,
        CASE WHEN budget.per = 'run' THEN %s::uuid END AS run_id) AS this
    LEFT JOIN agents_budgetperiod AS period ON period.budget_id = budget.id
        AND period.month IS NOT DISTINCT FROM this.month AND period.run_id IS NOT DISTINCT FROM this.run_id
    WHERE account.id = %s AND budget.is_simulated = %s AND budget.is_in_force
        AND (budget.scope = 'workspace' OR budget.brand_id = account.brand_id AND budget.scope = 'brand'
            OR budget.run_id = this.run_id)
        AND (this.month IS NOT NULL OR this.run_id IS NOT NULL)
    ORDER BY array_position(ARRAY['run', 'brand', 'workspace'], budget.scope::text), budget.per DESC, budget.id
"""

_OPEN_PERIOD = """
INSERT INTO agents_budgetperiod
    (id, budget_id, month, run_id, is_simulated, cap_usd, reserved_usd, spent_usd, overrun_usd)
    SELECT %s, id, %s, %s, is_simulated, cap_usd, 0, 0, 0 FROM agents_budget WHERE id = %s FOR SHARE
    ON CONFLICT DO NOTHING
"""

_HOLD = """
UPDATE agents_budgetperiod SET reserved_usd = reserved_usd + %s
    WHERE id = %s AND reserved_usd + spent_usd + %s <= cap_usd RETURNING id
"""


class BudgetReached(Refused):
    """A budget does not allow this call."""

    def __init__(self, period: BudgetPeriod, *, needed_usd: Decimal, model: str) -> None:
        """Say which budget, what is left of it and what the call may cost.

        `is_momentary` is whether the call fits once the calls under way have turned out to cost nothing: then it
        is enough to wait for them.
        """
        self.period = period
        self.needed_usd = needed_usd
        self.model = model
        self.is_momentary = period.spent_usd + needed_usd <= period.cap_usd
        super().__init__(
            f"{str(period.budget).capitalize()} has ${period.left_usd} left of ${period.cap_usd}"
            f"{f' in {period.month:%B %Y}' if period.month else ''}, and a call to {model!r} may cost ${needed_usd}."
        )


def reserve(
    agent_run: AgentRun,
    request: LanguageRequest,
    prices: list[Price],
    *,
    on: date,
    is_simulated: bool,
    lasts_seconds: float = 0,
) -> Settle:
    """Hold the most the call may cost in every budget it counts for, and return how to settle it.

    Committed when it returns, unless the caller is in a transaction (which opens the periods before it, so that a
    refusal leaves them); without a budget nothing is written. What may be answered only after `lasts_seconds` is
    held for so long. Raises `BudgetReached` where one has not enough left, having held nothing, and `PriceUnknown`.
    """
    periods = open_periods(agent_run, is_simulated=is_simulated)
    if not periods:
        return settle_nothing
    amount = worst_case_usd(request, prices=prices, on=on)
    subject = agent_run.step_id or agent_run.id
    with transaction.atomic():
        for period_id in periods:
            _hold(period_id, amount, model=request.model)
        lasts = max(request.timeout_seconds * CALL_LASTS_TIMEOUTS, lasts_seconds) + SETTLING_SECONDS
        reservation_id = _write(
            agent_run, request, amount, periods, is_simulated=is_simulated, lasts_seconds=lasts
        )
        pass_by(CrashPoint.IN_RESERVING, subject)
    pass_by(CrashPoint.AFTER_RESERVING, subject)
    return partial(_settle_call, reservation_id, subject)


def settling_of(agent_run: AgentRun) -> Settle:
    """Return how to settle what is held, or was assumed, for the question the agent run waits for.

    An agent run has one question out at a time; the process that asked it may be gone.
    """
    held = Reservation.objects.filter(agent_run_id=agent_run.id).exclude(status="settled").order_by("-id")
    reservation_id = held.values_list("id", flat=True).first()
    if reservation_id is None:
        return settle_nothing
    return partial(_settle_call, reservation_id, agent_run.step_id or agent_run.id)


def open_periods(agent_run: AgentRun, *, is_simulated: bool) -> list[UUID]:
    """Return the periods the call counts for, in the order they are locked; by the database's clock.

    One that is missing is opened, with the cap that holds once whoever is changing it has committed.
    """
    asked = [agent_run.run_id, agent_run.account_id, is_simulated]
    rows = fetch(_PERIODS, asked)
    missing = [
        (new_id(), month, run_id, budget_id) for budget_id, month, run_id, found in rows if found is None
    ]
    if missing:
        with connection.cursor() as cursor:
            cursor.executemany(_OPEN_PERIOD, missing)
        return open_periods(agent_run, is_simulated=is_simulated)
    return [period_id for *_, period_id in rows]


def _hold(period_id: UUID, amount: Decimal, *, model: str) -> None:
    """Hold the amount in a period, if it has as much left. Raises `BudgetReached`."""
    if not fetch(_HOLD, [amount, period_id, amount]):
        period = BudgetPeriod.objects.select_related("budget__brand").get(id=period_id)
        raise BudgetReached(period, needed_usd=amount, model=model)


def _write(
    agent_run: AgentRun,
    request: LanguageRequest,
    amount: Decimal,
    held: list[UUID],
    *,
    is_simulated: bool,
    lasts_seconds: float,
) -> UUID:
    """Write the reservation down, and return its id."""
    reservation = Reservation(
        account_id=agent_run.account_id,
        run_id=agent_run.run_id,
        step_id=agent_run.step_id,
        agent_run_id=agent_run.id,
        model=request.model,
        is_simulated=is_simulated,
        amount_usd=amount,
    )
    setattr(reservation, "deadline_at", Ago(-lasts_seconds))  # noqa: B010  # no datetime yet
    holds = [
        Hold(reservation_id=reservation.id, period_id=period_id, position=position, is_simulated=is_simulated)
        for position, period_id in enumerate(held)
    ]
    insert([reservation, *holds])
    return reservation.id


def _settle_call(
    reservation_id: UUID, subject: UUID, cost_usd: Decimal, trouble: BaseException | None
) -> None:
    """Settle what was held for a call that is over, in the caller's transaction."""
    pass_by(CrashPoint.AFTER_CALL, subject)
    reservation = Reservation.objects.select_for_update().get(id=reservation_id)
    owed, is_assumed = owed_usd(cost_usd=cost_usd, trouble=trouble, most_usd=reservation.amount_usd)
    _settle(reservation, owed, status="assumed" if is_assumed else "settled")
    pass_by(CrashPoint.IN_SETTLING, subject)


def _settle(reservation: Reservation, owed: Decimal, *, status: str) -> None:
    """Put what a locked reservation cost in place of what was held, or was assumed, in each of its periods."""
    if reservation.status == "settled" or reservation.status == status:
        return
    held = reservation.amount_usd if reservation.status == "held" else Decimal(0)
    before = reservation.cost_usd or Decimal(0)
    over = max(owed - reservation.amount_usd, Decimal(0)) - max(before - reservation.amount_usd, Decimal(0))
    for period_id in reservation.holds.order_by("position").values_list("period_id", flat=True):
        BudgetPeriod.objects.filter(id=period_id).update(
            reserved_usd=F("reserved_usd") - held,
            spent_usd=F("spent_usd") + owed - before,
            overrun_usd=F("overrun_usd") + over,
        )
    Reservation.objects.filter(id=reservation.id).update(status=status, cost_usd=owed, settled_at=Now())
    if over > 0:
        raise_for_overrun(reservation, cost_usd=owed)


def abandoned_reservations() -> QuerySet[Reservation]:
    """Return what is held for calls of processes that are gone."""
    return Reservation.objects.filter(status="held", deadline_at__lt=Now())


def settle_abandoned() -> int:
    """Assume of each abandoned reservation that it cost all that was held; return of how many."""
    settled = 0
    oldest = abandoned_reservations().order_by("deadline_at").values_list("id", flat=True)
    for reservation_id in list(oldest[:PAGE]):
        with transaction.atomic():
            found = abandoned_reservations().select_for_update().filter(id=reservation_id).first()
            if found is not None:  # else its process came back a moment ago
                _settle(found, found.amount_usd, status="assumed")
                settled += 1
    return settled
