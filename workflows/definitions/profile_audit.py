"""Read-only audit of one account, on fresh data: its health, reach, audience and safety, put into a report."""

from workflows.definitions.shared_nodes import FRESH
from workflows.nodes import AgentNode, ReportNode, Workflow

workflow = Workflow(
    slug="profile_audit",
    label="Profile audit",
    purpose="How the account does, for whom and with what, and whether its posts are safe; nothing is changed.",
    nodes=(
        # In the short cluster: an audit is somebody's click. Started by new data, it takes that as it is.
        FRESH.model_copy(update={"enough_minutes": 15, "timeout_seconds": 110}),
        AgentNode(
            key="account_health",
            label="Account health",
            agent="account_health",
            depends_on=("fresh",),
            inputs={"window_days": "brief.window_days", "baseline_days": "brief.baseline_days"},
        ),
        AgentNode(
            key="shadowban_check",
            label="Suppression",
            agent="shadowban_check",
            depends_on=("fresh",),
            inputs={"window_days": "brief.window_days", "baseline_days": "brief.baseline_days"},
        ),
        AgentNode(
            key="audience_mapper",
            label="Audience",
            agent="audience_mapper",
            depends_on=("fresh",),
            inputs={"min_score": "brief.min_score", "max_segments": "brief.max_segments"},
        ),
        AgentNode(
            key="trend_watcher",
            label="Trends",
            agent="trend_watcher",
            depends_on=("fresh",),
            inputs={"freshness_hours": "brief.freshness_hours", "min_fit": "brief.min_fit"},
        ),
        AgentNode(key="compliance", label="Compliance", agent="compliance", depends_on=("fresh",)),
        ReportNode(
            key="report",
            label="Report",
            report="profile_audit",
            depends_on=(
                *("account_health", "shadowban_check", "audience_mapper", "trend_watcher", "compliance"),
            ),
        ),
    ),
)
