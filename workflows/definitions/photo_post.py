"""A person's own photos and words: checked, approved, posted."""

from workflows.definitions.own_post import FINDINGS, SETTINGS
from workflows.nodes import ActionNode, AgentNode, GateNode, Workflow

VIDEO_ONLY = {"allow_duet", "allow_stitch"}

workflow = Workflow(
    slug="photo_post",
    label="New photo post",
    purpose="Photos and words of your own: checked against the rules, approved by a person, posted once.",
    nodes=(
        AgentNode(
            key="compliance", label="Compliance", agent="compliance", inputs={"draft": "brief.caption"}
        ),
        GateNode(
            key="gate",
            label="Publish?",
            approval="post_photo",
            depends_on=("compliance",),
            inputs={
                "photos": "brief.photos",
                "cover_index": "brief.cover_index",
                "title": "brief.title",
                "description": "brief.description",
                "auto_add_music": "brief.auto_add_music",
                **{name: path for name, path in SETTINGS.items() if name not in VIDEO_ONLY},
            },
            facts=FINDINGS,
        ),
        ActionNode(
            key="post",
            label="Post",
            effect="post_photo",
            gate="gate",
            depends_on=("gate",),
            timeout_seconds=280,
        ),
    ),
)
