"""What a run will cost, by the last runs; kept with the run and compared with what it cost."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import AgentStep
from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, scripted, use_agents
from tests.factories.workflows import agent_node, run_of, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from workflows import estimates
from workflows.engine import advance_run
from workflows.estimates import FEWEST_RUNS, LAST_RUNS, Estimate, estimate_by, estimate_of, estimate_words
from workflows.models import WorkflowRun
from workflows.overview import overview_of
from workflows.replay import replay_run


def usd(*cents: int) -> list[Decimal]:
    return [Decimal(one) / 100 for one in cents]


def test_estimate_is_the_10th_50th_and_90th_percentile_by_nearest_rank() -> None:
    estimate = estimate_by(usd(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), is_simulated=False)
    assert estimate is not None
    assert [estimate.low_usd, estimate.expected_usd, estimate.high_usd] == usd(1, 5, 9)
    of_three = estimate_by(usd(3, 1, 2), is_simulated=True)
    assert of_three is not None
    assert [of_three.low_usd, of_three.expected_usd, of_three.high_usd] == usd(1, 2, 3)
    assert estimate_by(usd(1, 2), is_simulated=False) is None


@given(st.lists(st.decimals(0, 100, places=6), min_size=FEWEST_RUNS, max_size=LAST_RUNS))
def test_estimate_is_in_order_and_made_of_what_runs_cost(costs: list[Decimal]) -> None:
    estimate = estimate_by(costs, is_simulated=False)
    assert estimate is not None
    assert min(costs) <= estimate.low_usd <= estimate.expected_usd <= estimate.high_usd <= max(costs)
    assert {estimate.low_usd, estimate.expected_usd, estimate.high_usd} <= set(costs)
    assert Estimate.read(estimate.as_json()) == estimate


@pytest.mark.parametrize(
    ("cost", "said"), [(1, "below the estimate"), (2, "within the estimate"), (5, "above the estimate")]
)
def test_compare_with_what_it_cost(cost: int, said: str) -> None:
    estimate = Estimate(Decimal(2), Decimal(3), Decimal(4), 5, is_simulated=False)
    assert estimate.compared_with(Decimal(cost)) == said


@pytest.fixture
def account(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> TikTokAccount:
    """Return an account, with an agent that asks a model."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = scripted([{"summary": "All is well."}])
    made: TikTokAccount = AccountFactory.create()
    return made


def done_run(account: TikTokAccount) -> WorkflowRun:
    """Return a run of one call that has succeeded."""
    run = run_of(workflow_of(agent_node("only", agent="speaker")), account)
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    assert run.status == "succeeded"
    return run


def test_run_keeps_the_estimate_it_started_with(account: TikTokAccount, settings: Any) -> None:
    first = [done_run(account) for _ in range(FEWEST_RUNS)]
    assert {run.estimate for run in first} == {None}
    assert overview_of(first[0]).estimate is None
    assert estimate_words("made").startswith("What it costs is not known yet")
    estimates.forget()
    run = done_run(account)
    cost = AgentStep.objects.get(agent_run__run_id=run.id, kind="claude").cost_usd
    assert run.estimate == {
        "low": str(cost),
        "expected": str(cost),
        "high": str(cost),
        "runs": FEWEST_RUNS,
        "simulated": True,
    }
    said = overview_of(run).estimate or ""
    assert said.endswith("(simulated money, by the last 3 runs); within the estimate")
    assert (
        estimate_words("made")
        == f"It costs ${cost} expected, ${cost} to ${cost} (simulated money, by the last 3 runs)."
    )
    settings.PROVIDERS = scripted([{"summary": "All is well."}], mode="live")
    assert estimate_of("made") is None  # simulated money says nothing of real money


def test_estimate_leaves_out_runs_that_failed_and_replays(account: TikTokAccount) -> None:
    runs = [done_run(account) for _ in range(FEWEST_RUNS)]
    again = replay_run(run_id=runs[0].id, from_steps=["only"], by="test")
    advance_run(again.id, seconds_left=lambda: 1000)
    run_of(workflow_of(agent_node("only", agent="speaker")), account)  # under way
    estimates.forget()
    estimate = estimate_of("made")
    assert estimate is not None
    assert estimate.runs == FEWEST_RUNS
    assert estimate_of("another") is None
