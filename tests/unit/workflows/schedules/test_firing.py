"""What is due starts once, missed times start once for all, and what is refused stops no other."""

import logging
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.factories.accounts import AccountFactory, person
from tests.factories.schedules import DAILY, due_schedule, due_since, make_schedule
from tests.factories.workflows import doorbells, workflow_of
from tests.unit.tiktok_ops.content.imports.files import csv_file, rows
from tiktok_ops.accounts.models import Membership, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.imports.service import import_posts
from workflows import keeper
from workflows.catalogue import store_definition
from workflows.definitions.shared_nodes import FRESH
from workflows.doorbells import DOORBELL
from workflows.models import WorkflowDefinition, WorkflowRun
from workflows.schedules import firing as starting
from workflows.schedules.firing import FAULT, fire_due, fire_event, fire_now
from workflows.schedules.models import Schedule, ScheduleFiring
from workflows.schedules.refusals import ScheduleRefused
from workflows.schedules.services import change_schedule, pause_schedule, remove_schedule
from workflows.services import start_run
from workflows.validation import InputRefused

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def fired(schedule: Schedule) -> list[ScheduleFiring]:
    """Return the firings of the schedule, the newest first."""
    return list(schedule.firings.select_related("run"))


# Time ------------------------------------------------------------------------------------------------


def test_fire_what_is_due_starts_its_run_and_is_due_again_later() -> None:
    account = AccountFactory.create()
    ana = person(account.workspace, Role.OPERATOR, username="ana")
    schedule = due_schedule(account, by=ana, given={"window_days": 14})
    due_at = schedule.next_due_at

    assert fire_due(limit=10) == 1

    run = WorkflowRun.objects.get()
    assert (run.account, run.input, run.requested_by) == (account, {"window_days": 14}, ana)
    assert doorbells() == [(DOORBELL, (str(run.id),))]
    [firing] = fired(schedule)
    assert (firing.due_at, firing.run, firing.refusal, firing.cause) == (due_at, run, "", "time")
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert timezone.now() < schedule.next_due_at <= timezone.now() + DAY
    assert (schedule.last_firing, schedule.state) == (firing, "active")
    actors = dict(AuditEvent.objects.values_list("verb", "actor"))
    assert actors["run.started"] == actors["schedule.fired"] == f"schedule {schedule.id}"
    assert fire_due(limit=10) == 0


def test_fire_what_is_not_due_starts_nothing() -> None:
    make_schedule()
    make_schedule(kind="event", expression="import.finished")
    assert fire_due(limit=10) == 0
    assert not WorkflowRun.objects.exists()


def test_fire_after_many_times_were_missed_starts_once() -> None:
    schedule = due_since(make_schedule(kind="interval", expression="1 minute"), 30 * DAY)
    assert schedule.next_due_at is not None
    missed = schedule.next_due_at

    assert fire_due(limit=10) == 1
    assert fire_due(limit=10) == 0

    [firing] = fired(schedule)
    assert firing.due_at == missed
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert timedelta() < schedule.next_due_at - timezone.now() <= timedelta(minutes=1)
    assert (schedule.next_due_at - missed) % timedelta(minutes=1) == timedelta()


def test_fire_a_schedule_of_one_time_is_done_then() -> None:
    schedule = due_since(make_schedule(kind="once", expression="2999-01-01 09:00"))
    Schedule.objects.filter(id=schedule.id).update(expression="2020-01-01 09:00")
    assert fire_due(limit=10) == 1
    schedule.refresh_from_db()
    assert (schedule.state, schedule.next_due_at, WorkflowRun.objects.count()) == ("done", None, 1)


