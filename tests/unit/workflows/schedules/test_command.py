"""`manage.py schedule`: made and managed from a shell, in words and as JSON."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from tests.factories.accounts import AccountFactory
from tests.factories.schedules import due_schedule, make_schedule, scheduled
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.commands import EXIT_REFUSED
from workflows.models import WorkflowRun
from workflows.schedules.firing import fire_due
from workflows.schedules.models import Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return the account schedules are on."""
    made: TikTokAccount = AccountFactory.create(handle="lumen", time_zone="Europe/Berlin")
    scheduled()
    return made


def run(*arguments: str) -> str:
    """Return what the command printed."""
    out = io.StringIO()
    call_command("schedule", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    """Return the sentence the command ended with."""
    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("schedule", *arguments, stderr=err)
    assert end.value.code == EXIT_REFUSED
    return err.getvalue()


@pytest.mark.parametrize(
    ("option", "expression", "kind"),
    [
        ("--cron", "0 9 * * 1-5", "cron"),
        ("--every", "6 hours", "interval"),
        ("--once", "2999-01-01 09:00", "once"),
        ("--on", "import.finished", "event"),
    ],
)
def test_add_a_schedule_prints_it(account: TikTokAccount, option: str, expression: str, kind: str) -> None:
    given = ("--account", "@Lumen", "--name", "Regular", "--input", '{"window_days": 14}', "--json")
    printed: dict[str, Any] = json.loads(run("add", "scheduled", option, expression, *given))
    schedule = Schedule.objects.get()
    assert printed == {
        "id": str(schedule.id),
        "name": "Regular",
        "account": "lumen",
        "workflow": "scheduled",
        "kind": kind,
        "expression": expression,
        "when": schedule.timing.in_words("Europe/Berlin"),
        "time_zone": "Europe/Berlin",
        "input": {"window_days": 14},
        "state": "active",
        "coming": printed["coming"],
        "last_firing": None,
    }
    assert len(printed["coming"]) == {"cron": 5, "interval": 5, "once": 1, "event": 0}[kind]
    assert schedule.kept_by is None


def test_list_schedules_prints_a_line_each_with_the_last_refusal_or_run(account: TikTokAccount) -> None:
    due_schedule(account, name="Good")
    failing = due_schedule(account, name="Bad")
    Schedule.objects.filter(id=failing.id).update(input={"colour": 1})
    fire_due(limit=10)
    make_schedule(account, name="New", kind="event", expression="import.finished")
    removed = make_schedule(account, name="Gone")
    run("remove", str(removed.id))

    lines = run("list").splitlines()

    assert len(lines) == 5
    assert "active   scheduled on @lumen" in lines[0]
    assert lines[0].endswith("a sync  not due  New")
    assert "failing" in lines[1]
    assert lines[2].strip().startswith("The input has 'colour' (1)")
    assert "At 09:00, by the clock in Europe/Berlin  due 20" in lines[3]
    assert lines[4] == f"    run {WorkflowRun.objects.get().id}"


def test_list_schedules_of_an_account_or_a_workspace_leaves_out_the_others(account: TikTokAccount) -> None:
    mine, other = make_schedule(account), make_schedule()
    for arguments in (
        ("--account", "lumen"),
        ("--account", "lumen", "--workspace", account.workspace.slug),
        ("--workspace", account.workspace.slug),
    ):
        [printed] = json.loads(run("list", "--json", *arguments))
        assert printed["id"] == str(mine.id)
    assert {each["id"] for each in json.loads(run("list", "--json"))} == {str(mine.id), str(other.id)}
    assert run("list", "--workspace", "nothing").strip() == ""


def test_pause_resume_fire_and_remove_print_what_became_of_it(account: TikTokAccount) -> None:
    schedule = make_schedule(account)
    states = [
        json.loads(run(action, str(schedule.id), "--json"))["state"]
        for action in ("pause", "resume", "remove")
    ]
    assert states == ["paused", "active", "removed"]
    other = make_schedule(account)
    printed = json.loads(run("fire", str(other.id), "--json"))
    assert printed["last_firing"]["run"] == str(WorkflowRun.objects.get().id)
    assert printed["last_firing"]["refusal"] is None
    assert "paused" in run("pause", str(other.id))


def test_refuse_what_cannot_be_in_one_sentence(account: TikTokAccount) -> None:
    nothing = str(uuid4())
    given = ("--account", "lumen", "--name", "x")
    assert refused("pause", "5") == "There is no schedule '5': `manage.py schedule list` shows the ids.\n"
    assert refused("fire", nothing) == f"There is no schedule with the id '{nothing}'.\n"
    assert "has 1 fields, not 5" in refused("add", "scheduled", "--cron", "daily", *given)
    assert "There is no workflow 'nothing'" in refused("add", "nothing", "--every", "1 hour", *given)
    assert "The input is not JSON" in refused("add", "scheduled", "--every", "1 hour", "--input", "{", *given)
    assert not Schedule.objects.exists()
