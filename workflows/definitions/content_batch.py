"""Many posts at once: ideas, and for each a draft in a circle, its video, a person's word, the post."""

from workflows.definitions.produced_post import card_video, draft_in_a_circle, publish
from workflows.nodes import AgentNode, ReportNode, Workflow

IDEAS = "ideas.output.ideas"
MOST = 50

workflow = Workflow(
    slug="content_batch",
    label="Content batch",
    purpose="Up to 50 posts drafted from new ideas, each reviewed, approved by a person and posted once.",
    nodes=(
        AgentNode(
            key="ideas",
            label="Ideas",
            agent="content_ideator",
            inputs={"topics": "brief.topics", "n": "brief.n"},
        ),
        *draft_in_a_circle(IDEAS, drafts={"idea": "item"}, depends_on=("ideas",), most_items=MOST),
        card_video(IDEAS, most_items=MOST),
        *publish(IDEAS, most_items=MOST),
        ReportNode(key="report", label="Report", report="acts", depends_on=("ideas", "gate", "post")),
    ),
)
