"""Resetting a breaker: by whom, with what on record, and over every door."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import Breaker
from agents.services import BreakerClosed, BreakerRefused, reset_breaker
from tests.factories.accounts import UserFactory, WorkspaceFactory, person
from tests.factories.breakers import DOWN, breaker, call, fail, let_cool_down, open_breaker
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
CONFIRMED = {"_form_submitted": "True"}


def superuser(**changes: Any) -> User:
    """Return somebody who may."""
    user: User = UserFactory.create(is_superuser=True, **changes)
    return user


def resets() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the audit trail has."""
    rows = AuditEvent.objects.filter(verb="breaker.reset").order_by("id")
    return list(rows.values_list("actor", "subject", "data"))


def test_reset_by_a_superuser_closes_it_at_once_and_is_on_record() -> None:
    opened = open_breaker(reopenings=3)
    reset_breaker(breaker_id=opened.id, by=superuser(username="root"))
    found = breaker()
    assert (found.status, found.failures, found.reopenings, found.retry_at) == ("closed", 0, 0, None)
    call()
    told = {"was": "open", "failures": 5, "last_error": DOWN}
    assert resets() == [("user:root", "breaker claude messages", told)]


def test_reset_of_one_that_is_being_probed_leaves_the_prober_nothing_to_say() -> None:
    opened = open_breaker()
    let_cool_down()
    call()
    reset_breaker(breaker_id=opened.id, by="a test")
    fail()
    assert (breaker().status, breaker().failures, breaker().successes) == ("closed", 1, 0)


@pytest.mark.parametrize("changes", [{}, {"is_superuser": True, "is_active": False}])
def test_reset_by_anybody_else_is_refused(changes: dict[str, Any]) -> None:
    opened = open_breaker()
    with pytest.raises(BreakerRefused, match=r"'kim' may not reset a circuit breaker.*: ask a superuser\."):
        reset_breaker(breaker_id=opened.id, by=UserFactory.create(username="kim", **changes))
    assert (breaker().status, resets()) == ("open", [])


def test_reset_of_a_closed_one_is_refused() -> None:
    fail()
    with pytest.raises(BreakerClosed, match="closed already: there is nothing to reset"):
        reset_breaker(breaker_id=breaker().id, by="a test")
    assert resets() == []


# Pages ----------------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    """Return a browser in which they are signed in."""
    client = Client()
    client.force_login(user)
    return client


def test_page_shows_what_is_left_alone_and_why() -> None:
    opened = open_breaker()
    page = client_of(superuser()).get(reverse("admin:agents_breaker_change", args=[opened.id]))
    assert "open: left alone" in page.text
    assert DOWN in page.text
    assert reverse("admin:agents_breaker_reset", args=[opened.id]) in page.text


def test_list_shows_what_each_said_last() -> None:
    open_breaker()
    page = client_of(superuser()).get("/admin/agents/breaker/").text
    assert "claude messages" in page
    assert DOWN in page


def test_list_without_breakers_says_what_would_be_there() -> None:
    assert "left alone for a while" in client_of(superuser()).get("/admin/agents/breaker/").text


def test_reset_on_its_page_takes_a_post_of_a_superuser() -> None:
    opened = open_breaker()
    url = reverse("admin:agents_breaker_reset", args=[opened.id])
    owner = client_of(person(WorkspaceFactory.create(), Role.OWNER))
    assert owner.post(url, CONFIRMED, headers=HTMX).status_code == 403
    client = client_of(superuser())
    assert client.get(url).status_code == 200
    assert client.post(url, headers=HTMX).status_code == 200  # asks
    assert breaker().status == "open"

    answer = client.post(url, CONFIRMED, headers=HTMX)

    assert answer.headers["HX-Redirect"] == reverse("admin:agents_breaker_change", args=[opened.id])
    assert breaker().status == "closed"
    assert client.post(url, CONFIRMED, headers=HTMX).status_code == 403
    assert len(resets()) == 1


def test_reset_on_a_page_somebody_else_reset_meanwhile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_breaker()

    def overtaken(**given: Any) -> None:
        raise BreakerClosed

    monkeypatch.setattr("agents.breaker_admin.reset_breaker", overtaken)
    client = client_of(superuser())
    client.post(reverse("admin:agents_breaker_reset", args=[opened.id]), CONFIRMED, headers=HTMX)
    assert "closed already: there is nothing to reset" in client.get("/admin/").text


# The command ----------------------------------------------------------------------------------------


def test_command_lists_breakers_in_words_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("breakers", "list")
    assert capsys.readouterr().out == "No provider has failed yet.\n"
    opened = open_breaker("init", alias="tiktok")
    fail()
    assert opened.retry_at is not None

    call_command("breakers", "list")
    claude, tiktok = capsys.readouterr().out.splitlines()
    call_command("breakers", "list", "--json")
    listed = json.loads(capsys.readouterr().out)

    assert claude.split("  ")[0] == "claude"
    assert claude.endswith(f"1 failures in a row  said last: {DOWN}")
    assert f"asked again from {opened.retry_at:%Y-%m-%d %H:%M:%S} UTC" in tiktok
    assert [(one["provider"], one["operation"], one["status"]) for one in listed] == [
        ("claude", "messages", "closed"),
        ("tiktok", "init", "open"),
    ]
    assert (listed[0]["retry_at"], listed[1]["retry_at"]) == (None, opened.retry_at.isoformat())


def test_command_says_no_more_of_a_breaker_than_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    Breaker.objects.create(alias="claude", operation="messages")
    call_command("breakers", "list")
    assert capsys.readouterr().out.split() == ["claude", "messages", "closed"]


def test_command_resets_a_breaker_and_is_on_record(capsys: pytest.CaptureFixture[str]) -> None:
    open_breaker()
    call_command("breakers", "reset", "claude", "messages", "--json")
    [shown] = json.loads(capsys.readouterr().out)
    assert (shown["status"], shown["failures"]) == ("closed", 0)
    assert [actor for actor, _, _ in resets()] == ["manage.py breakers"]


@pytest.mark.parametrize("is_there", [True, False])
def test_command_that_cannot_reset_says_why_and_ends_with_2(
    is_there: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if is_there:
        fail()
    with pytest.raises(SystemExit) as ended:
        call_command("breakers", "reset", "claude", "messages")
    assert ended.value.code == 2
    said = (
        "closed already" if is_there else "There is no breaker 'claude' 'messages': `manage.py breakers list`"
    )
    assert said in capsys.readouterr().err


def test_foreign_id_is_nobodys_breaker() -> None:
    with pytest.raises(Breaker.DoesNotExist):
        reset_breaker(breaker_id=uuid4(), by="a test")
    assert connection.in_atomic_block
