"""A person's own video and caption: checked, approved, posted."""

from workflows.nodes import ActionNode, AgentNode, GateNode, Workflow

SETTINGS = {
    name: f"brief.{name}"
    for name in (
        "privacy_level",
        "allow_comment",
        "allow_duet",
        "allow_stitch",
        "is_brand_organic",
        "is_branded_content",
        "publish_at",
    )
}
"""What a person chooses of every post; nothing of it is preset."""

FINDINGS = {
    "findings": "compliance.output.findings",
    "compliance_score": "compliance.output.score",
    "blocked": "compliance.output.blocked",
}
"""What is shown beside a post to be approved."""

PUBLISH = GateNode(
    key="gate",
    label="Publish?",
    approval="post_video",
    depends_on=("compliance",),
    inputs={
        "asset": "brief.asset",
        "asset_sha256": "brief.asset_sha256",
        "caption": "brief.caption",
        "is_ai_generated": "brief.is_ai_generated",
        **SETTINGS,
    },
    facts=FINDINGS,
)

POST = ActionNode(
    key="post",
    label="Post",
    effect="post_video",
    gate="gate",
    depends_on=("gate",),
    timeout_seconds=280,
)

workflow = Workflow(
    slug="own_post",
    label="New post",
    purpose="A video and a caption of your own: checked against the rules, approved by a person, posted once.",
    nodes=(
        AgentNode(
            key="compliance", label="Compliance", agent="compliance", inputs={"draft": "brief.caption"}
        ),
        PUBLISH,
        POST,
    ),
)
