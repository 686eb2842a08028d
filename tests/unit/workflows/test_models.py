"""What the database itself refuses of runs and steps, each rule broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories.workflows import (
    WorkflowDefinitionFactory,
    WorkflowRunFactory,
    WorkflowStepFactory,
    add_steps,
    companions,
)
from workflows.models import RunEvent, StepDependency, WorkflowRun, WorkflowStep
from workflows.transitions import RUN, STEP

pytestmark = pytest.mark.django_db


def test_name_rows_for_people() -> None:
    run = WorkflowRunFactory.create(definition__slug="made", account__handle="blick")
    step = WorkflowStepFactory.create(run=run, key="draft", status="failed")
    assert [str(run.definition), str(run), str(step)] == ["made v1", "Made of @blick", "draft failed"]


@pytest.mark.parametrize("status", RUN.statuses)
def test_ask_a_run_whether_it_is_over_goes_by_its_machine(status: str) -> None:
    run: WorkflowRun = WorkflowRunFactory.create(status=status)
    assert run.is_over == (status in ("succeeded", "failed", "cancelled"))


@pytest.mark.parametrize("status", RUN.statuses)
def test_end_a_run_with_the_wrong_time_of_its_end_is_refused(status: str) -> None:
    wrong = None if status in RUN.terminal else timezone.now()
    with pytest.raises(IntegrityError, match="run_finished_when_over"), transaction.atomic():
        WorkflowRunFactory.create(status=status, finished_at=wrong)


@pytest.mark.parametrize("status", STEP.statuses)
def test_lease_a_step_other_than_while_it_runs_is_refused(status: str) -> None:
    wrong = None if status == "running" else timezone.now()
    with pytest.raises(IntegrityError, match="step_lease_while_running"), transaction.atomic():
        WorkflowStepFactory.create(status=status, lease_until=wrong)


@pytest.mark.parametrize(
    ("status", "changes", "rule"),
    [
        ("succeeded", {"output": None}, "step_success_has_output"),
        ("failed", {"error": ""}, "step_failure_has_reason"),
        ("ready", {"cluster": "medium"}, "step_cluster_known"),
        ("ready", {"kind": "agent", "wake_at": timezone.now()}, "step_wakes_from_waiting"),
        ("ready", {"claims": -1}, "step_counts_from_zero"),
        ("ready", {"tries": -1}, "step_counts_from_zero"),
        ("ready", {"item": -1}, "step_counts_from_zero"),
        ("ready", {"round": -1}, "step_counts_from_zero"),
        ("ready", {"position": -1}, "step_counts_from_zero"),
        ("ready", {"broken_dependencies": -1}, "step_counts_from_zero"),
        ("ready", {"taken_sha256": "a" * 64}, "step_taken_over_is_over"),
        ("pending", {"open_dependencies": -1}, "step_counts_from_zero"),
    ],
)
def test_store_a_step_that_contradicts_itself_is_refused(
    status: str, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        WorkflowStepFactory.create(status=status, **changes)


@pytest.mark.parametrize(
    ("make", "rule"), [(WorkflowRunFactory, "run_status"), (WorkflowStepFactory, "step_status")]
)
def test_store_a_status_there_is_not_is_refused(make: Any, rule: str) -> None:
    with pytest.raises(IntegrityError, match=f'a row that is "lost" violates the rule "{rule}_known"'):
        make.create(
            status="lost", **({"lease_until": None, "output": None, "error": ""} if "step" in rule else {})
        )


def same_step() -> None:
    """Store two rows of one node, item and round."""
    step = WorkflowStepFactory.create(item=1, round=2)
    WorkflowStepFactory.create(run=step.run, key=step.key, item=1, round=2)


def same_edge() -> None:
    """Store an edge twice."""
    edge = add_steps(WorkflowRunFactory.create(), {"a": [], "b": ["a"]})
    StepDependency.objects.create(upstream=edge["a"], downstream=edge["b"])


def edge_to_itself() -> None:
    """Store an edge from a step to itself."""
    step = WorkflowStepFactory.create()
    StepDependency.objects.create(upstream=step, downstream=step)


def same_event() -> None:
    """Store two events of one number."""
    run = WorkflowRunFactory.create()
    for _ in range(2):
        RunEvent.objects.create(run=run, seq=7, kind="made")


def same_version() -> None:
    """Store two definitions of one version."""
    first = WorkflowDefinitionFactory.create()
    WorkflowDefinitionFactory.create(slug=first.slug, digest="0" * 64)


@pytest.mark.parametrize(
    ("act", "rule"),
    [
        (same_step, "step_once"),
        (same_edge, "step_dependency_once"),
        (edge_to_itself, "step_depends_on_others"),
        (same_event, "run_event_once"),
        (same_version, "workflow_version_once"),
    ],
)
def test_store_what_there_is_once_a_second_time_is_refused(act: Callable[[], None], rule: str) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        act()


def test_store_rounds_and_items_of_one_node_beside_each_other() -> None:
    step = WorkflowStepFactory.create()
    for item, turn in ((0, 1), (1, 0), (1, 1)):
        WorkflowStepFactory.create(run=step.run, key=step.key, item=item, round=turn)
    assert WorkflowStep.objects.filter(run=step.run).count() == 4


@pytest.mark.parametrize("status", STEP.statuses)
def test_make_a_step_in_any_status_has_what_belongs_to_it(status: str) -> None:
    step = WorkflowStepFactory.create(status=status)
    assert {name: bool(value) for name, value in companions(status).items() if name != "output"} == {
        "lease_until": step.lease_until is not None,
        "error": bool(step.error),
        "finished_at": step.finished_at is not None,
    }
