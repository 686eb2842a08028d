"""The studio in a workflow: jobs submitted once, asked about, and their clips made fit and kept.

Submitting changes nothing anybody else could see, so it is no effect: the studio takes the step's id as the
job's key (of several: with the number of the job), and a worker that comes after one that died is given the same.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from agents.guardrails.guard import fit_for_a_model
from agents.guardrails.recording import Found
from agents.providers.errors import ProviderError
from agents.providers.media import Probe, changes, get_transcoder, misfit
from agents.providers.studio.jobs import JobState, Order, get_studio
from workflows.nodes import StudioClipNode, StudioJobNode
from workflows.outcomes import Failed, Outcome, Succeeded
from workflows.rendering import keep_video
from workflows.retrying import after_trouble
from workflows.shots import orders_of
from workflows.work import Work

CALL_SECONDS = 60.0
"""The lease for one call: its time-out bounds each wait for the network, and a call has a few."""

RIGHTS_NOTE = "Made by the studio from a prompt of ours."


def submit_job(work: Work) -> Outcome:
    """Have the studio make what the node's inputs describe; the step's id is the key of the job, or begins theirs.

    The studio's model reads a prompt as the guardrails leave it. Raises `ContentBlocked` where they refuse it.
    """
    if not isinstance(work.node, StudioJobNode):
        raise TypeError(work.node)
    try:
        orders = [_checked(order, work) for order in orders_of(work.given)]
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        return Failed(
            f"The studio cannot be asked for this: {field} is {first['input']!r}, which does not do: {first['msg']}."
        )
    jobs = []
    try:
        for number, order in enumerate(orders, start=1):
            key = str(work.step.id) if len(orders) == 1 else f"{work.step.id}.{number}"
            work.hold(CALL_SECONDS)
            jobs.append(get_studio().submit(order, key=key).id)
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
    return Succeeded(output={"job": jobs[0], "jobs": jobs})


def _checked(order: Order, work: Work) -> Order:
    """Return the order with its prompt as the studio's model may read it; raises as `fit_for_a_model`."""
    account = work.step.run.account
    where = Found(account.workspace_id, account.id, run_id=work.step.run_id, step_id=work.step.id)
    kept = fit_for_a_model({"prompt": order.prompt}, account, where)
    return Order.model_validate(order.model_dump() | kept)


def ask_about_job(work: Work) -> str | None:
    """Return why a job the step waits for failed, '' where all succeeded, None where one is not done.

    Raises `ProviderError` where the studio cannot be asked.
    """
    jobs = _jobs(work)
    is_done = True
    for number, job_id in enumerate(jobs, start=1):
        work.hold(CALL_SECONDS)
        job = get_studio().status(job_id)
        if job.state is JobState.FAILED:
            which = "it" if len(jobs) == 1 else f"clip {number} of {len(jobs)}"
            return f"The studio could not make {which}: {job.error.rstrip('.') or 'it did not say why'}."
        is_done = is_done and job.state is JobState.SUCCEEDED
    return "" if is_done else None


def fetch_clip(work: Work) -> Outcome:
    """Fetch the clips of jobs that succeeded, make them fit, and keep each as an asset of the account's brand."""
    if not isinstance(work.node, StudioClipNode):
        raise TypeError(work.node)
    # Fetching and measuring: as long as the node may take.
    work.hold(work.node.timeout_seconds)
    kept = []
    try:
        for job_id in _jobs(work):
            kept.append(_kept(work, job_id))
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)
    clips = [clip.output["asset"] for clip in kept]
    # A step keeps one artifact of a kind: of several clips it is the whole they are joined to.
    return Succeeded(
        output={**kept[0].output, "clips": clips}, artifacts=kept[0].artifacts if len(kept) == 1 else ()
    )


def _jobs(work: Work) -> Sequence[str]:
    """Return the jobs the step is given: one by its id, or a list."""
    job = work.given["job"]
    return [str(one) for one in job] if isinstance(job, list) else [str(job)]


def _kept(work: Work, job_id: str) -> Succeeded:
    """Keep a job's clip; one TikTok would not take is kept as the copy it does take, which says what is another."""
    with TemporaryDirectory(prefix="clip-") as folder:
        out = Path(folder, "clip.mp4")
        get_studio().download(job_id, out=out)
        transcoder = get_transcoder()
        probe: Probe = transcoder.look_into(out)
        if not misfit(probe):
            return keep_video(work, out, probe, rights_note=RIGHTS_NOTE)
        fit = Path(folder, "fit.mp4")
        after = transcoder.transcode(out, out=fit)
        facts = {"changed": list(changes(probe, after))}
        return keep_video(work, fit, after, rights_note=RIGHTS_NOTE, facts=facts)
