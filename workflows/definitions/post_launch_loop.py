"""After posts went out: how they did, what people wrote under them, and replies a person agrees to."""

from workflows.conditions import Compares, NoneOf
from workflows.definitions.shared_nodes import FRESH, ITEM_FINDINGS, act_once_agreed, in_a_circle
from workflows.nodes import AgentNode, ReportNode, Workflow

COMMENTS = "triage_review.output.items"
MOST = 200
HAS_REPLY = NoneOf(none_of=(Compares(path="item.suggested_reply", op="empty"),))

workflow = Workflow(
    slug="post_launch_loop",
    label="Post-launch loop",
    purpose="How the newest posts did and what people wrote; suggested replies go out once a person agrees.",
    nodes=(
        FRESH,
        AgentNode(key="feedback", label="Performance", agent="performance_feedback", depends_on=("fresh",)),
        AgentNode(key="health", label="Account health", agent="account_health", depends_on=("fresh",)),
        *in_a_circle(
            "replies",
            AgentNode(
                key="triage",
                label="Comments",
                agent="comment_triage",
                depends_on=("fresh",),
                inputs={"since": "brief.since"},
            ),
            items="items",
            parts=("suggested_reply",),
        ),
        *act_once_agreed(
            ("reply_gate", "reply"),
            effect="reply_comment",
            question="Reply?",
            label="Reply",
            loop=COMMENTS,
            most_items=MOST,
            depends_on=("triage_review",),
            when=HAS_REPLY,
            inputs={"video_id": "item.video_id", "comment_id": "item.id", "text": "item.suggested_reply"},
            facts={"class": "item.comment_class", "urgency": "item.urgency", **ITEM_FINDINGS},
        ),
        ReportNode(
            key="report",
            label="Report",
            report="acts",
            depends_on=("feedback", "health", "triage", "reply_gate", "reply"),
        ),
    ),
)
