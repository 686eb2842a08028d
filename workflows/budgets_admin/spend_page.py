"""What the page of spend shows: one kind of money, some days, a chart, and what each part of it came to."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from unfold.utils import parse_date_str

from agents.models import AgentStep
from agents.providers.registry import Mode, mode_of
from agents.runner import LANGUAGE
from tiktok_ops.accounts.models import User
from workflows.spend_chart import spend_chart
from workflows.spending import spent_on, totals_by

DAYS_SHOWN = 30
MOST_DAYS = 92
LONGEST_TABLE = 200


def spend_context(user: User, given: QueryDict) -> dict[str, Any]:
    """Return the page for the days and the money asked for; what cannot be read is as if it was not given."""
    until = _day(given.get("until")) or timezone.now().date()
    since = _day(given.get("since")) or until - timedelta(days=DAYS_SHOWN - 1)
    since = min(max(since, until - timedelta(days=MOST_DAYS - 1)), until)
    usual = "simulated" if mode_of(LANGUAGE) is Mode.SANDBOX else "real"
    money = given.get("money") if given.get("money") in {"real", "simulated"} else usual
    found = spent_on(AgentStep.objects.visible_to(user), since=since, until=until)
    spent = [one for one in found if one.is_simulated == (money == "simulated")]
    by_day: dict[date, Decimal] = defaultdict(Decimal)
    for one in spent:
        by_day[one.day] += one.cost_usd
    return {
        "since": since,
        "until": until,
        "money": money,
        "total": sum(by_day.values(), Decimal(0)),
        "other": sum((one.cost_usd for one in found), Decimal(0)) - sum(by_day.values(), Decimal(0)),
        "chart": spend_chart(by_day, since=since, until=until),
        "tables": [
            ("Workflow", totals_by(spent, lambda one: one.workflow.replace("_", " "))),
            ("Agent", totals_by(spent, lambda one: one.agent.replace("_", " "))),
            ("Model", totals_by(spent, lambda one: one.model)),
        ],
        "days": [(day, by_day[day]) for day in sorted(by_day, reverse=True)][:LONGEST_TABLE],
    }


def _day(text: str | None) -> date | None:
    """Return the day written as 2026-11-20; None for anything else."""
    day: date | None = parse_date_str(text or "")
    return day
