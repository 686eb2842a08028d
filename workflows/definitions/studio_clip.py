"""A clip by the studio: submitted, called back, kept as media. Nothing leaves the system."""

from workflows.nodes import StudioClipNode, StudioJobNode, WaitNode, Workflow

workflow = Workflow(
    slug="studio_clip",
    label="Studio clip",
    purpose="The studio makes a video of your prompt; it is kept under Media, and nothing is posted.",
    nodes=(
        StudioJobNode(
            key="job",
            label="Ask the studio",
            inputs={"prompt": "brief.prompt", "seconds": "brief.seconds"},
        ),
        WaitNode(
            key="made",
            label="Being made",
            callback="studio",
            depends_on=("job",),
            inputs={"job": "job.output.job"},
            patience_seconds=3600,
        ),
        StudioClipNode(
            key="clip",
            label="Clip",
            depends_on=("job", "made"),
            inputs={"job": "job.output.job"},
            timeout_seconds=180,
        ),
    ),
)
