"""A live show: a run sheet a person agrees to, the slot, and a recap of what came of it."""

from workflows.definitions.shared_nodes import FRESH, in_a_circle
from workflows.nodes import AgentNode, GateNode, ReportNode, SyncNode, WaitNode, Workflow

SHOW = {
    "slot": "brief.slot",
    "products": "brief.products",
    "host": "brief.host",
    "recap_at": "brief.recap_at",
}
workflow = Workflow(
    slug="live_show",
    label="Live show",
    purpose="A run sheet timed to the minute, approved before the slot, and a recap once it is over.",
    nodes=(
        FRESH,
        *in_a_circle(
            "shows",
            AgentNode(
                key="plan", label="Run sheet", agent="live_stream_ops", depends_on=("fresh",), inputs=SHOW
            ),
            items="run_sheet",
            parts=("say",),
        ),
        GateNode(
            key="sheet_gate",
            label="Go live by this?",
            approval="run_sheet",
            depends_on=("plan", "plan_check", "plan_review"),
            inputs={"host": "plan.output.host", "run_sheet": "plan.output.run_sheet"},
            facts={
                "pinned": "plan.output.pinned_products",
                "cues": "plan.output.moderation_cues",
                "findings": "plan_check.output.findings",
                "compliance_score": "plan_check.output.score",
                "blocked": "plan_check.output.blocked",
            },
        ),
        WaitNode(
            key="slot",
            label="Until the slot is over",
            depends_on=("plan", "sheet_gate"),
            inputs={"until": "plan.output.recap_at"},
        ),
        SyncNode(
            key="afterwards",
            label="What came of it",
            part="all",
            is_optional=True,
            depends_on=("slot",),
            timeout_seconds=280,
        ),
        AgentNode(
            key="recap",
            label="Recap",
            agent="live_stream_ops",
            depends_on=("afterwards",),
            inputs=SHOW,
        ),
        ReportNode(key="report", label="Report", report="acts", depends_on=("plan", "sheet_gate", "recap")),
    ),
)
