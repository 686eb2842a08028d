"""The report of a run that acts: what agents found, what people decided, and what became of it."""

from collections.abc import Mapping
from typing import Any

from approvals.models import ApprovalRequest, Decision
from workflows.effect_words import fate_of
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import AgentNode, Workflow
from workflows.reports.markdown import number, paragraph, percent, table, text

Output = Mapping[str, Any]
MOST_NAMED = 10
NEEDS = (
    "For a new product TikTok needs its category, pictures, the weight of its package and a stock in a warehouse, "
    "which the catalogue does not have: make it in Seller Center, and put TikTok's product id into the catalogue."
)
NOT_YET = "Nobody was asked for anything."


def render(run: WorkflowRun) -> str:
    """Return the report of a run whose other steps have all ended, as Markdown."""
    workflow = Workflow.model_validate(run.definition.definition)
    steps = list(run.steps.order_by("position", "item", "round"))
    lines = [f"# {text(workflow.label)} for @{text(run.account.handle)}", ""]
    lines += [f"Data as of **{run.as_of:%Y-%m-%d %H:%M} UTC**.", ""]
    lines += ["## What agents found", "", *_found(workflow, steps)]
    lines += ["## What was decided", "", *_decided(run)]
    if failed := [step for step in steps if step.status == "failed"]:
        lines += [
            "## What is not done",
            "",
            *(f"- {_named(workflow, step)}: {paragraph(step.error)}" for step in failed),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _found(workflow: Workflow, steps: list[WorkflowStep]) -> list[str]:
    """Return a line for each agent outside of loops that answered; one for all items of a loop together."""
    lines: list[str] = []
    for node in workflow.nodes:
        if not isinstance(node, AgentNode):
            continue
        done = [step for step in steps if step.key == node.key and step.status == "succeeded" and step.output]
        if node.for_each and done:
            lines.append(f"- **{text(node.label)}**: {len({step.item for step in done})} done")
        elif done:
            lines.append(f"- **{text(node.label)}**: {said_of(node.agent, done[-1].output or {})}")
    return [*lines, ""]


def said_of(agent: str, output: Output) -> str:
    """Return what an agent found, in a line of its own figures; its note where there is not enough data."""
    writer = _WRITERS.get(agent)
    note = str(output.get("note") or "")
    said = writer(output) if writer and output.get("enough_data", True) else ""
    return " ".join(filter(None, (said, paragraph(note) if note else ""))) or "done"


def _decided(run: WorkflowRun) -> list[str]:
    """Return a table of what was asked, who said what, and what became of it."""
    asked = ApprovalRequest.objects.filter(run_id=run.id).exclude(status="superseded").order_by("created_at")
    latest = {
        decision.request_id: decision
        for decision in Decision.objects.filter(request__in=asked)
        .select_related("decided_by")
        .order_by("decided_at")
    }
    rows = [_row(request, latest.get(request.id)) for request in asked.defer("facts")]
    return table(["Asked", "Decided", "What became of it"], rows) or [NOT_YET, ""]


def _row(request: ApprovalRequest, decision: Decision | None) -> list[str]:
    said = f"{decision.verb} by {decision.decided_by}" if decision else request.status.replace("_", " ")
    if decision and decision.comment:
        said = f"{said}: {decision.comment}"
    fate = fate_of(request)
    return [request.title, said, fate.words if fate else "–"]


def _named(workflow: Workflow, step: WorkflowStep) -> str:
    label = workflow.node(step.key).label
    return f"{text(label)} #{step.item}" if step.item else text(label)


def _health(output: Output) -> str:
    return (
        f"score {number(output['overall_score'])} of 100, risk of suppression "
        f"{text(output['shadowban_risk'] or 'not known')}."
    )


def _audience(output: Output) -> str:
    return f"{len(output['segments'])} segments: {', '.join(text(one['name']) for one in output['segments'][:6])}."


def _feedback(output: Output) -> str:
    return f"{number(output['winners_found'])} winners and {number(output['losers_found'])} losers."


def _triage(output: Output) -> str:
    kinds = [(text(kind.replace("_", " ")), count) for kind, count in output["counts"].items() if count]
    counts = ", ".join(f"{number(count)} {kind}" for kind, count in kinds)
    crises = f" {len(output['crises'])} posts in crisis." if output["crises"] else ""
    return f"{len(output['items'])} comments: {counts or 'none'}.{crises}"


def _inventory(output: Output) -> str:
    counts = f"{len(output['levels'])} products, {len(output['low_stock'])} low, {len(output['oversold'])} oversold."
    low = [f"{text(one['title'])} lasts {one['days_of_cover']:.1f} days" for one in output["low_stock"]]
    short = [f"{text(one['title'])} is {one['units_short']} short" for one in output["oversold"]]
    named = "; ".join([*short, *low][:MOST_NAMED])
    return f"{counts} {named}." if named else counts


def _catalog(output: Output) -> str:
    names = {
        "created": "only in the catalogue",
        "updated": "changed there",
        "removed": "gone from it",
        "conflicts": "conflicts",
        "settled": "left to differ",
        "problems": "problems",
    }
    counts = ", ".join(f"{len(output.get(name, ()))} {said}" for name, said in names.items()) + "."
    left = output.get("left_for_next")
    more = f" {left} more are asked about by the next run." if left else ""
    return f"{counts}{more}{_not_made(output)}"


def _not_made(output: Output) -> str:
    """Return what is not put into the shop, and what TikTok would need for it that a catalogue does not have."""
    gone = [one for one in output["conflicts"] if one["kind"] == "removed_in_shop"]
    titles = [text(one["title"]) for one in [*output["created"], *gone]]
    if not titles:
        return ""
    named = ", ".join(titles[:MOST_NAMED]) + (" …" if len(titles) > MOST_NAMED else "")
    return f" Not made in the shop: {named}. {NEEDS}"


def _ads(output: Output) -> str:
    within = "within" if output["cap_ok"] else "above"
    money = f"{text(output['total_spend'])} {text(output['currency'])}"
    return f"{len(output['campaigns'])} campaigns, {money} in all, {within} the cap."


def _creators(output: Output) -> str:
    best = output["creators"][0]["overlap"] if output["creators"] else None
    return f"{len(output['creators'])} creators fit, the best by {percent(best)}."


def _ideas(output: Output) -> str:
    told = f" {len(output['already_told'])} proposed were told before." if output.get("already_told") else ""
    return f"{len(output['ideas'])} ideas.{told}"


def _listings(output: Output) -> str:
    better = sum(one["recommended"]["score"] > one["current_score"] for one in output["listings"])
    return f"{len(output['listings'])} texts, {better} of them can be bettered."


def _live(output: Output) -> str:
    recap = output["recap"]
    if recap is None:
        return f"{len(output['run_sheet'])} parts, {len(output['pinned_products'])} products pinned."
    return f"{number(recap['units'])} units in {number(recap['orders'])} orders, {number(recap['comments'])} comments."


_WRITERS = {
    "account_health": _health,
    "audience_mapper": _audience,
    "performance_feedback": _feedback,
    "comment_triage": _triage,
    "inventory_sync": _inventory,
    "catalog_sync": _catalog,
    "ad_campaign_director": _ads,
    "creator_outreach": _creators,
    "content_ideator": _ideas,
    "listing_optimizer": _listings,
    "live_stream_ops": _live,
}
