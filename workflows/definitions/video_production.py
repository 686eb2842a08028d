"""Ideas a person chooses, drafted in a circle, filmed shot by shot by the studio, joined, approved and posted."""

from workflows.definitions.produced_post import draft_in_a_circle, publish
from workflows.definitions.shared_nodes import ITEM_FINDINGS, in_a_circle
from workflows.nodes import (
    AgentNode,
    AssembleNode,
    GateNode,
    ReportNode,
    StudioClipNode,
    StudioJobNode,
    WaitNode,
    Workflow,
)

IDEAS = "ideas_review.output.items"
MOST = 10

workflow = Workflow(
    slug="video_production",
    label="Video production",
    purpose="Ideas a person chooses become videos of the studio, with captions reviewed, approved and posted once.",
    nodes=(
        *in_a_circle(
            "ideas",
            AgentNode(
                key="ideas",
                label="Ideas",
                agent="content_ideator",
                inputs={"topics": "brief.topics", "n": "brief.n"},
            ),
            items="ideas",
            parts=("hook", "outline"),
        ),
        GateNode(
            key="idea_gate",
            label="Make it?",
            approval="video_idea",
            depends_on=("ideas_review",),
            for_each=IDEAS,
            most_items=MOST,
            inputs={"hook": "item.hook", "outline": "item.outline", "topic": "item.topic"},
            facts={"novelty": "item.novelty", **ITEM_FINDINGS},
        ),
        # Drafted as it was approved: what a person changed of an idea is true of the film and of its caption.
        *draft_in_a_circle(
            IDEAS, drafts={"idea": "idea_gate.output.payload"}, depends_on=("idea_gate",), most_items=MOST
        ),
        StudioJobNode(
            key="job",
            label="Ask the studio",
            depends_on=("draft", "review"),
            for_each=IDEAS,
            most_items=MOST,
            inputs={"brief": "draft.output.brief"},
        ),
        WaitNode(
            key="made",
            label="Until it is made",
            callback="studio",
            depends_on=("job",),
            for_each=IDEAS,
            most_items=MOST,
            inputs={"job": "job.output.jobs"},
        ),
        StudioClipNode(
            key="clip",
            label="Fetch the clips",
            depends_on=("job", "made"),
            for_each=IDEAS,
            most_items=MOST,
            inputs={"job": "job.output.jobs"},
            timeout_seconds=280,
        ),
        AssembleNode(
            key="film",
            label="Join the clips",
            depends_on=("clip",),
            for_each=IDEAS,
            most_items=MOST,
            inputs={"clips": "clip.output.clips"},
        ),
        *publish(IDEAS, most_items=MOST, video="film"),
        ReportNode(
            key="report", label="Report", report="acts", depends_on=("ideas", "idea_gate", "gate", "post")
        ),
    ),
)
