"""Runs as they lie in the database, without an engine that moves them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from agents.models import AgentRun, AgentStep
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowDefinition, WorkflowRun, WorkflowStep

AS_OF = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)


def make_run(account: TikTokAccount, *, steps: int = 0, **changes: Any) -> WorkflowRun:
    """Return a run of the account with `steps` finished steps; `changes` are fields of the run."""
    definition, _ = WorkflowDefinition.objects.get_or_create(
        slug="profile_audit", version=3, defaults={"definition": {"nodes": []}, "digest": "d" * 64}
    )
    given = {"workspace": account.workspace, "mode": account.mode, "as_of": AS_OF} | changes
    run = WorkflowRun.objects.create(account=account, definition=definition, **given)
    for position in range(steps):
        add_step(run, position=position)
    return run


def add_step(
    run: WorkflowRun, *, position: int, cost_usd: Decimal = Decimal("0.25"), is_simulated: bool = True
) -> WorkflowStep:
    """Add a step that succeeded, with its agent run and one call of it to Claude."""
    agent_run = AgentRun.objects.create(
        account=run.account,
        agent="account_health",
        status="succeeded",
        run_id=run.id,
        as_of=run.as_of,
        output={},
        cost_usd=cost_usd,
        is_simulated=is_simulated,
    )
    AgentStep.objects.create(
        agent_run=agent_run,
        kind="claude",
        name="summary",
        input_tokens=100,
        output_tokens=10,
        cost_usd=cost_usd,
        is_simulated=is_simulated,
    )
    return WorkflowStep.objects.create(
        run=run,
        key=f"step-{position}",
        position=position,
        kind="agent",
        status="succeeded",
        output={"score": 7},
        agent_run=agent_run,
        claims=1,
        tries=1,
    )
