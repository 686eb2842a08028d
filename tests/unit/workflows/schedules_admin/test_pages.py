"""The pages of schedules: made and changed in a form that shows the next times, the rest in dialogs."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from tests.factories.accounts import AccountFactory
from tests.factories.pages import World, make_world
from tests.factories.schedules import due_schedule, make_schedule, scheduled
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun
from workflows.schedules.firing import fire_due
from workflows.schedules.models import Schedule
from workflows.schedules.services import pause_schedule, remove_schedule

pytestmark = pytest.mark.django_db

LIST = "/admin/workflows/schedule/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    made = make_world()
    scheduled()
    TikTokAccount.objects.filter(id=made.account.id).update(time_zone="Europe/Berlin", handle="lumen")
    made.account.refresh_from_db()
    return made


def _new(world: World, **changes: Any) -> dict[str, Any]:
    given = {
        "name": "Every morning",
        "workflow": "scheduled",
        "account": str(world.account.pk),
        "kind": "cron",
        "expression": "0 9 * * 1-5",
        "input": '{"window_days": 14}',
    }
    return given | changes


def _page(schedule: Schedule, page: str = "change") -> str:
    return f"{LIST}{schedule.pk}/{page}/"


def _confirm(client: Client, schedule: Schedule, page: str, **headers: str) -> Any:
    """Say yes in the dialog of an action."""
    return client.post(_page(schedule, page), {"_form_submitted": "True"}, headers=headers)


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# The form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["operator", "owner", "client", "superuser"])
def test_make_a_schedule_leads_to_its_page(world: World, name: str) -> None:
    answer = world.client(name).post(f"{LIST}add/", _new(world))
    schedule = Schedule.objects.get()
    assert answer.headers["Location"] == _page(schedule)
    assert _said(answer) == ["The schedule 'Every morning' is kept."]
    assert (schedule.account, schedule.workflow, schedule.input) == (
        world.account,
        "scheduled",
        {"window_days": 14},
    )
    assert (schedule.created_by, schedule.kept_by) == (world.people[name], world.people[name])


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"name": ""}, "name", "This field is required."),
    ({"workflow": "nothing"}, "workflow", "Select a valid choice."),
    ({"account": "foreign"}, "account", "Select a valid choice."),
    ({"expression": "0 25 * * *"}, "expression", "is refused at '25', its hour"),
    ({"kind": "once", "expression": "2020-01-01 09:00"}, "__all__", "is past in Europe/Berlin"),
    ({"kind": "event", "expression": "post.liked"}, "expression", "There is no event 'post.liked'"),
    ({"input": "{"}, "input", "This is not JSON: write it as"),
    ({"input": "[1]"}, "input", "The input is [1], not an object"),
    (
        {"input": '{"colour": 1}'},
        "__all__",
        "The input has 'colour' (1), which 'scheduled' does not take",
    ),
]


def test_make_a_schedule_that_cannot_be_says_why_beside_what_was_written(world: World) -> None:
    client, foreign = world.client("operator"), str(AccountFactory.create().pk)
    for changes, field, sentence in WRONG:
        given = {name: foreign if value == "foreign" else value for name, value in changes.items()}
        answer = client.post(f"{LIST}add/", _new(world, **given))
        assert answer.status_code == 200
        errors = answer.context["form"].errors
        assert list(errors) == [field], changes
        assert sentence in errors[field][0]
    assert not Schedule.objects.exists()


def test_make_a_schedule_without_an_input_takes_the_workflows_own(world: World) -> None:
    world.client("operator").post(f"{LIST}add/", _new(world, input=""))
    assert Schedule.objects.get().input == {}


def test_change_a_schedule_by_its_form_keeps_what_it_is_about(world: World) -> None:
    schedule = make_schedule(world.account, given={"window_days": 7})
    client = world.client("operator")

    form = client.get(_page(schedule, "edit"))
    assert 'value="0 9 * * *"' in form.content.decode()
    assert list(form.context["form"].fields) == ["name", "kind", "expression", "input"]
    assert f"preview/?account={world.account.pk}" in form.content.decode()

    changes = {"name": "Often", "kind": "interval", "expression": "6 hours", "input": "{}"}
    answer = client.post(_page(schedule, "edit"), _new(world, **changes, workflow="own_post"))
    assert answer.headers["Location"] == _page(schedule)
    schedule.refresh_from_db()
    assert (schedule.name, schedule.expression, schedule.input, schedule.workflow) == (
        "Often",
        "6 hours",
        {},
        "scheduled",
    )
    assert schedule.kept_by == world.people["operator"]


def test_change_a_schedule_to_what_cannot_be_leaves_it(world: World) -> None:
    schedule = make_schedule(world.account)
    answer = world.client("operator").post(_page(schedule, "edit"), _new(world, expression="9:00"))
    assert "has 1 fields, not 5" in answer.content.decode()
    schedule.refresh_from_db()
    assert schedule.expression == "0 9 * * *"


# The preview -----------------------------------------------------------------------------------------


def test_preview_shows_the_next_five_times_by_both_clocks(world: World) -> None:
    given = {"account": str(world.account.pk), "kind": "once", "expression": "2998-07-01 18:00"}
    text = _text(world.client("operator").get(f"{LIST}preview/", given))
    assert "Once, on 1 Jul 2998 at 18:00, by the clock in Europe/Berlin" in text
    assert "<td>Sun 1 Jul 2998, 18:00 CEST</td><td>Sun 1 Jul 2998, 16:00 UTC</td>" in text

    given |= {"kind": "cron", "expression": "0 9 * * 1-5"}
    text = _text(world.client("operator").get(f"{LIST}preview/", given))
    assert "At 09:00, Monday to Friday, by the clock in Europe/Berlin" in text
    assert text.count("<tr><td>") == 5


def test_preview_without_an_account_of_theirs_is_by_utc(world: World) -> None:
    foreign = str(AccountFactory.create(time_zone="Asia/Tokyo").pk)
    for account in ("", "nothing", foreign):
        given = {"account": account, "kind": "cron", "expression": "0 9 * * *"}
        text = _text(world.client("operator").get(f"{LIST}preview/", given))
        assert "At 09:00, by the clock in UTC" in text


def test_preview_of_what_says_no_time_says_why_as_text(world: World) -> None:
    given = {"kind": "interval", "expression": HOSTILE}
    text = _text(world.client("operator").get(f"{LIST}preview/", given))
    assert "does not do: write a number of minutes, hours or days" in text
    assert HOSTILE not in text
    assert "There is no kind of schedule" in _text(world.client("operator").get(f"{LIST}preview/"))


def test_preview_of_an_event_says_that_no_time_is_known(world: World) -> None:
    given = {"kind": "event", "expression": "import.finished"}
    assert "No time is to come that is known now." in _text(
        world.client("operator").get(f"{LIST}preview/", given)
    )


@pytest.mark.parametrize("page", ["preview/", "add/"])
def test_open_the_form_without_the_role_is_refused(world: World, page: str) -> None:
    assert world.client("viewer").get(f"{LIST}{page}").status_code == 403


# The page --------------------------------------------------------------------------------------------


def test_open_a_schedule_shows_its_next_times_and_what_came_of_it(world: World) -> None:
    schedule = due_schedule(world.account)
    fire_due(limit=10)
    run = WorkflowRun.objects.get()
    text = _text(world.client("viewer").get(_page(schedule)))
    assert "At 09:00, by the clock in Europe/Berlin" in text
    assert "Missed times run once, not all." in text
    assert f'href="/admin/workflows/workflowrun/{run.pk}/change/">Its run</a>' in text
    assert text.count(" UTC</td></tr>") == 5
    assert "/edit/" not in text  # a viewer changes nothing


def test_open_a_schedule_that_fails_says_why_as_text(world: World) -> None:
    schedule = due_schedule(world.account, name=HOSTILE)
    Schedule.objects.filter(id=schedule.id).update(input={HOSTILE: 1})
    fire_due(limit=10)
    client = world.client("operator")
    for address in (LIST, _page(schedule)):
        text = _text(client.get(address))
        assert HOSTILE not in text
        assert "Failing" in text
        assert "&lt;script&gt;" in text
        assert "which &#x27;scheduled&#x27; does not take" in text


def test_open_a_schedule_that_cannot_be_read_any_more_says_so(world: World) -> None:
    schedule = make_schedule(world.account)
    Schedule.objects.filter(id=schedule.id).update(kind="event", expression="post.liked")
    text = _text(world.client("viewer").get(_page(schedule)))
    assert "There is no event &#x27;post.liked&#x27;" in text


def test_open_the_list_without_schedules_says_how_to_make_one(world: World) -> None:
    assert "Nothing starts by itself yet. Make a schedule" in _text(world.client("operator").get(LIST))


def test_open_the_list_shows_when_each_is_due_and_how_it_went(world: World) -> None:
    due_schedule(world.account)
    fire_due(limit=10)
    make_schedule(world.account, kind="event", expression="import.finished")
    text = _text(world.client("viewer").get(LIST))
    assert "At 09:00, by the clock in Europe/Berlin" in text
    assert "When new data of the account came in, by an import or a sync" in text
    assert f"/admin/workflows/workflowrun/{WorkflowRun.objects.get().pk}/change/" in text


# What people do to it --------------------------------------------------------------------------------


def test_fire_now_leads_to_the_run(world: World) -> None:
    schedule = make_schedule(world.account)
    answer = _confirm(world.client("operator"), schedule, "fire", **{"HX-Request": "true"})
    run = WorkflowRun.objects.get()
    assert answer.headers["HX-Redirect"] == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert run.requested_by == world.people["operator"]


def test_fire_now_what_is_refused_leads_back_with_the_sentence(world: World) -> None:
    schedule = make_schedule(world.account)
    Schedule.objects.filter(id=schedule.id).update(input={"colour": 1})
    answer = _confirm(world.client("operator"), schedule, "fire")
    assert answer.headers["Location"] == _page(schedule)
    assert "The input has 'colour' (1)" in _said(answer)[0]
    assert not WorkflowRun.objects.exists()


def test_pause_resume_and_remove_by_their_dialogs(world: World) -> None:
    schedule = make_schedule(world.account)
    client = world.client("operator")
    for page, said, state in (
        ("pause", "is paused", "paused"),
        ("resume", "is active again", "active"),
        ("remove", "is removed", "removed"),
    ):
        assert "dialog" in client.get(_page(schedule, page)).content.decode()
        answer = _confirm(client, schedule, page)
        assert (_said(answer)[-1], answer.headers["Location"]) == (
            f"The schedule 'Every morning' {said}.",
            _page(schedule),
        )
        schedule = Schedule.objects.get()
        assert schedule.state == state


def test_resume_what_is_past_leads_back_with_the_sentence(world: World) -> None:
    schedule = make_schedule(world.account, kind="once", expression="2999-01-01 09:00")
    pause_schedule(schedule_id=schedule.id, by="a test")
    Schedule.objects.filter(id=schedule.id).update(expression="2020-01-01 09:00")
    answer = _confirm(world.client("operator"), schedule, "resume")
    assert "is past in Europe/Berlin" in _said(answer)[0]


def test_act_on_a_schedule_without_the_role_is_refused(world: World) -> None:
    schedule = make_schedule(world.account)
    before = Schedule.objects.filter(id=schedule.id).values().get()
    given = _new(world, _form_submitted="True")
    for name, page in product(
        ["viewer", "approver", "stranger", "nobody"], ["edit", "fire", "pause", "remove"]
    ):
        answer = world.client(name).post(_page(schedule, page), given)
        assert answer.status_code in {302, 403}, (name, page)
    assert Schedule.objects.filter(id=schedule.id).values().get() == before
    assert not WorkflowRun.objects.exists()


def test_act_on_a_schedule_that_was_removed_is_refused(world: World) -> None:
    schedule = make_schedule(world.account)
    remove_schedule(schedule_id=schedule.id, by="a test")
    given = _new(world, _form_submitted="True")
    for page in ("edit", "fire", "pause", "resume", "remove"):
        assert world.client("owner").post(_page(schedule, page), given).status_code == 403, page
    schedule.refresh_from_db()
    assert schedule.state == "removed"


def test_pause_what_is_paused_is_not_offered(world: World) -> None:
    schedule = make_schedule(world.account)
    client = world.client("operator")
    assert _page(schedule, "pause") in _text(client.get(_page(schedule)))
    assert _page(schedule, "resume") not in _text(client.get(_page(schedule)))
    pause_schedule(schedule_id=schedule.id, by="a test")
    assert _page(schedule, "pause") not in _text(client.get(_page(schedule)))
    assert _page(schedule, "resume") in _text(client.get(_page(schedule)))


def test_open_a_schedule_that_waits_says_since_when_it_is_due(world: World) -> None:
    schedule = make_schedule(world.account, kind="interval", expression="1 day")
    assert schedule.next_due_at is not None
    assert timedelta() < schedule.next_due_at - timezone.now() <= timedelta(days=1)
    text = _text(world.client("viewer").get(_page(schedule)))
    assert "Every day" in text
    assert f"{schedule.next_due_at.day} {schedule.next_due_at:%b %Y, %H:%M} UTC" in text