def test_fire_more_than_a_page_goes_on_page_by_page_the_oldest_first() -> None:
    account = AccountFactory.create()
    schedules = [due_since(make_schedule(account), timedelta(minutes=n)) for n in range(1, 6)]
    assert [fire_due(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    order = ScheduleFiring.objects.order_by("fired_at").values_list("schedule", flat=True)
    assert list(order) == [schedule.id for schedule in reversed(schedules)]


def test_keep_house_fires_all_there_is_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAGE", 2)
    account = AccountFactory.create()
    for _ in range(5):
        due_schedule(account)
    keeper.sweep()
    assert WorkflowRun.objects.count() == 5


def test_fire_a_due_time_that_was_met_before_only_goes_past_it() -> None:
    schedule = due_schedule()
    assert schedule.next_due_at is not None
    ScheduleFiring.objects.create(
        schedule=schedule, due_at=schedule.next_due_at, cause="time", refusal="It was refused."
    )
    assert fire_due(limit=10) == 1
    assert not WorkflowRun.objects.exists()
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert schedule.next_due_at > timezone.now()


def test_be_due_after_the_account_moved_is_by_its_new_clock() -> None:
    account = AccountFactory.create(time_zone="UTC")
    daily = make_schedule(account)
    interval = make_schedule(account, kind="interval", expression="6 hours")
    paused = make_schedule(account)
    pause_schedule(schedule_id=paused.id, by="a test")
    TikTokAccount.objects.filter(id=account.id).update(time_zone="Asia/Tokyo")
    before = interval.next_due_at

    assert fire_due(limit=10) == 0

    for schedule in (daily, interval, paused):
        schedule.refresh_from_db()
    assert daily.next_due_at is not None
    assert (daily.time_zone, daily.next_due_at.astimezone(UTC).hour) == ("Asia/Tokyo", 0)
    assert (interval.next_due_at, paused.next_due_at) == (before, None)


def test_be_due_when_the_account_has_just_moved_is_not_lost() -> None:
    account = AccountFactory.create(time_zone="UTC")
    schedule = due_schedule(account)
    TikTokAccount.objects.filter(id=account.id).update(time_zone="Asia/Tokyo")
    assert fire_due(limit=10) == 1
    schedule.refresh_from_db()
    assert schedule.time_zone == "Asia/Tokyo"


# Refusals --------------------------------------------------------------------------------------------


def test_fire_what_is_refused_notes_the_sentence_and_lets_the_others_go_on() -> None:
    schedule = due_since(make_schedule(given={"window_days": 14}), timedelta(hours=1))
    other = due_schedule()
    Schedule.objects.filter(id=schedule.id).update(input={"colour": "red"})

    assert fire_due(limit=10) == 2

    [firing] = fired(schedule)
    sentence = "The input has 'colour' ('red'), which 'scheduled' does not take; it takes window_days."
    assert (firing.run, firing.refusal) == (None, sentence)
    schedule.refresh_from_db()
    assert (schedule.state, schedule.is_active, schedule.last_firing) == ("failing", True, firing)
    assert schedule.next_due_at is not None
    assert schedule.next_due_at > timezone.now()
    assert [firing.refusal for firing in fired(other)] == [""]
    [event] = AuditEvent.objects.filter(verb="schedule.refused")
    assert event.data["refusal"] == sentence


def test_fire_again_after_a_refusal_is_active_again() -> None:
    schedule = due_schedule()
    Schedule.objects.filter(id=schedule.id).update(input={"colour": "red"})
    fire_due(limit=10)
    Schedule.objects.filter(id=schedule.id).update(input={})
    due_since(schedule)
    fire_due(limit=10)
    schedule.refresh_from_db()
    assert schedule.state == "active"
    assert [bool(firing.run) for firing in fired(schedule)] == [True, False]


@pytest.mark.parametrize("loss", ["role", "sign-in"])
def test_fire_for_a_person_who_may_not_start_runs_any_more_is_refused(loss: str) -> None:
    account = AccountFactory.create(handle="lumen")
    ana = person(account.workspace, Role.OPERATOR, first_name="Ana")
    schedule = due_schedule(account, by=ana)
    if loss == "role":
        Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    else:
        type(ana).objects.filter(id=ana.id).update(is_active=False)

    fire_due(limit=10)

    assert not WorkflowRun.objects.exists()
    [firing] = fired(schedule)
    assert firing.refusal == (
        "Ana may not start runs on @lumen any more: let somebody who may take the schedule over by changing it."
    )


def test_fire_after_somebody_took_the_schedule_over_is_in_their_name() -> None:
    account = AccountFactory.create()
    ana, ben = (person(account.workspace, Role.OPERATOR) for _ in range(2))
    schedule = make_schedule(account, by=ana)
    change_schedule(schedule_id=schedule.id, name="Ben's", kind="cron", expression=DAILY, given={}, by=ben)
    due_since(schedule)
    fire_due(limit=10)
    assert WorkflowRun.objects.get().requested_by == ben


def test_fire_what_a_bug_keeps_from_starting_notes_it_and_lets_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    schedule, other = due_since(make_schedule(), timedelta(hours=1)), due_schedule()

    def start(slug: str, **given: object) -> WorkflowRun:
        if given["account_id"] == schedule.account_id:
            raise KeyError("a bug")
        return start_run(slug, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(starting, "start_run", start)
    with caplog.at_level(logging.ERROR):
        assert fire_due(limit=10) == 2

    assert [firing.refusal for firing in fired(schedule)] == [FAULT]
    assert [firing.refusal for firing in fired(other)] == [""]
    assert "schedule failed" in caplog.text


def test_fire_what_cannot_be_read_any_more_is_logged_and_lets_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    schedule, other = due_since(make_schedule(), timedelta(hours=1)), due_schedule()
    Schedule.objects.filter(id=schedule.id).update(expression="gone")
    with caplog.at_level(logging.ERROR):
        assert fire_due(limit=10) == 1
    assert "schedule not fired" in caplog.text
    assert fired(schedule) == []
    assert len(fired(other)) == 1


def test_fire_while_the_database_goes_away_leaves_it_due(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = due_schedule()

    def away(*_: object, **__: object) -> WorkflowRun:
        raise OperationalError("the server is starting up")

    with monkeypatch.context() as patch:
        patch.setattr(starting, "start_run", away)
        with pytest.raises(OperationalError):
            fire_due(limit=10)
    assert fired(schedule) == []
    assert fire_due(limit=10) == 1


def test_fire_a_workflow_that_is_gone_is_refused_naming_those_there_are() -> None:
    schedule = due_schedule()
    WorkflowDefinition.objects.filter(slug="scheduled").delete()
    fire_due(limit=10)
    [firing] = fired(schedule)
    assert firing.refusal.startswith("There is no workflow 'scheduled'; there are ")


# Events ----------------------------------------------------------------------------------------------


def test_fire_an_event_lets_those_be_due_that_wait_for_it_on_this_account() -> None:
    account, other = AccountFactory.create(), AccountFactory.create()
    waiting = make_schedule(account, kind="event", expression="import.finished")
    elsewhere = make_schedule(other, kind="event", expression="import.finished")
    paused = make_schedule(account, kind="event", expression="import.finished")
    pause_schedule(schedule_id=paused.id, by="a test")
    make_schedule(account)

    assert fire_event("import.finished", account_id=account.id) == 1
    assert fire_event("import.finished", account_id=account.id) == 1  # again, before anybody came
    assert fire_due(limit=10) == 1

    [firing] = fired(waiting)
    assert firing.cause == "event"
    assert fired(elsewhere) == fired(paused) == []
    waiting.refresh_from_db()
    assert (waiting.next_due_at, waiting.state) == (None, "active")
    fire_event("import.finished", account_id=account.id)
    assert fire_due(limit=10) == 1
    assert WorkflowRun.objects.count() == 2


def test_fire_an_event_there_is_not_is_a_bug_and_says_so() -> None:
    with pytest.raises(ValueError, match=r"There is no event 'post\.liked': add it to"):
        fire_event("post.liked", account_id=AccountFactory.create().id)


# People ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_paused", [False, True])
def test_fire_now_starts_a_run_and_leaves_when_it_is_due(is_paused: bool) -> None:
    account = AccountFactory.create()
    ana, ben = (person(account.workspace, Role.OPERATOR) for _ in range(2))
    schedule = make_schedule(account, by=ana)
    if is_paused:
        pause_schedule(schedule_id=schedule.id, by=ana)
    schedule.refresh_from_db()
    before = (schedule.is_active, schedule.next_due_at)

    firing = fire_now(schedule_id=schedule.id, by=ben)

    run = WorkflowRun.objects.get()
    assert (firing.run, firing.cause, run.requested_by) == (run, "person", ben)
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.next_due_at) == before
    assert schedule.last_firing == firing
    assert fire_now(schedule_id=schedule.id, by=ben).due_at > firing.due_at


def test_fire_now_what_is_refused_tells_the_person_and_writes_nothing() -> None:
    schedule = make_schedule()
    Schedule.objects.filter(id=schedule.id).update(input={"colour": "red"})
    with pytest.raises(InputRefused, match="The input has 'colour'"):
        fire_now(schedule_id=schedule.id, by="a test")
    assert fired(schedule) == []


def test_fire_now_what_was_removed_is_refused() -> None:
    schedule = make_schedule()
    remove_schedule(schedule_id=schedule.id, by="a test")
    with pytest.raises(ScheduleRefused, match="The schedule 'Every morning' was removed: make a new one"):
        fire_now(schedule_id=schedule.id, by="a test")


def test_fire_a_slot_reckoned_in_wall_time_meets_it_at_the_very_minute() -> None:
    schedule = make_schedule(AccountFactory.create(time_zone="Europe/Berlin"))
    slot = datetime(2026, 3, 29, 7, tzinfo=UTC)  # 9 in Berlin, on the day its clocks change
    Schedule.objects.filter(id=schedule.id).update(next_due_at=slot)
    fire_due(limit=10)
    assert [firing.due_at for firing in fired(schedule)] == [slot]


# Imports ---------------------------------------------------------------------------------------------


def test_import_a_file_lets_the_schedules_of_its_account_be_due_that_wait_for_it() -> None:
    account = AccountFactory.create(handle="demo")
    schedule = make_schedule(account, kind="event", expression="import.finished")
    elsewhere = make_schedule(kind="event", expression="import.finished")
    import_posts(account_id=account.id, stream=BytesIO(csv_file(rows(2))), filename="posts.csv", by="test")
    assert fire_due(limit=10) == 1
    [firing] = fired(schedule)
    assert firing.run is not None
    account.refresh_from_db()
    assert firing.run.as_of == account.data_as_of  # the run reads what the import wrote
    assert fired(elsewhere) == []


def test_fire_a_workflow_that_has_come_to_sync_itself_is_refused_rather_than_started_again_and_again() -> (
    None
):
    account = AccountFactory.create(handle="demo")
    schedule = make_schedule(account, kind="event", expression="import.finished")
    store_definition(workflow_of(FRESH, slug="scheduled"), by="a test")
    fire_event("import.finished", account_id=account.id)
    fire_due(limit=10)
    [firing] = fired(schedule)
    assert (firing.run, firing.refusal.split(",")[0]) == (None, "'Made' syncs the account itself")
    with pytest.raises(ScheduleRefused, match="give it a time, or an interval"):
        change_schedule(
            schedule_id=schedule.id,
            name="New",
            kind="event",
            expression="import.finished",
            given={},
            by="a test",
        )
    change_schedule(
        schedule_id=schedule.id, name="New", kind="interval", expression="6 hours", given={}, by="a test"
    )
