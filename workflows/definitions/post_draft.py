"""A post drafted by agents: an idea, its texts, reviewed by another agent, a video; approved by a person, posted."""

from workflows.definitions.produced_post import card_video, draft_in_a_circle, publish
from workflows.nodes import AgentNode, Workflow

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
        *draft_in_a_circle(None, drafts={"idea": "ideas.output.ideas.0"}, depends_on=("ideas",)),
        card_video(None),
        *publish(None),
    ),
)
