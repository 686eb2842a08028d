"""The studio's callbacks: which step they wake, and which they do not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories.webhooks import handled, message_of, studio_body
from tests.factories.workflows import WorkflowRunFactory, add_steps
from workflows.models import WorkflowStep

pytestmark = pytest.mark.django_db

JOB = {"job": "job_1"}


def steps(**waiting: Any) -> dict[str, WorkflowStep]:
    """Return a run's steps: one submitted a job, one waits for it, and one for something else."""
    made = add_steps(
        WorkflowRunFactory.create(status="waiting"), {"job": [], "made": ["job"], "rest": ["job"]}
    )
    WorkflowStep.objects.filter(id=made["job"].id).update(kind="studio_job")
    change(made["job"], status="running", lease_until=timezone.now())
    change(made["job"], status="succeeded", lease_until=None, output=JOB, finished_at=timezone.now())
    for key in ("made", "rest"):
        change(made[key], status="ready", open_dependencies=0)
        change(made[key], status="running", lease_until=timezone.now())
        change(made[key], status="waiting", lease_until=None, wake_at=timezone.now() + timedelta(hours=1))
    change(made["made"], kind="wait")
    if waiting:
        change(made["made"], **waiting)
    return made


def change(step: WorkflowStep, **values: Any) -> None:
    """Write these values into the step."""
    WorkflowStep.objects.filter(id=step.id).update(**values)


def statuses(made: dict[str, WorkflowStep]) -> dict[str, str]:
    """Return the steps' statuses as they are now."""
    return dict(WorkflowStep.objects.filter(run=made["job"].run).values_list("key", "status"))


def tell(made: dict[str, WorkflowStep], **told: Any) -> tuple[str, str]:
    """Process a callback about the job, and return its status and note."""
    body = studio_body(**({"reference": str(made["job"].id)} | told))
    message = handled(message_of(body, source="studio"))
    return message.status, message.note


@pytest.mark.parametrize("event", ["job.succeeded", "job.failed"])
def test_hear_of_a_job_wakes_what_waits_for_it_and_nothing_else(event: str) -> None:
    made = steps()
    assert tell(made, event=event) == ("processed", "'made' looks now instead of later.")
    assert statuses(made) == {"job": "succeeded", "made": "ready", "rest": "waiting"}
    assert tell(made, created_at=1)[0] == "received"  # it looks right now: this one is for afterwards


def test_hear_of_a_job_that_step_did_not_submit_changes_nothing() -> None:
    made = steps()
    assert tell(made, job_id="job_2") == (
        "ignored",
        "It is about the job 'job_2', which that step did not submit.",
    )
    assert statuses(made)["made"] == "waiting"


def test_hear_of_one_job_of_several_wakes_what_waits_for_all() -> None:
    made = steps()
    change(made["job"], output={"job": "job_1", "jobs": ["job_1", "job_2"]})
    key = f"{made['job'].id}.2"
    assert tell(made, job_id="job_2", reference=key)[0] == "processed"
    assert tell(made, job_id="job_3", reference=key)[0] == "ignored"
    assert statuses(made)["made"] == "ready"


def test_hear_of_a_job_nobody_submitted_is_tried_again() -> None:
    made = steps()
    key = str(uuid4())
    assert tell(made, reference=key) == ("received", f"No step submitted a job under the key '{key}'.")
    assert tell(made, reference=str(made["rest"].id))[0] == "received"  # a step, but of another kind
    assert statuses(made)["made"] == "waiting"


def test_hear_of_a_job_before_its_step_wrote_it_down_is_tried_again() -> None:
    run = WorkflowRunFactory.create(status="running")
    made = add_steps(run, {"job": [], "made": ["job"]})
    change(made["job"], kind="studio_job")
    change(made["job"], status="running", lease_until=timezone.now())
    assert tell(made) == ("received", "The step that submitted it has not written down its job yet.")
    change(made["job"], status="failed", lease_until=None, error="No.", finished_at=timezone.now())
    assert tell(made, created_at=1)[0] == "ignored"


def test_hear_of_a_job_whose_wait_is_over_does_nothing() -> None:
    made = steps()
    change(made["made"], status="failed", wake_at=None, error="No.", finished_at=timezone.now())
    assert tell(made) == ("processed", "What it is about had ended already.")


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"event": "job.lost"}, "event"),
        ({"job_id": ""}, "job_id"),
        ({"job_id": "a\0"}, "job_id"),
        ({"reference": "5"}, "reference"),
    ],
)
def test_hear_what_is_no_callback_says_which_field(told: dict[str, Any], where: str) -> None:
    status, note = tell(steps(), **told)
    assert status == "not_understood"
    assert note.startswith(f"It is no callback of a job: '{where}' does not do (")
