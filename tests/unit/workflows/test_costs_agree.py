"""What a run cost is one number wherever it is told, and the one the sandbox Claude counts by itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from agents.budgets.models import BudgetPeriod
from agents.models import AgentRun, AgentStep
from agents.prices.pricing import cost_usd
from agents.prices.rows import prices_of
from agents.providers.language import Usage
from agents.providers.registry import get_provider
from agents.sandbox.claude_messages import ReceivedRequest, count_tokens
from tests.factories.accounts import AccountFactory
from tests.factories.budgets import budget_of
from tests.factories.content import store_posts
from tests.factories.figures import make_posts
from workflows.engine import advance_run
from workflows.overview import overview_of
from workflows.services import start_run
from workflows.spending import spent_on, totals_by

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()


def received() -> list[ReceivedRequest]:
    """Return what the sandbox Claude received, by its own ledger."""
    provider: Any = get_provider("claude")
    return list(provider.transport.received)


def counted(request: ReceivedRequest, answer: str) -> Usage:
    """Return what the sandbox counts for a request and the answer it gave: its own rule, from the bytes on the wire."""
    sent = [part["text"] for part in request.body["system"]]
    sent += [turn["content"] for turn in request.body["messages"]]
    return Usage(input_tokens=sum(map(count_tokens, sent)), output_tokens=count_tokens(answer))


def priced(call: AgentStep, usage: Usage) -> Decimal:
    """Return what that comes to by the price rows."""
    return cost_usd(model=call.model, usage=usage, prices=prices_of(call.model), on=TODAY)


def test_what_a_run_cost_is_the_same_everywhere(settings: Any) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS}  # a sandbox of this test's own
    account = AccountFactory.create()
    store_posts(account, make_posts(40))
    account.refresh_from_db()
    budget_of(account, cap_usd=50)
    before = len(received())
    run = start_run("profile_audit", account_id=account.id, by="test", cap_usd=Decimal(50))
    advance_run(run.id, seconds_left=lambda: 1000)
    overview = overview_of(run)
    assert overview.run.status == "succeeded"

    calls = list(AgentStep.objects.filter(agent_run__run_id=run.id, kind="claude").order_by("id"))
    requests = received()[before:]
    assert len(calls) == len(requests) == overview.totals.calls > 1
    usages = [
        counted(request, (call.response or {})["text"]) for request, call in zip(requests, calls, strict=True)
    ]
    by_sandbox = sum(map(priced, calls, usages), Decimal(0))
    tokens = [(usage.input_tokens, usage.output_tokens) for usage in usages]
    assert [(call.input_tokens, call.output_tokens) for call in calls] == tokens
    assert overview.totals.tokens["input_tokens"] == sum(one for one, _ in tokens)

    by_trace = sum((call.cost_usd for call in calls), Decimal(0))
    by_agent_runs = sum(AgentRun.objects.filter(run_id=run.id).values_list("cost_usd", flat=True), Decimal(0))
    spent = spent_on(
        AgentStep.objects.all(), since=TODAY - timedelta(days=1), until=TODAY + timedelta(days=1)
    )
    by_day = sum((one.cost_usd for one in spent), Decimal(0))
    [(workflow, by_workflow, _)] = totals_by(spent, lambda one: one.workflow)
    by_budgets = set(BudgetPeriod.objects.values_list("spent_usd", "reserved_usd"))
    assert by_trace > 0
    assert {by_sandbox, by_trace, by_agent_runs, overview.cost_usd, by_day, by_workflow} == {by_trace}
    assert by_budgets == {(by_trace, Decimal(0))}
    assert (workflow, overview.totals.cost_usd) == ("profile_audit", Decimal(0))  # no real money


def test_models_of_the_settings_have_prices() -> None:
    assert all(prices_of(model) for model in settings.MODELS.values())
