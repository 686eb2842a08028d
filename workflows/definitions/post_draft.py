"""A post drafted by agents: an idea, its texts, reviewed by another agent, a video; approved by a person, posted."""

from workflows.definitions.own_post import FINDINGS, POST, SETTINGS
from workflows.nodes import AgentNode, GateNode, RenderNode, ReviewNode, Workflow

workflow = Workflow(
    slug="post_draft",
    label="Draft a post",
    purpose="Agents find an idea and draft the video and its caption; a person approves; it is posted once.",
    nodes=(
        AgentNode(
            key="ideas",
            label="Idea",
            agent="content_ideator",
            inputs={"topics": "brief.topics"},
            options={"n": 1},
        ),
        AgentNode(
            key="draft",
            label="Draft",
            agent="content_producer",
            depends_on=("ideas",),
            inputs={
                "idea": "ideas.output.ideas.0",
                "duration_seconds": "brief.duration_seconds",
                "feedback": "redraft.feedback",
            },
        ),
        AgentNode(
            key="compliance",
            label="Compliance",
            agent="compliance",
            depends_on=("draft",),
            inputs={"draft": "draft.output.caption"},
        ),
        ReviewNode(
            key="review",
            label="Review before a person sees it",
            depends_on=("compliance",),
            inputs={"findings": "compliance.output.findings", "blocked": "compliance.output.blocked"},
            redraft="draft",
        ),
        RenderNode(
            key="video",
            label="Video",
            depends_on=("draft", "review"),
            inputs={"lines": "draft.output.on_screen_text", "seconds": "draft.output.duration_seconds"},
            timeout_seconds=180,
        ),
        GateNode(
            key="gate",
            label="Publish?",
            approval="post_video",
            depends_on=("draft", "video", "compliance", "review"),
            inputs={
                "asset": "video.output.asset",
                "asset_sha256": "video.output.asset_sha256",
                "caption": "draft.output.caption",
                "is_ai_generated": "draft.output.settings.is_ai_generated",
                **SETTINGS,
            },
            facts=FINDINGS,
        ),
        POST,
    ),
)
