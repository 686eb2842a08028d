"""A step read by hand is the step Django would have read."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import Claim
from workflows.protocol import work_of
from workflows.step_reading import Runs, read_run, read_step

pytestmark = pytest.mark.django_db


def everything(row: Model) -> dict[str, Any]:
    """Return all values of a row."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def told_step(step: WorkflowStep, runs: Runs | None = None) -> WorkflowStep:
    """Return the step as a worker that claimed it reads it."""
    return read_step(work_of(Claim(step.id, 1)), runs or Runs())


def test_read_run_gives_what_django_gives() -> None:
    made = WorkflowRunFactory.create(input={"topics": ["a"]}, warnings=["Look."])
    expected = WorkflowRun.objects.select_related("account__brand").get(id=made.id)
    run = read_run(made.id)
    with CaptureQueriesContext(connection) as asked:
        assert everything(run) == everything(expected)
        assert everything(run.account) == everything(expected.account)
        assert run.account.brand is not None and expected.account.brand is not None  # noqa: PT018
        assert everything(run.account.brand) == everything(expected.account.brand)
    assert len(asked) == 0


def test_read_run_of_an_account_without_a_brand_has_none() -> None:
    assert read_run(WorkflowRunFactory.create(account__brand=None).id).account.brand is None


def test_read_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(WorkflowRun.DoesNotExist):
        read_run(uuid4())


@pytest.mark.parametrize("status", ["ready", "running", "succeeded", "failed"])
def test_read_step_gives_what_django_gives(status: str) -> None:
    made = WorkflowStepFactory.create(status=status, item_value={"n": [1, None, "x"]}, feedback="Shorter.")
    expected = WorkflowStep.objects.get(id=made.id)
    assert told_step(made) == expected
    assert everything(told_step(made)) == everything(expected)


def test_read_step_can_be_saved() -> None:
    step = told_step(WorkflowStepFactory.create())
    step.error = "Changed."
    step.save(update_fields=["error"])
    assert WorkflowStep.objects.get().error == "Changed."


def test_read_steps_of_one_run_within_a_second_reads_the_run_once() -> None:
    run = WorkflowRunFactory.create()
    steps = [WorkflowStepFactory.create(run=run) for _ in range(2)]
    runs = Runs()
    first = told_step(steps[0], runs)
    WorkflowRun.objects.filter(id=run.id).update(input={"later": 1})
    assert told_step(steps[1], runs).run is first.run


def test_read_steps_of_one_run_a_second_later_reads_the_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = WorkflowRunFactory.create()
    steps = [WorkflowStepFactory.create(run=run) for _ in range(2)]
    runs = Runs()
    told_step(steps[0], runs)
    WorkflowRun.objects.filter(id=run.id).update(input={"later": 1})
    monkeypatch.setattr("workflows.step_reading.FRESH_SECONDS", -1.0)
    assert told_step(steps[1], runs).run.input == {"later": 1}


def test_read_steps_of_two_runs_gives_each_its_own() -> None:
    runs = Runs()
    for _ in range(2):
        made = WorkflowStepFactory.create()
        assert told_step(made, runs).run == made.run
