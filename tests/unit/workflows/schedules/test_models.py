"""What the database keeps of schedules and firings, whoever writes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.schedules import make_schedule
from tests.factories.workflows import WorkflowRunFactory
from workflows.schedules.models import Schedule, ScheduleFiring

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def firing_of(schedule: Schedule, **changes: Any) -> ScheduleFiring:
    """Return a firing that was refused."""
    values = {"due_at": NOW, "cause": "time", "refusal": "It was refused.", **changes}
    return ScheduleFiring.objects.create(schedule=schedule, **values)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"kind": "daily"}, "schedule_kind_known"),
        ({"catch_up": "all"}, "schedule_catch_up_known"),
        ({"is_active": False}, "schedule_due_while_active"),
        ({"next_due_at": None}, "schedule_active_is_due"),
        ({"kind": "interval", "next_due_at": None}, "schedule_active_is_due"),
        ({"removed_at": NOW}, "schedule_removed_is_inactive"),
    ],
)
def test_write_a_schedule_that_cannot_be_is_refused(changes: dict[str, Any], constraint: str) -> None:
    schedule = make_schedule()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Schedule.objects.filter(id=schedule.id).update(**changes)


@pytest.mark.parametrize("kind", ["once", "event"])
def test_write_an_active_schedule_without_a_due_time_passes_where_none_may_be_known(kind: str) -> None:
    schedule = make_schedule()
    assert Schedule.objects.filter(id=schedule.id).update(kind=kind, next_due_at=None) == 1


@pytest.mark.parametrize("column", ["workflow", "account", "created_by", "created_at"])
def test_change_what_a_schedule_is_about_is_refused(column: str) -> None:
    schedule = make_schedule()
    others: dict[str, Any] = {
        "workflow": "another",
        "account": AccountFactory.create(workspace=schedule.workspace),
        "created_by": UserFactory.create(),
        "created_at": NOW,
    }
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Schedule.objects.filter(id=schedule.id).update(**{column: others[column]})


def test_write_a_schedule_on_an_account_of_another_workspace_is_refused() -> None:
    schedule = make_schedule()
    values = {
        name: getattr(schedule, name)
        for name in ("account", "workflow", "kind", "expression", "next_due_at", "time_zone")
    }
    Schedule.objects.create(workspace=AccountFactory.create().workspace, **values)
    with pytest.raises(IntegrityError, match="same_workspace"), transaction.atomic():
        connection.check_constraints()
    transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"cause": "mood"}, "schedule_firing_cause_known"),
        ({"refusal": ""}, "schedule_firing_came_to_one_thing"),
        ({"has_run": True}, "schedule_firing_came_to_one_thing"),
    ],
)
def test_write_a_firing_that_cannot_be_is_refused(changes: dict[str, Any], constraint: str) -> None:
    schedule = make_schedule()
    if changes.pop("has_run", False):
        changes["run"] = WorkflowRunFactory.create(account=schedule.account)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        firing_of(schedule, **changes)


def test_meet_a_due_time_a_second_time_is_refused() -> None:
    schedule, other = make_schedule(), make_schedule()
    firing_of(schedule)
    firing_of(schedule, due_at=NOW + timedelta(microseconds=1))
    firing_of(other)
    with pytest.raises(IntegrityError, match="schedule_due_time_once"), transaction.atomic():
        firing_of(schedule)


def test_name_a_schedule_and_a_firing_as_people_do() -> None:
    schedule = make_schedule(name="Every morning")
    assert str(schedule) == "Every morning"
    assert str(firing_of(schedule)) == f"{NOW:%Y-%m-%d %H:%M} UTC"
