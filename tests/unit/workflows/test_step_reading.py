"""A step read by hand is the step Django would have read."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.workflows import WorkflowStepFactory
from workflows.models import WorkflowStep
from workflows.step_reading import read_step

pytestmark = pytest.mark.django_db


def everything(step: WorkflowStep) -> list[object]:
    """Return all values of a step, its run, account and brand."""
    account = step.run.account
    parts = [part for part in (step, step.run, account, account.brand) if part]
    return [
        {field.attname: getattr(part, field.attname) for field in part._meta.concrete_fields}
        for part in parts
    ]


@pytest.mark.parametrize("status", ["ready", "running", "succeeded", "failed"])
def test_read_step_gives_what_django_gives(status: str) -> None:
    made = WorkflowStepFactory.create(
        status=status, item_value={"n": [1, None, "x"]}, run__input={"topics": ["a"]}, run__warnings=["Look."]
    )
    expected = WorkflowStep.objects.select_related("run__account__brand").get(id=made.id)
    assert everything(read_step(made.id)) == everything(expected)
    assert read_step(made.id) == expected


def test_read_step_has_all_at_hand_and_can_be_saved() -> None:
    made = WorkflowStepFactory.create()
    step = read_step(made.id)
    with CaptureQueriesContext(connection) as asked:
        assert step.run.account.brand is not None
        assert step.run.account.brand.name
    assert len(asked) == 0
    step.error = "Changed."
    step.save(update_fields=["error"])
    assert read_step(made.id).error == "Changed."


def test_read_step_of_an_account_without_a_brand_has_none() -> None:
    made = WorkflowStepFactory.create(run__account__brand=None)
    assert read_step(made.id).run.account.brand is None


def test_read_step_that_is_not_there_is_refused() -> None:
    with pytest.raises(WorkflowStep.DoesNotExist):
        read_step(uuid4())
