"""The way of a post from an idea to TikTok, as several workflows go it, once or for each item of a loop.

A circle of producer and compliance, a video, a person, the post.
"""

from agents.circles import CIRCLES
from workflows.definitions.own_post import FINDINGS, POST, SETTINGS
from workflows.nodes import AgentNode, AnyNode, GateNode, RenderNode, ReviewNode

REDRAFTS = {"duration_seconds": "brief.duration_seconds", "feedback": "redraft.feedback"}
"""What a draft takes of the brief, and of the review that sent it back, wherever its idea is from."""

MOST_BY_DEFAULT = AgentNode.model_fields["most_items"].default
"""What a node outside a loop says of how many items it takes, which nobody reads."""


def draft_in_a_circle(
    loop: str | None,
    *,
    drafts: dict[str, str],
    depends_on: tuple[str, ...],
    most_items: int = MOST_BY_DEFAULT,
) -> tuple[AnyNode, ...]:
    """Return what drafts a post and reviews it, for each item of `loop`; `drafts` are the producer's inputs."""
    return (
        AgentNode(
            key="draft",
            label="Draft",
            agent="content_producer",
            depends_on=depends_on,
            for_each=loop,
            most_items=most_items,
            inputs=REDRAFTS | drafts,
        ),
        AgentNode(
            key="compliance",
            label="Compliance",
            agent="compliance",
            depends_on=("draft",),
            for_each=loop,
            most_items=most_items,
            inputs={"draft": "draft.output.caption"},
        ),
        ReviewNode(
            key="review",
            label="Review before a person sees it",
            depends_on=("compliance",),
            for_each=loop,
            most_items=most_items,
            inputs={"findings": "compliance.output.findings", "blocked": "compliance.output.blocked"},
            redraft="draft",
            circle="posts",
            most_redrafts=CIRCLES["posts"].rounds,
        ),
    )


def card_video(loop: str | None, *, most_items: int = MOST_BY_DEFAULT) -> RenderNode:
    """Return what makes the draft's video of its lines."""
    return RenderNode(
        key="video",
        label="Video",
        depends_on=("draft", "review"),
        for_each=loop,
        most_items=most_items,
        inputs={"lines": "draft.output.on_screen_text", "seconds": "draft.output.duration_seconds"},
        timeout_seconds=180,
    )


def publish(
    loop: str | None, *, most_items: int = MOST_BY_DEFAULT, video: str = "video"
) -> tuple[AnyNode, ...]:
    """Return the gate before each post, and the post; those of a loop each have a slot of their own."""
    return (
        GateNode(
            key="gate",
            label="Publish?",
            approval="post_video",
            depends_on=("draft", video, "compliance", "review"),
            for_each=loop,
            most_items=most_items,
            inputs={
                "asset": f"{video}.output.asset",
                "asset_sha256": f"{video}.output.asset_sha256",
                "caption": "draft.output.caption",
                "is_ai_generated": "draft.output.settings.is_ai_generated",
                **SETTINGS,
            },
            facts=FINDINGS,
            spreads_posts=loop is not None,
        ),
        POST.model_copy(update={"for_each": loop, "most_items": most_items}),
    )
