from decimal import Decimal
from uuid import uuid4

import pytest

from agents.models import AgentRun, AgentStep
from agents.totals import Totals, totals_of, totals_of_run
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON

pytestmark = pytest.mark.django_db

NO_TOKENS = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_read_tokens": 0,
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 0,
}


def call(agent_run: AgentRun, cost_usd: str, *, simulated: bool, kind: str = "claude") -> None:
    """Trace a call that took one token of each class, and ten times as many of each next one."""
    tokens = {name: 10**place for place, name in enumerate(NO_TOKENS)}
    AgentStep.objects.create(
        agent_run=agent_run,
        kind=kind,
        name="made",
        cost_usd=Decimal(cost_usd),
        is_simulated=simulated,
        **tokens,
    )


def agent_run(**changes: object) -> AgentRun:
    """Return a run that is going on."""
    return AgentRun.objects.create(account=AccountFactory.create(), agent="made", as_of=NOON, **changes)


def test_add_up_nothing_gives_nothing() -> None:
    assert totals_of(AgentStep.objects.all()) == Totals(
        0, NO_TOKENS, Decimal(0), Decimal(0), is_simulated=True
    )


def test_add_up_calls_keeps_simulated_money_apart_from_real_money() -> None:
    run = agent_run()
    call(run, "0.10", simulated=True)
    call(run, "0.02", simulated=True)
    call(run, "0.000003", simulated=False)
    totals = totals_of(run.steps.all())
    assert (totals.cost_usd, totals.simulated_usd) == (Decimal("0.000003"), Decimal("0.120000"))
    assert totals.calls == 3
    assert totals.tokens == {name: 3 * 10**place for place, name in enumerate(NO_TOKENS)}


def test_add_up_calls_counts_those_to_a_model_only() -> None:
    run = agent_run()
    for kind in AgentStep.Kind.values:
        call(run, "0.01", simulated=True, kind=kind)
    totals = totals_of(run.steps.all())
    assert (totals.calls, totals.simulated_usd) == (1, Decimal("0.04"))


def test_add_up_a_workflow_run_takes_every_agent_run_of_it_and_no_other() -> None:
    run_id = uuid4()
    crashed, done = agent_run(run_id=run_id, claim=1), agent_run(run_id=run_id, claim=2, status="failed")
    for one in (crashed, done, agent_run(run_id=uuid4()), agent_run()):
        call(one, "0.01", simulated=True)
    assert totals_of_run(run_id).simulated_usd == Decimal("0.02")
    assert totals_of_run(uuid4()).calls == 0
