"""What each kind of node does. To add a kind: its node in `nodes`, its executor here."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from agents.batching import Parked
from agents.budgets.reserving import BudgetReached
from agents.contract import Agent, AgentContext, BrandVoice, ModelTier
from agents.dealings import dealings_of
from agents.providers.errors import ProviderError
from agents.registry import AGENTS, AnyAgent
from agents.runner import Asked, run_agent
from agents.warnings import warnings_of
from approvals.kinds import kind_of
from approvals.screening import screened
from tiktok_ops.accounts.models import Brand
from workflows.assembling import assemble
from workflows.batched_steps import park
from workflows.budget_approvals import ask_about_budget
from workflows.callbacks import wait_for_callback
from workflows.dry_runs import would_act, would_ask
from workflows.effects.registry import EFFECTS
from workflows.models import WorkflowRun
from workflows.nodes import ActionNode, AgentNode, ExpandNode, GateNode, ReportNode, SyncNode, WaitNode
from workflows.outcomes import ArtifactDraft, AsksPerson, Expanded, Failed, Outcome, Succeeded, Waits
from workflows.preflight import preflight
from workflows.rendering import render
from workflows.reports.registry import REPORTS
from workflows.retrying import after_trouble
from workflows.reviewing import review
from workflows.slots import own_slot
from workflows.step_reading import turn_of
from workflows.studio import fetch_clip, submit_job
from workflows.syncing import sync
from workflows.waiting_nodes import moment_to_wait_for
from workflows.work import Work


def voice_of(brand: Brand | None) -> BrandVoice | None:
    """Return what the brand tells the model about itself."""
    if brand is None:
        return None
    return BrandVoice(
        name=brand.name,
        voice=brand.voice,
        guidelines=brand.guidelines,
        banned_claims=tuple(brand.banned_claims),
    )


def context_of(run: WorkflowRun) -> AgentContext:
    """Return whom the agents of this run work for, and what "now" is for them: the run's."""
    account = run.account
    return AgentContext(
        account_id=account.id,
        handle=account.handle,
        as_of=run.as_of,
        locale=account.locale,
        brand=voice_of(account.brand),
        model_tier=ModelTier.FAST if run.uses_fast_models else None,
    )


def run_as_it_is(work: Work) -> WorkflowRun:
    """Return the step's run with the "now" a sync before this step left it, which another worker may have done."""
    run = work.step.run
    if any(isinstance(node, SyncNode) for node in work.workflow.nodes):
        run.refresh_from_db(fields=["as_of"])
    return run


def ask_agent(work: Work) -> Outcome:
    """Run the node's agent; a provider's trouble is retried, waited for or given up as it advises.

    While a batch is not answered, the step waits without holding a worker. Raises `AgentRefused` and
    `PriceUnknown`, whose sentences the engine makes the step's.
    """
    node = work.node
    if not isinstance(node, AgentNode):
        raise TypeError(node)
    asked = Asked(
        run_id=work.step.run_id,
        step_id=work.step.id,
        claim=work.claim.number,
        writes_later=True,
        may_wait=node.may_wait,
    )
    try:
        answer = run_agent(
            node.agent,
            {**node.options, **work.given},
            context_of(run_as_it_is(work)),
            asked=asked,
            hold=work.hold,
            timeout_seconds=node.timeout_seconds,
            instruction=work.prompt,
        )
    except BudgetReached as reached:
        return ask_about_budget(work, reached)
    except Parked as parked:
        return park(node, parked)
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
    return Succeeded(
        output=answer.output,
        agent_run_id=answer.agent_run_id,
        artifacts=_artifacts(AGENTS[node.agent], answer.output),
        rows=answer.rows,
        warnings=warnings_of(node.agent, answer.output),
        dealings=dealings_of(node.agent, answer.output),
    )


