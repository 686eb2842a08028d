"""What people do to schedules: one function each, under the row's lock, on record."""

from typing import Any
from uuid import UUID

from django.db import transaction

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.clock import database_now
from workflows.catalogue import find_workflow
from workflows.schedules.models import LONGEST_NAME, Schedule
from workflows.schedules.refusals import ScheduleRefused, check_no_circle
from workflows.schedules.rows import locked_schedule, reckon
from workflows.schedules.timing import Kind, parse_timing
from workflows.validation import check_input


def create_schedule(
    *,
    name: str,
    account_id: UUID,
    workflow: str,
    kind: str,
    expression: str,
    by: User | str,
    given: dict[str, Any] | None = None,
) -> Schedule:
    """Let `workflow` start on an account whenever it is due, with the input `given`.

    `kind` and `expression` are what `parse_timing` reads. Raises `TimingRefused`, `WorkflowUnknown`,
    `DefinitionRefused`, `InputRefused` or `ScheduleRefused`, each one sentence, having written nothing.
    """
    timing = parse_timing(kind, expression)
    definition = find_workflow(workflow)
    check_input(definition, given or {})
    check_no_circle(definition, expression=timing.text)
    with transaction.atomic():
        account = _account(account_id)
        person = by if isinstance(by, User) else None
        schedule = Schedule(
            workspace_id=account.workspace_id,
            account=account,
            name=_checked_name(name),
            workflow=workflow,
            kind=kind,
            expression=timing.text,
            input=given or {},
            created_by=person,
            kept_by=person,
        )
        _set_due(schedule)
        schedule.save()
        _record("schedule.created", schedule, by=by)
    return schedule


def change_schedule(
    *, schedule_id: UUID, name: str, kind: str, expression: str, given: dict[str, Any], by: User | str
) -> Schedule:
    """Give the schedule another name, time and input; from now on it starts runs in the name of `by`.

    One that is paused stays so. Where the time is what it was, what is due next is, too. Raises
    `ScheduleUnknown` and what `create_schedule` raises.
    """
    timing = parse_timing(kind, expression)
    with transaction.atomic():
        schedule = _kept(schedule_id)
        definition = find_workflow(schedule.workflow)
        check_input(definition, given)
        check_no_circle(definition, expression=timing.text)
        is_same_time = (schedule.kind, schedule.expression) == (kind, timing.text)
        schedule.name = _checked_name(name)
        schedule.kind, schedule.expression, schedule.input = kind, timing.text, given
        schedule.kept_by = by if isinstance(by, User) else None
        if schedule.is_active and not is_same_time:
            _set_due(schedule)
        schedule.save()
        _record("schedule.changed", schedule, by=by)
    return schedule


def pause_schedule(*, schedule_id: UUID, by: User | str) -> Schedule:
    """Let the schedule start nothing until it is resumed. Raises `ScheduleUnknown` or `ScheduleRefused`."""
    with transaction.atomic():
        schedule = _kept(schedule_id)
        if not schedule.is_active:
            raise ScheduleRefused(f"The schedule {schedule.name!r} is paused already.")
        schedule.is_active, schedule.next_due_at = False, None
        schedule.save()
        _record("schedule.paused", schedule, by=by)
    return schedule


def resume_schedule(*, schedule_id: UUID, by: User | str) -> Schedule:
    """Let a paused schedule be due again; what came in between is not made up for.

    Raises `ScheduleUnknown`, or `ScheduleRefused` also for one whose only time is past.
    """
    with transaction.atomic():
        schedule = _kept(schedule_id)
        if schedule.is_active:
            raise ScheduleRefused(f"The schedule {schedule.name!r} is not paused.")
        schedule.is_active = True
        _set_due(schedule)
        schedule.save()
        _record("schedule.resumed", schedule, by=by)
    return schedule


def remove_schedule(*, schedule_id: UUID, by: User | str) -> Schedule:
    """End the schedule for good; it and its runs stay on record. Raises `ScheduleUnknown` or `ScheduleRefused`."""
    with transaction.atomic():
        schedule = _kept(schedule_id)
        schedule.is_active, schedule.next_due_at = False, None
        schedule.removed_at = database_now()
        schedule.save()
        _record("schedule.removed", schedule, by=by)
    return schedule


def _account(account_id: UUID) -> TikTokAccount:
    account = TikTokAccount.objects.filter(id=account_id).first()
    if account is None:
        raise ScheduleRefused(
            f"There is no account with the id {str(account_id)!r}: it may have been removed."
        )
    return account


def _kept(schedule_id: UUID) -> Schedule:
    """Return the schedule, locked; raises `ScheduleRefused` when it was removed."""
    schedule = locked_schedule(schedule_id)
    if schedule.removed_at is not None:
        raise ScheduleRefused(
            f"The schedule {schedule.name!r} was removed on {schedule.removed_at:%Y-%m-%d %H:%M} UTC: "
            "make a new one."
        )
    return schedule


def _checked_name(name: str) -> str:
    written = name.strip()
    if not (1 <= len(written) <= LONGEST_NAME and written.isprintable()):
        raise ScheduleRefused(
            f"The name {name!r} does not do: say in 1 to {LONGEST_NAME} printable characters what it is for."
        )
    return written


def _set_due(schedule: Schedule) -> None:
    """Reckon from now on; raises `ScheduleRefused` when the only time there is is past."""
    reckon(schedule, after=database_now())
    if schedule.kind == Kind.ONCE and schedule.next_due_at is None:
        raise ScheduleRefused(
            f"The time {schedule.expression!r} is past in {schedule.time_zone}: choose a later one."
        )


def _record(verb: str, schedule: Schedule, *, by: User | str) -> None:
    record(
        verb,
        by=by,
        subject=f"schedule {schedule.id}",
        workspace_id=schedule.workspace_id,
        data={
            "name": schedule.name,
            "workflow": schedule.workflow,
            "account": schedule.account.handle,
            "kind": schedule.kind,
            "expression": schedule.expression,
            "input": schedule.input,
        },
    )
