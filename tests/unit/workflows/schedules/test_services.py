"""What people do to schedules: made, changed, paused, resumed, removed; refused in one sentence, on record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.schedules import DAILY, due_schedule, make_schedule, scheduled
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.errors import Refused
from workflows.catalogue import WorkflowUnknown
from workflows.schedules.cron import TimingRefused
from workflows.schedules.firing import fire_due
from workflows.schedules.models import Schedule
from workflows.schedules.refusals import ScheduleRefused, ScheduleUnknown
from workflows.schedules.services import (
    change_schedule,
    create_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from workflows.validation import InputRefused

pytestmark = pytest.mark.django_db


def change(schedule: Schedule, **changes: Any) -> Schedule:
    """Change the schedule as far as said."""
    values: dict[str, Any] = {
        "name": schedule.name,
        "kind": schedule.kind,
        "expression": schedule.expression,
        "given": schedule.input,
        "by": "a test",
        **changes,
    }
    return change_schedule(schedule_id=schedule.id, **values)


def on_record(schedule: Schedule) -> list[tuple[str, str]]:
    """Return what was done to the schedule, and by whom."""
    events = AuditEvent.objects.filter(subject=f"schedule {schedule.id}").order_by("id")
    return list(events.values_list("verb", "actor"))


def test_create_a_schedule_is_due_by_the_clock_of_its_account() -> None:
    ana = UserFactory.create(username="ana")
    account = AccountFactory.create(time_zone="Asia/Tokyo")
    before = timezone.now()

    schedule = make_schedule(account, by=ana, given={"window_days": 14}, name="  Every morning ")
    schedule.refresh_from_db()

    assert schedule.next_due_at is not None
    assert before < schedule.next_due_at <= before + timedelta(days=1)
    assert (schedule.next_due_at.astimezone(UTC).hour, schedule.next_due_at.minute) == (0, 0)  # 9 in Tokyo
    assert (schedule.time_zone, schedule.name, schedule.input) == (
        "Asia/Tokyo",
        "Every morning",
        {"window_days": 14},
    )
    assert (schedule.workspace, schedule.created_by, schedule.kept_by) == (account.workspace, ana, ana)
    assert (schedule.state, schedule.catch_up) == ("active", "once")
    [event] = AuditEvent.objects.filter(verb="schedule.created")
    assert (event.actor, event.workspace_id) == ("user:ana", account.workspace_id)
    assert event.data == {
        "name": "Every morning",
        "workflow": "scheduled",
        "account": account.handle,
        "kind": "cron",
        "expression": DAILY,
        "input": {"window_days": 14},
    }


def test_create_a_schedule_of_the_command_line_is_kept_by_nobody() -> None:
    schedule = make_schedule(by="command line")
    assert (schedule.created_by, schedule.kept_by) == (None, None)
    assert on_record(schedule) == [("schedule.created", "command line")]


@pytest.mark.parametrize(
    ("changes", "refusal", "sentence"),
    [
        ({"workflow": "nothing"}, WorkflowUnknown, "There is no workflow 'nothing'; there are"),
        ({"given": {"colour": 1}}, InputRefused, "The input has 'colour' (1), which 'scheduled' does not take"),
        ({"given": {"window_days": "x"}}, InputRefused, "The input 'window_days' is 'x', which does not do"),
        ({"expression": "0 9 * *"}, TimingRefused, "has 4 fields, not 5"),
        ({"kind": "once", "expression": "2020-01-01 09:00"}, ScheduleRefused, "is past in UTC: choose a later one"),
        ({"workflow": "sync_account", "kind": "event", "expression": "import.finished"}, ScheduleRefused,
         "'Sync account' syncs the account itself, so new data would start it again and again: give it a time"),
        ({"name": " "}, ScheduleRefused, "The name ' ' does not do: say in 1 to 80 printable characters"),
        ({"name": "x" * 81}, ScheduleRefused, "say in 1 to 80 printable characters"),
        ({"name": "a\u202eb"}, ScheduleRefused, "printable characters"),
    ],
)  # fmt: skip
def test_create_a_schedule_that_could_start_nothing_is_refused_having_written_nothing(
    changes: dict[str, Any], refusal: type[Refused], sentence: str
) -> None:
    account = AccountFactory.create()
    with pytest.raises(refusal) as refused:
        make_schedule(account, **changes)
    assert sentence in str(refused.value)
    assert not Schedule.objects.exists()
    assert not AuditEvent.objects.filter(verb="schedule.created").exists()


def test_create_a_schedule_on_no_account_is_refused_naming_it() -> None:
    nobody = uuid4()
    with pytest.raises(ScheduleRefused, match=f"There is no account with the id '{nobody}'"):
        create_schedule(
            name="x",
            account_id=nobody,
            workflow=scheduled().slug,
            kind="cron",
            expression=DAILY,
            by="a test",
        )


def test_create_a_schedule_that_waits_for_an_event_is_not_due() -> None:
    schedule = make_schedule(kind="event", expression="import.finished")
    assert (schedule.next_due_at, schedule.state) == (None, "active")


def test_change_a_schedule_reckons_its_time_anew_and_takes_it_over() -> None:
    ana, ben = UserFactory.create(), UserFactory.create(username="ben")
    schedule = make_schedule(by=ana)

    changed = change(
        schedule, name="Often", kind="interval", expression="2hours", given={"window_days": 7}, by=ben
    )

    changed.refresh_from_db()
    assert (changed.name, changed.kind, changed.expression, changed.input) == (
        "Often",
        "interval",
        "2 hours",
        {"window_days": 7},
    )
    assert (changed.created_by, changed.kept_by) == (ana, ben)
    assert changed.next_due_at is not None
    left = changed.next_due_at - timezone.now()
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert on_record(schedule)[-1] == ("schedule.changed", "user:ben")


def test_change_only_the_name_leaves_when_it_is_due() -> None:
    schedule = make_schedule(kind="interval", expression="2 hours")
    changed = change(schedule, name="Another name", expression=" 2  hours")
    assert changed.next_due_at == schedule.next_due_at


def test_change_a_paused_schedule_leaves_it_paused() -> None:
    schedule = make_schedule()
    pause_schedule(schedule_id=schedule.id, by="a test")
    changed = change(schedule, kind="interval", expression="2 hours")
    assert (changed.state, changed.next_due_at) == ("paused", None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"given": {"colour": 1}}, "The input has 'colour'"),
        ({"kind": "once", "expression": "2020-01-01 09:00"}, "is past in UTC"),
        ({"name": ""}, "The name '' does not do"),
        ({"expression": "never"}, "has 1 fields"),
    ],
)
def test_change_to_what_cannot_be_is_refused_and_leaves_it(changes: dict[str, Any], sentence: str) -> None:
    schedule = make_schedule()
    before = Schedule.objects.filter(id=schedule.id).values().get()
    with pytest.raises(Refused, match=sentence):
        change(schedule, **changes)
    assert Schedule.objects.filter(id=schedule.id).values().get() == before


def test_pause_and_resume_a_schedule_does_not_make_up_for_what_came_between() -> None:
    schedule = due_schedule()

    paused = pause_schedule(schedule_id=schedule.id, by="a test")
    assert (paused.state, paused.next_due_at) == ("paused", None)
    assert fire_due(limit=10) == 0

    resumed = resume_schedule(schedule_id=schedule.id, by="a test")
    assert resumed.state == "active"
    assert resumed.next_due_at is not None
    assert resumed.next_due_at > timezone.now()
    assert fire_due(limit=10) == 0
    assert [verb for verb, _ in on_record(schedule)] == [
        "schedule.created",
        "schedule.paused",
        "schedule.resumed",
    ]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [(pause_schedule, "is paused already"), (resume_schedule, "is not paused")],
    ids=["pause", "resume"],
)
def test_do_what_was_done_before_is_refused(act: Callable[..., Schedule], sentence: str) -> None:
    schedule = make_schedule()
    if act is pause_schedule:
        act(schedule_id=schedule.id, by="a test")
    with pytest.raises(ScheduleRefused, match=f"The schedule 'Every morning' {sentence}"):
        act(schedule_id=schedule.id, by="a test")


def test_resume_a_schedule_whose_only_time_is_past_is_refused() -> None:
    schedule = make_schedule(kind="once", expression="2999-01-01 09:00")
    pause_schedule(schedule_id=schedule.id, by="a test")
    Schedule.objects.filter(id=schedule.id).update(expression="2020-01-01 09:00")
    with pytest.raises(ScheduleRefused, match="The time '2020-01-01 09:00' is past in UTC"):
        resume_schedule(schedule_id=schedule.id, by="a test")
    schedule.refresh_from_db()
    assert schedule.state == "paused"


@pytest.mark.parametrize("is_paused", [False, True])
def test_remove_a_schedule_keeps_it_on_record_and_ends_it(is_paused: bool) -> None:
    schedule = due_schedule()
    if is_paused:
        pause_schedule(schedule_id=schedule.id, by="a test")

    removed = remove_schedule(schedule_id=schedule.id, by="a test")

    assert (removed.state, removed.next_due_at) == ("removed", None)
    assert removed.removed_at is not None
    assert fire_due(limit=10) == 0
    assert on_record(schedule)[-1] == ("schedule.removed", "a test")
    for act in (pause_schedule, resume_schedule, remove_schedule):
        with pytest.raises(ScheduleRefused, match=r"was removed on \d{4}-.* UTC: make a new one"):
            act(schedule_id=schedule.id, by="a test")
    with pytest.raises(ScheduleRefused, match="make a new one"):
        change(schedule)


@pytest.mark.parametrize("act", [pause_schedule, resume_schedule, remove_schedule])
def test_act_on_no_schedule_is_refused_naming_it(act: Callable[..., Schedule]) -> None:
    nothing = uuid4()
    with pytest.raises(ScheduleUnknown, match=f"There is no schedule with the id '{nothing}'"):
        act(schedule_id=nothing, by="a test")


def test_be_done_is_what_a_schedule_of_one_time_is_after_it() -> None:
    schedule = make_schedule(kind="once", expression="2999-01-01 09:00")
    assert schedule.next_due_at == datetime(2999, 1, 1, 9, tzinfo=UTC)
    Schedule.objects.filter(id=schedule.id).update(next_due_at=None)
    schedule.refresh_from_db()
    assert schedule.state == "done"