def _artifacts(agent: AnyAgent, output: dict[str, Any]) -> tuple[ArtifactDraft, ...]:
    """Return what the agent keeps of its output; reading it again costs only those that keep something."""
    if type(agent).made is Agent.made:
        return ()
    made = agent.made(agent.Output.model_validate(output))
    return tuple(ArtifactDraft(kind=one.kind, text=one.text, media_type="text/plain") for one in made)


def write_report(work: Work) -> Outcome:
    """Write the run's report from what the steps before it came to."""
    node = work.node
    if not isinstance(node, ReportNode):
        raise TypeError(node)
    text = REPORTS[node.report](run_as_it_is(work))
    return Succeeded(
        output={"report": node.report, "characters": len(text)},
        artifacts=(ArtifactDraft(kind="report", text=text),),
    )


def ask_person(work: Work) -> Outcome:
    """Ask for an approval of what the node's inputs make, and wait for it without holding a worker."""
    node = work.node
    if not isinstance(node, GateNode):
        raise TypeError(node)
    account = work.step.run.account
    where = {
        "account": str(account.id),
        "handle": account.handle,
        "mode": account.mode,
        "delivery": account.delivery,
    }
    payload = {**node.options, **work.given, **where}
    kind = kind_of(node.approval)
    try:
        if node.spreads_posts:
            payload |= own_slot(payload, item=work.step.item, begun=work.step.run.created_at)
        checked = kind.Payload.model_validate(payload)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        return Failed(
            error=f"What {node.label!r} would ask for cannot be approved: {field} is {first['input']!r}, "
            f"which does not do: {first['msg']}."
        )
    if work.step.run.is_dry_run:
        return would_ask(kind, checked, account=account)
    screening = screened(
        checked.model_dump(mode="json"), account, run_id=work.step.run_id, step_id=work.step.id
    )
    return AsksPerson(kind=node.approval, payload=payload, facts=work.facts, screening=screening)


def act(work: Work) -> Outcome:
    """Act outwardly, or go on with it: the ledger knows how far it is. In a dry run, say what would be done."""
    node = work.node
    if not isinstance(node, ActionNode):
        raise TypeError(node)
    if work.step.run.is_dry_run:
        return would_act(work)
    return EFFECTS[node.effect].perform(work)


def let_time_pass(work: Work) -> Outcome:
    """Wait until the node's time has come, or what is called back about is done, without holding a worker."""
    node, step = work.node, work.step
    if not isinstance(node, WaitNode):
        raise TypeError(node)
    if node.callback is not None:
        return wait_for_callback(work, node.callback, patience_seconds=node.patience_seconds)
    begun, now = turn_of(step.id)
    until = moment_to_wait_for(node, begun=begun, given=work.given)
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return Succeeded(output={"waited_until": until.isoformat()})
    return Waits(f"{node.label} waits for {until:%Y-%m-%d %H:%M:%S} UTC.", seconds)


def begin_loop(work: Work) -> Outcome:
    """Begin a loop: its steps are made for each item of the list."""
    node = work.node
    if not isinstance(node, ExpandNode):
        raise TypeError(node)
    items = work.given.get("items", [])
    if not isinstance(items, list):
        return Failed(
            f"{node.inputs['items']!r} is {items!r}, which is no list: nothing can be done for each of it."
        )
    if len(items) > node.most_items:
        return Failed(
            f"{node.inputs['items']!r} has {len(items)} items, and at most {node.most_items} may be done in one run: "
            "give fewer."
        )
    return Expanded(tuple(items))


EXECUTORS: dict[str, Callable[[Work], Outcome]] = {
    "agent": ask_agent,
    "report": write_report,
    "gate": ask_person,
    "action": act,
    "preflight": preflight,
    "render": render,
    "assemble": assemble,
    "review": review,
    "studio_job": submit_job,
    "studio_clip": fetch_clip,
    "sync": sync,
    "wait": let_time_pass,
    "expand": begin_loop,
}
