"""`manage.py schedule`: what starts by itself, made and managed from a shell."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import visible
from tiktok_ops.commands import SentenceCommand
from workflows.management.commands.run_workflow import account_of, input_of
from workflows.schedules.firing import fire_now
from workflows.schedules.models import Schedule
from workflows.schedules.overview import schedule_as_json, when_in_words
from workflows.schedules.refusals import ScheduleUnknown
from workflows.schedules.services import create_schedule, pause_schedule, remove_schedule, resume_schedule
from workflows.schedules.timing import Kind

ACTOR = "command line"
_KINDS = {"cron": Kind.CRON, "every": Kind.INTERVAL, "once": Kind.ONCE, "on": Kind.EVENT}
_ACTS = {"pause": pause_schedule, "resume": resume_schedule, "remove": remove_schedule}


class Command(SentenceCommand):
    """List, add, pause, resume, remove and fire schedules."""

    help = "List, add, pause, resume, remove and fire schedules. Exit code: 0 done, 2 refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command does."""
        actions = parser.add_subparsers(
            dest="action", required=True, metavar="list | add | pause | resume | remove | fire"
        )
        listing = actions.add_parser("list", help="show every schedule that was not removed")
        listing.add_argument("--account", metavar="HANDLE", help="of this account only")
        adding = actions.add_parser("add", help="let a workflow start by itself")
        adding.add_argument("slug", help="the workflow, for example profile_audit")
        adding.add_argument("--account", required=True, metavar="HANDLE", help="the account's handle")
        adding.add_argument("--name", required=True, help="what it is for")
        when = adding.add_mutually_exclusive_group(required=True)
        when.add_argument("--cron", metavar="EXPRESSION", help="by the account's clock, as '0 9 * * 1-5'")
        when.add_argument("--every", metavar="INTERVAL", help="a number of minutes, hours or days: '6 hours'")
        when.add_argument("--once", metavar="TIME", help="by the account's clock, as '2026-11-20 18:00'")
        when.add_argument("--on", metavar="EVENT", help="when something happened, as 'import.finished'")
        adding.add_argument("--input", default="{}", metavar="JSON", help="the run's input")
        for action, help_text in (
            ("pause", "let it start nothing until it is resumed"),
            ("resume", "let it be due again"),
            ("remove", "end it for good"),
            ("fire", "start its run now, whatever it is due"),
        ):
            one = actions.add_parser(action, help=help_text)
            one.add_argument("id", help="the schedule, as `schedule list` shows it")
        for each in actions.choices.values():
            each.add_argument("--json", action="store_true", help="print JSON")
        for each in (listing, adding):
            each.add_argument("--workspace", metavar="SLUG", help="where the handle is in several")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked and print the schedule, or all of them."""
        action = options["action"]
        if action == "list":
            found = [self._shown(each, options) for each in _listed(options)]
            self.stdout.write(json.dumps(found, indent=2) if options["json"] else "\n".join(found))
            return
        schedule = _add(options) if action == "add" else _act(action, _id(options["id"]))
        shown = self._shown(_read().get(id=schedule.id), options)
        self.stdout.write(json.dumps(shown, indent=2) if options["json"] else shown)

    def _shown(self, schedule: Schedule, options: dict[str, Any]) -> Any:
        return schedule_as_json(schedule) if options["json"] else _line(schedule)


def _read() -> Any:
    return Schedule.objects.select_related("account", "last_firing")


def _listed(options: dict[str, Any]) -> Any:
    schedules = _read().filter(removed_at=None)
    if options["account"] is not None:
        return schedules.filter(account=account_of(options["account"], options["workspace"]))
    if options["workspace"] is not None:
        return schedules.filter(workspace__slug=options["workspace"])
    return schedules


def _add(options: dict[str, Any]) -> Schedule:
    account: TikTokAccount = account_of(options["account"], options["workspace"])
    name, kind = next((name, kind) for name, kind in _KINDS.items() if options[name] is not None)
    return create_schedule(
        name=options["name"],
        account_id=account.id,
        workflow=options["slug"],
        kind=kind,
        expression=options[name],
        given=input_of(options["input"]),
        by=ACTOR,
    )


def _act(action: str, schedule_id: UUID) -> Schedule:
    if action == "fire":
        return fire_now(schedule_id=schedule_id, by=ACTOR).schedule
    return _ACTS[action](schedule_id=schedule_id, by=ACTOR)


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise ScheduleUnknown(
            f"There is no schedule {written!r}: `manage.py schedule list` shows the ids."
        ) from None


def _line(schedule: Schedule) -> str:
    """Return one line on a schedule, and a second one when its last start was refused."""
    due = f"due {schedule.next_due_at:%Y-%m-%d %H:%M} UTC" if schedule.next_due_at else "not due"
    parts = [
        str(schedule.id),
        f"{schedule.state:<7}",
        f"{schedule.workflow} on {schedule.account}",
        when_in_words(schedule),
        due,
        visible(schedule.name),
    ]
    last = schedule.last_firing
    refusal = f"\n    {visible(last.refusal)}" if last is not None and last.refusal else ""
    run = f"\n    run {last.run_id}" if last is not None and last.run_id else ""
    return "  ".join(parts) + refusal + run
