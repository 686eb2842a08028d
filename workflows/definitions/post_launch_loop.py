"""After posts went out: how they did, what people wrote under them, and replies a person agrees to."""

from workflows.nodes import ActionNode, AgentNode, GateNode, ReportNode, SyncNode, Workflow

COMMENTS = "triage.output.items"
MOST = 200
HAS_REPLY = {"none_of": [{"path": "item.suggested_reply", "op": "empty"}]}

workflow = Workflow(
    slug="post_launch_loop",
    label="Post-launch loop",
    purpose="How the newest posts did and what people wrote; suggested replies go out once a person agrees.",
    nodes=(
        SyncNode(key="fresh", label="Fresh data", part="all", is_optional=True, timeout_seconds=280),
        AgentNode(key="feedback", label="Performance", agent="performance_feedback", depends_on=("fresh",)),
        AgentNode(key="health", label="Account health", agent="account_health", depends_on=("fresh",)),
        AgentNode(
            key="triage",
            label="Comments",
            agent="comment_triage",
            depends_on=("fresh",),
            inputs={"since": "brief.since"},
        ),
        GateNode(
            key="reply_gate",
            label="Reply?",
            approval="reply_comment",
            depends_on=("triage",),
            for_each=COMMENTS,
            most_items=MOST,
            when=HAS_REPLY,
            inputs={"video_id": "item.video_id", "comment_id": "item.id", "text": "item.suggested_reply"},
            facts={"class": "item.comment_class", "urgency": "item.urgency"},
        ),
        ActionNode(
            key="reply",
            label="Reply",
            effect="reply_comment",
            gate="reply_gate",
            depends_on=("reply_gate",),
            for_each=COMMENTS,
            most_items=MOST,
        ),
        ReportNode(
            key="report",
            label="Report",
            report="acts",
            depends_on=("feedback", "health", "triage", "reply_gate", "reply"),
        ),
    ),
)
