"""Running one claimed step: its inputs, its node, its outcome.

SQL moves rows; what a step does and what its end means is decided here. Nothing here runs inside a
transaction: claim (commit), work, finish (commit).
"""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from django.db import DataError, InterfaceError, OperationalError, connection

from tiktok_ops.errors import Refused
from workflows.executors import EXECUTORS
from workflows.models import WorkflowStep
from workflows.nodes import Workflow
from workflows.outcomes import Claim, Failed, Finished, LeaseLost, Outcome, TryAgain
from workflows.protocol import claim, finish, renew
from workflows.validation import DefinitionRefused, parse_workflow
from workflows.work import Work

log = structlog.get_logger(__name__)

LEASE_MARGIN_SECONDS = 10.0
GIVE_BACK_SECONDS = 30.0
RECONNECT_SECONDS = 0.25
AFTER_OUTAGE_SECONDS = 1.0


def advance_run(run_id: UUID, *, seconds_left: Callable[[], float]) -> int:
    """Claim and run what is due in the run, going straight on while there is time; return the steps run.

    `seconds_left` tells how long this worker may still work; a successor is only claimed when its
    node's timeout fits.
    """
    done = 0
    claimed = claim(run_id)
    while claimed is not None:
        try:
            finished = run_step(claimed, seconds_left=seconds_left)
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


def run_step(claimed: Claim, *, seconds_left: Callable[[], float]) -> Finished:
    """Run a claimed step to its outcome and record it.

    Raises `LeaseLost` when the step was no longer this worker's.
    """
    step = _step_of(claimed)
    try:
        workflow = parse_workflow(step.run.definition.definition)
    except DefinitionRefused as refusal:  # it could run when it was stored; an agent it asks is gone since
        return finish(claimed, Failed(error=str(refusal)), go_on=False)
    outcome = perform(_work_of(claimed, step, workflow))
    # A successor may take as long as any node of this workflow.
    longest = max(node.timeout_seconds for node in workflow.nodes)
    return _record(claimed, outcome, go_on=seconds_left() > longest)


def perform(work: Work) -> Outcome:
    """Run the node; what it did not foresee is our bug: a failed step with a traceback for engineers.

    A database that is away is nobody's fault here: that goes on, and the lease brings the step back.
    """
    try:
        outputs = _outputs_before(work.step)
        given = resolve_paths(work.node.inputs, work.step.run.input, outputs)
        facts = resolve_paths(getattr(work.node, "facts", {}), work.step.run.input, outputs)
        return EXECUTORS[work.node.kind](replace(work, given=given, facts=facts, outputs=outputs))
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
        )


def _record(claimed: Claim, outcome: Outcome, *, go_on: bool) -> Finished:
    """Finish with the outcome, or, where that is refused or cannot be kept, fail the step with the reason."""
    try:
        return finish(claimed, outcome, go_on=go_on)
    except LeaseLost:
        raise
    except Refused as refusal:  # a gate that asks for what nobody could approve
        return finish(claimed, Failed(error=str(refusal)), go_on=go_on)
    except (
        DataError
    ) as error:  # NaN, a NUL, half a surrogate pair: JSON's writer has them, PostgreSQL has not
        log.exception("outcome refused", step=str(claimed.step_id))
        reason = str(error).partition("\n")[0]
        return finish(
            claimed, Failed(error=f"What the step came to cannot be stored: {reason}."), go_on=go_on
        )


def _step_of(claimed: Claim) -> WorkflowStep:
    """Read the claimed step with all that its node may ask of its run."""
    return WorkflowStep.objects.select_related(
        "run__definition", "run__account__brand", "run__account__workspace"
    ).get(id=claimed.step_id)


def _work_of(claimed: Claim, step: WorkflowStep, workflow: Workflow) -> Work:
    """Return all a claimed step needs to run, but for its inputs."""

    def hold(seconds: float) -> None:
        renew(claimed, seconds=seconds + LEASE_MARGIN_SECONDS)

    return Work(
        claim=claimed,
        step=step,
        workflow=workflow,
        node=workflow.node(step.key),
        hold=hold,
    )


def _outputs_before(step: WorkflowStep) -> dict[str, Any]:
    """Return the outputs of the steps this one depends on, by key."""
    upstream = WorkflowStep.objects.filter(leads_to__downstream=step)
    return dict(upstream.values_list("key", "output"))


class NothingThere(Refused):
    """A path of the step leads to a list that is too short."""


def resolve_paths(paths: Mapping[str, str], brief: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the values the paths lead to, by name; a brief field that was not given is left out.

    A number in a path is a place in a list, from 0; raises `NothingThere` when the list is shorter.
    Raises `KeyError` when an upstream output lacks a field it declared, which is a bug.
    """
    given: dict[str, Any] = {}
    for name, path in paths.items():
        root, *parts = path.split(".")
        if root == "brief":
            if parts[0] in brief:
                given[name] = brief[parts[0]]
            continue
        value = outputs[root]
        for part in parts[1:]:
            value = _part_of(value, part, path)
        given[name] = value
    return given


def _part_of(value: Any, part: str, path: str) -> Any:
    """Return a field of an object, or a place of a list."""
    if not isinstance(value, list):
        return value[part]
    place = int(part)
    if place >= len(value):
        raise NothingThere(f"{path!r} leads to number {place + 1} of a list that has {len(value)}.")
    return value[place]


def clock_down(seconds: float) -> Callable[[], float]:
    """Return a function that tells how much of `seconds` is left, by this process's monotonic clock."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
