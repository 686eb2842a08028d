"""The studio in a workflow: a job submitted once, asked about, and its clip kept.

Submitting changes nothing anybody else could see, so it is no effect: the studio takes the step's id as the
job's key, and a worker that comes after one that died is given the same job.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from agents.guardrails.guard import fit_for_a_model
from agents.guardrails.recording import Found
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
    """Have the studio make what the node's inputs describe; the step's id is the key of the job.

    The studio's model reads the prompt as the guardrails leave it. Raises `ContentBlocked` where they refuse it.
    """
    if not isinstance(work.node, StudioJobNode):
        raise TypeError(work.node)
    try:
        order = _checked(Order.model_validate(work.given), work)
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
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


def _checked(order: Order, work: Work) -> Order:
    """Return the order with its prompt as the studio's model may read it; raises as `fit_for_a_model`."""
    account = work.step.run.account
    where = Found(account.workspace_id, account.id, run_id=work.step.run_id, step_id=work.step.id)
    kept = fit_for_a_model({"prompt": order.prompt}, account, where)
    return Order.model_validate(order.model_dump() | kept)


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
