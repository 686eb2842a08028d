"""Running one claimed step: its inputs, its node, its outcome.

SQL moves rows; what a step does and what its end means is decided here. Nothing here runs inside a
transaction: claim (commit), work, finish (commit).
"""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from django.db import DataError, InterfaceError, OperationalError, connection

from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from tiktok_ops.queue import Cluster
from workflows.catalogue import workflow_of
from workflows.conditions import holds
from workflows.doorbells import PutOff
from workflows.executors import EXECUTORS
from workflows.models import WorkflowStep
from workflows.nodes import Workflow
from workflows.outcomes import Alarm, Claim, Failed, Finished, LeaseLost, Outcome, Skipped, TryAgain
from workflows.overrides import laid_over
from workflows.paths import View
from workflows.protocol import claim, finish, renew, work_of
from workflows.step_reading import Runs, read_step
from workflows.validation import DefinitionRefused
from workflows.work import Before, Work

log = structlog.get_logger(__name__)

LEASE_MARGIN_SECONDS = 10.0
GIVE_BACK_SECONDS = 30.0
RECONNECT_SECONDS = 0.25
AFTER_OUTAGE_SECONDS = 1.0


def advance_run(
    run_id: UUID,
    *,
    seconds_left: Callable[[], float],
    cluster: str | None = None,
    put_off: PutOff | None = None,
) -> int:
    """Claim and run what is due in the run, going straight on while there is time; return the steps run.

    `seconds_left` tells how long this worker may still work; a successor is only claimed when its
    node's timeout fits. With `cluster`, only steps of that cluster are taken; with `put_off`, others hear
    of them only where this worker does not come to them at once.
    """
    done = 0
    runs = Runs()
    claimed = claim(run_id, cluster=cluster)
    while claimed is not None:
        try:
            finished = run_step(claimed, seconds_left=seconds_left, runs=runs, put_off=put_off)
        except LeaseLost:
            log.warning("lease lost", step=str(claimed.step_id), claim=claimed.number)
            return done
        except (OperationalError, InterfaceError) as error:
            log.warning("database was away", step=str(claimed.step_id), error=str(error).strip())
            give_back(claimed, seconds=GIVE_BACK_SECONDS)
            return done
        done += 1
        claimed = finished.next_claim
    return done


def give_back(claimed: Claim, *, seconds: float) -> bool:
    """Give a step back whose worker lost the database, as soon as that answers; return whether it took it.

    Waiting here costs nobody anything, for without the database there is nothing else to do. It counts
    as no try. After `seconds` the step is left to its lease.
    """
    left = clock_down(seconds)
    returned = TryAgain(
        error="The database was away.", delay_seconds=AFTER_OUTAGE_SECONDS, counts_as_try=False
    )
    while left() > 0:
        if not connection.in_atomic_block:  # it never is, outside of tests
            connection.close()
        try:
            finish(claimed, returned, go_on=False)
        except LeaseLost:
            return False
        except (OperationalError, InterfaceError):
            time.sleep(RECONNECT_SECONDS)
            continue
        return True
    return False


def run_step(
    claimed: Claim,
    *,
    seconds_left: Callable[[], float],
    runs: Runs | None = None,
    put_off: PutOff | None = None,
) -> Finished:
    """Run a claimed step to its outcome and record it; `runs` remembers the run from step to step.

    Raises `LeaseLost` when the step was no longer this worker's.
    """
    pass_by(CrashPoint.AFTER_CLAIM, claimed.step_id)
    told = work_of(claimed)
    step = read_step(told, runs or Runs())
    try:
        workflow = workflow_of(step.run.definition_id)
    except DefinitionRefused as refusal:  # it could run when it was stored; an agent it asks is gone since
        return finish(claimed, Failed(error=str(refusal)), go_on=False)
    work = _work_of(claimed, step, workflow, told["before"])
    outcome = perform(work)
    # A successor may take as long as any node of this workflow that the same cluster works on.
    go_on = seconds_left() > workflow.longest_seconds.get(Cluster(step.cluster), 0.0)
    pass_by(CrashPoint.BEFORE_FINISH, claimed.step_id)
    leads_on = workflow.leads_on(work.node)
    finished = _record(claimed, outcome, go_on=go_on, leads_on=leads_on, put_off=put_off)
    pass_by(CrashPoint.AFTER_FINISH, claimed.step_id)
    return finished


def perform(work: Work) -> Outcome:
    """Run the node; what it did not foresee is our bug: a failed step with a traceback for engineers.

    A database that is away is nobody's fault here: that goes on, and the lease brings the step back.
    """
    try:
        view = _view_of(work)
        if work.node.when is not None and not holds(work.node.when, view.read):
            return Skipped("Its condition does not hold.")
        given = view.resolve(work.node.inputs)
        facts = view.resolve(getattr(work.node, "facts", {}))
        return EXECUTORS[work.node.kind](replace(work, given=given, facts=facts, outputs=view.outputs))
    except (LeaseLost, OperationalError, InterfaceError):
        raise
    except Refused as refusal:
        return Failed(error=str(refusal))
    except Exception as error:
        log.exception("step errored", step=str(work.step.id), key=work.step.key)
        return Failed(
            error=f"Something went wrong in {work.node.label!r} ({type(error).__name__}); "
            "the details are kept for the engineers.",
            traceback=traceback.format_exc(),
            alarm=Alarm.ERRORED,
        )


def _record(
    claimed: Claim, outcome: Outcome, *, go_on: bool, leads_on: bool, put_off: PutOff | None
) -> Finished:
    """Finish with the outcome, or, where that is refused or cannot be kept, fail the step with the reason."""
    try:
        return finish(claimed, outcome, go_on=go_on, leads_on=leads_on, put_off=put_off)
    except LeaseLost:
        raise
    except Refused as refusal:  # a gate that asks for what nobody could approve
        return finish(claimed, Failed(error=str(refusal)), go_on=go_on)
    except (
        DataError
    ) as error:  # NaN, a NUL, half a surrogate pair: JSON's writer has them, PostgreSQL has not
        log.exception("outcome refused", step=str(claimed.step_id))
        reason = str(error).partition("\n")[0]
        refused = Failed(error=f"What the step came to cannot be stored: {reason}.", alarm=Alarm.ERRORED)
        return finish(claimed, refused, go_on=go_on)


def _work_of(claimed: Claim, step: WorkflowStep, workflow: Workflow, before: Sequence[Before] = ()) -> Work:
    """Return all a claimed step needs to run, but for its inputs."""

    def hold(seconds: float) -> None:
        renew(claimed, seconds=seconds + LEASE_MARGIN_SECONDS)

    change = step.run.overrides.get(step.key, {})
    return Work(
        claim=claimed,
        step=step,
        workflow=workflow,
        node=laid_over(workflow.node(step.key), change.get("options", {})),
        hold=hold,
        before=before,
        prompt=change.get("prompt", ""),
    )


def _view_of(work: Work) -> View:
    """Return what the step can see: the brief, its item, what was said of it, and what was put out before it."""
    step = work.step
    outputs: dict[str, Any] = {}
    for key, item, status, output in work.before:
        if item and item != step.item:
            # What is behind a loop sees what those of its items put out that came to an end.
            outputs.setdefault(key, []).extend([output] if status == "succeeded" else [])
        else:
            outputs[key] = output
    return View(brief=step.run.input, outputs=outputs, item=step.item_value, feedback=step.feedback)


def clock_down(seconds: float) -> Callable[[], float]:
    """Return a function that tells how much of `seconds` is left, by this process's monotonic clock."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
