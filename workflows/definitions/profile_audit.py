"""Read-only audit of one account: its health, put into a report."""

from workflows.nodes import AgentNode, ReportNode, Workflow

workflow = Workflow(
    slug="profile_audit",
    label="Profile audit",
    purpose="How the account does, for whom and with what, and whether its posts are safe; nothing is changed.",
    nodes=(
        AgentNode(
            key="account_health",
            label="Account health",
            agent="account_health",
            inputs={"window_days": "brief.window_days", "baseline_days": "brief.baseline_days"},
        ),
        AgentNode(
            key="audience_mapper",
            label="Audience",
            agent="audience_mapper",
            inputs={"min_score": "brief.min_score", "max_segments": "brief.max_segments"},
        ),
        AgentNode(
            key="trend_watcher",
            label="Trends",
            agent="trend_watcher",
            inputs={"freshness_hours": "brief.freshness_hours", "min_fit": "brief.min_fit"},
        ),
        AgentNode(key="compliance", label="Compliance", agent="compliance"),
        ReportNode(
            key="report",
            label="Report",
            report="profile_audit",
            depends_on=("account_health", "audience_mapper", "trend_watcher", "compliance"),
        ),
    ),
)
