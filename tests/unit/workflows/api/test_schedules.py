"""`/api/v1/schedules/`: when, in whose name, and how the last time went."""

from typing import Any

import pytest
from django.test import Client

from tests.factories.accounts import AccountFactory, person
from tests.factories.schedules import due_schedule, make_schedule
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun
from workflows.schedules.firing import fire_due
from workflows.schedules.models import Schedule
from workflows.schedules.services import pause_schedule, remove_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return the account schedules are on."""
    made: TikTokAccount = AccountFactory.create()
    return made


@pytest.fixture
def client(account: TikTokAccount) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(account.workspace))


def read(client: Client, path: str = "") -> Any:
    """Return what the API answers."""
    answer = client.get(f"/api/v1/schedules/{path}")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_read_a_schedule_that_started_a_run_leads_to_it(account: TikTokAccount, client: Client) -> None:
    ana = person(account.workspace, Role.OPERATOR, username="ana")
    schedule = due_schedule(account, by=ana)
    due_at = schedule.next_due_at
    fire_due(limit=10)

    told = read(client, f"{schedule.id}/")

    last = told["last_firing"]
    assert (last["run_id"], last["refusal"], last["cause"]) == (str(WorkflowRun.objects.get().id), "", "time")
    assert due_at is not None
    assert last["due_at"] == due_at.isoformat().replace("+00:00", "Z")
    assert (told["created_by"], told["kept_by"], told["state"]) == ("user:ana", "user:ana", "active")
    assert told["when"] == "At 09:00, by the clock in UTC"


def test_read_a_schedule_that_was_refused_says_why(account: TikTokAccount, client: Client) -> None:
    schedule = due_schedule(account)
    Schedule.objects.filter(id=schedule.id).update(input={"colour": 1})
    fire_due(limit=10)
    told = read(client, f"{schedule.id}/")
    assert (told["state"], told["last_firing"]["run_id"]) == ("failing", None)
    assert told["last_firing"]["refusal"].startswith("The input has 'colour' (1)")
    assert (told["created_by"], told["kept_by"]) == (None, None)


def test_read_a_schedule_whose_event_is_gone_says_so(account: TikTokAccount, client: Client) -> None:
    schedule = make_schedule(account, kind="event", expression="import.finished")
    Schedule.objects.filter(id=schedule.id).update(expression="post.liked")
    assert read(client, f"{schedule.id}/")["when"].startswith("There is no event 'post.liked'")


def test_list_schedules_narrows_them_and_keeps_those_that_were_removed(
    account: TikTokAccount, client: Client
) -> None:
    daily = make_schedule(account)
    waiting = make_schedule(account, kind="event", expression="import.finished")
    paused, removed = make_schedule(account), make_schedule(account)
    pause_schedule(schedule_id=paused.id, by="a test")
    remove_schedule(schedule_id=removed.id, by="a test")

    told = read(client)["results"]

    assert [(row["id"], row["state"]) for row in told] == [
        (str(removed.id), "removed"),
        (str(paused.id), "paused"),
        (str(waiting.id), "active"),
        (str(daily.id), "active"),
    ]
    assert [row["id"] for row in read(client, "?kind=event")["results"]] == [str(waiting.id)]
    assert [row["id"] for row in read(client, "?due_before=2999-01-01T00:00:00Z")["results"]] == [
        str(daily.id)
    ]
    assert len(read(client, "?workflow=scheduled")["results"]) == 4
    assert client.get("/api/v1/schedules/?kind=daily").status_code == 422
