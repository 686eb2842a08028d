"""The studio in a workflow: a job submitted once, asked about, and its clip kept.

Submitting changes nothing anybody else could see, so it is no effect: the studio takes the step's id as the
job's key, and a worker that comes after one that died is given the same job.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from agents.providers.errors import ProviderError
from agents.providers.media import get_transcoder
from agents.providers.studio.jobs import JobState, Order, get_studio
from workflows.nodes import StudioClipNode, StudioJobNode
from workflows.outcomes import Failed, Outcome, Succeeded
from workflows.rendering import keep_video
from workflows.retrying import after_trouble
from workflows.work import Work

CALL_SECONDS = 60.0
"""The lease for one call: its time-out bounds each wait for the network, and a call has a few."""

RIGHTS_NOTE = "Made by the studio from a prompt of ours."


def submit_job(work: Work) -> Outcome:
    """Have the studio make what the node's inputs describe; the step's id is the key of the job."""
    if not isinstance(work.node, StudioJobNode):
        raise TypeError(work.node)
    try:
        order = Order.model_validate(work.given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        return Failed(
            f"The studio cannot be asked for this: {field} is {first['input']!r}, which does not do: {first['msg']}."
        )
    work.hold(CALL_SECONDS)
    try:
        job = get_studio().submit(order, key=str(work.step.id))
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
    return Succeeded(output={"job": job.id})


def ask_about_job(work: Work) -> str | None:
    """Return why the job the step waits for failed, '' where it succeeded, None where it is not done.

    Raises `ProviderError` where the studio cannot be asked.
    """
    work.hold(CALL_SECONDS)
    job = get_studio().status(str(work.given["job"]))
    if job.state is JobState.FAILED:
        return f"The studio could not make it: {job.error.rstrip('.') or 'it did not say why'}."
    return "" if job.state is JobState.SUCCEEDED else None


def fetch_clip(work: Work) -> Outcome:
    """Fetch the clip of a job that succeeded, measure it, and keep it as an asset of the account's brand."""
    if not isinstance(work.node, StudioClipNode):
        raise TypeError(work.node)
    # Fetching and measuring: as long as the node may take.
    work.hold(work.node.timeout_seconds)
    with TemporaryDirectory(prefix="clip-") as folder:
        out = Path(folder, "clip.mp4")
        try:
            get_studio().download(str(work.given["job"]), out=out)
            probe = get_transcoder().probe(out)
        except ProviderError as trouble:
            return after_trouble(work.node.retry, trouble, tries=work.step.tries)
        return keep_video(work, out, probe, rights_note=RIGHTS_NOTE)
