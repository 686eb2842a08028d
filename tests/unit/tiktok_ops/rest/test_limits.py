"""How often somebody may ask: what is counted, for whom, and what happens when it cannot be."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client, RequestFactory

from tests.factories.accounts import WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import make_key, scopeless_key, showing, signed_in, using
from tiktok_ops.accounts.models import RateWindow, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.limits import Count, Tier, address_of, count_call

ME = "/api/v1/me/"
NOBODY = "Bearer tto_nobody"


@pytest.fixture(autouse=True)
def _tiers(settings: Any) -> None:
    """Allow three calls a minute, and as many mistakes."""
    settings.RATE_TIERS = dict.fromkeys(Tier, 3)


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Return a workspace."""
    return WorkspaceFactory.create()


def rate(answer: Any) -> tuple[str | None, str | None]:
    """Return what the answer says of the limit, and of what is left of it."""
    return answer.headers.get("RateLimit-Limit"), answer.headers.get("RateLimit-Remaining")


def test_ask_up_to_the_limit_is_answered_with_what_is_left(workspace: Workspace) -> None:
    client = using(make_key(workspace))
    answers = [client.get(ME) for _ in range(3)]
    assert [(answer.status_code, *rate(answer)) for answer in answers] == [
        (200, "3", "2"),
        (200, "3", "1"),
        (200, "3", "0"),
    ]
    assert all(1 <= int(answer.headers["RateLimit-Reset"]) <= 60 for answer in answers)
    assert all("Retry-After" not in answer.headers for answer in answers)


def test_ask_beyond_the_limit_is_429_saying_when_to_come_back(workspace: Workspace) -> None:
    client = using(make_key(workspace))
    for _ in range(3):
        client.get(ME)
    answer = client.get(ME)
    wait_seconds = int(answer.headers["Retry-After"])
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        f"More than 3 calls of the tier 'read' came within a minute: ask again in {wait_seconds} seconds."
    )
    assert 1 <= wait_seconds <= 60
    assert rate(answer) == ("3", "0")
    assert answer.headers["RateLimit-Reset"] == answer.headers["Retry-After"]


def test_ask_again_once_the_minute_is_over_is_answered(workspace: Workspace) -> None:
    client = using(make_key(workspace))
    for _ in range(4):
        client.get(ME)
    RateWindow.objects.update(started_at=F("started_at") - timedelta(seconds=59))
    assert client.get(ME).status_code == 429
    RateWindow.objects.update(started_at=F("started_at") - timedelta(seconds=1))
    answer = client.get(ME)
    assert (answer.status_code, *rate(answer)) == (200, "3", "2")


def test_ask_as_somebody_else_is_counted_apart(workspace: Workspace) -> None:
    first, second = using(make_key(workspace)), using(make_key(workspace))
    ana = signed_in(person(workspace, Role.VIEWER))
    for _ in range(4):
        first.get(ME)
    assert [client.get(ME).status_code for client in (first, second, ana)] == [429, 200, 200]
    assert sorted(
        bucket.split(":")[:2] for bucket in RateWindow.objects.values_list("bucket", flat=True)
    ) == [
        ["read", "api_key"],
        ["read", "api_key"],
        ["read", "user"],
    ]


def test_ask_without_the_scope_is_counted_nowhere(workspace: Workspace) -> None:
    assert using(scopeless_key(workspace)).get(ME).status_code == 403
    assert not RateWindow.objects.exists()


def test_write_beyond_the_limit_leaves_reading_alone(workspace: Workspace) -> None:
    client = using(make_key(workspace, scopes=["read", "runs:start"]))
    writes = [client.post("/api/v1/runs/", {}, "application/json").status_code for _ in range(4)]
    assert writes == [400, 400, 400, 429]
    assert client.get(ME).status_code == 200


def test_ask_for_an_address_there_is_not_is_counted(workspace: Workspace) -> None:
    client = using(make_key(workspace))
    assert [client.get("/api/v1/nothing/").status_code for _ in range(4)] == [404, 404, 404, 429]


def test_hear_304_with_what_is_left_of_the_limit(workspace: Workspace) -> None:
    client = using(make_key(workspace))
    etag = client.get(ME).headers["ETag"]
    answer = client.get(ME, headers={"if-none-match": etag})
    assert (answer.status_code, *rate(answer)) == (304, "3", "1")


# --- signing in


def test_guess_keys_from_an_address_is_refused_after_a_few(workspace: Workspace) -> None:
    answers = [showing(NOBODY).get(ME) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert "the tier 'auth'" in answers[3].json()["detail"]
    assert int(answers[3].headers["Retry-After"]) <= 60
    assert "WWW-Authenticate" not in answers[3].headers


def test_guess_keys_from_one_address_leaves_others_alone(workspace: Workspace) -> None:
    for _ in range(4):
        showing(NOBODY).get(ME)
    elsewhere = Client(headers={"authorization": NOBODY}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.get(ME).status_code == 401


def test_show_a_good_key_from_an_address_that_guesses_is_let_in(workspace: Workspace) -> None:
    for _ in range(4):
        showing(NOBODY).get(ME)
    assert using(make_key(workspace)).get(ME).status_code == 200


def test_ask_without_any_key_is_no_guess(workspace: Workspace) -> None:
    assert [Client().get(ME).status_code for _ in range(5)] == [401] * 5
    assert not RateWindow.objects.exists()


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_count_by_address_takes_the_network_of_one_customer(address: str, counted: str) -> None:
    assert address_of(RequestFactory().get("/", REMOTE_ADDR=address)) == counted


# --- health


@pytest.mark.django_db
def test_ask_for_health_beyond_the_limit_is_429(caplog: pytest.LogCaptureFixture) -> None:
    answers = [Client().get("/readyz") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Content-Type"] == "application/problem+json"
    assert answers[3].json()["status"] == 429
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR="203.0.113.9").get("/readyz").status_code == 200


# --- when the database cannot count


@pytest.fixture
def uncounted(committed_db: str) -> None:
    """Take the table away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_ratewindow RENAME TO elsewhere")


def test_ask_while_nothing_can_be_counted_is_answered(
    uncounted: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = using(make_key(WorkspaceFactory.create())).get(ME)
    assert (answer.status_code, *rate(answer)) == (200, None, None)
    assert "rate.uncounted read" in caplog.text
    assert Client().get("/readyz").status_code == 200


def test_hear_304_while_nothing_can_be_counted_says_nothing_of_a_limit(uncounted: None) -> None:
    client = using(make_key(WorkspaceFactory.create()))
    answer = client.get(ME, headers={"if-none-match": client.get(ME).headers["ETag"]})
    assert (answer.status_code, *rate(answer)) == (304, None, None)


def test_guess_while_nothing_can_be_counted_is_not_answered(uncounted: None) -> None:
    answer = showing(NOBODY).get(ME)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "Signing in does not work at the moment: try again in a minute."
    assert answer.headers["Retry-After"] == "60"


# --- the count itself


@pytest.mark.django_db
def test_count_call_starts_a_window_and_goes_on_in_it() -> None:
    first, second = count_call(Tier.READ, "somebody"), count_call(Tier.READ, "somebody")
    assert first is not None
    assert second is not None
    assert (first.hits, second.hits, first.limit) == (1, 2, 3)
    row = RateWindow.objects.get()
    assert str(row) == "read:somebody: 2"


@pytest.mark.django_db
def test_count_calls_in_a_table_that_costs_no_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'accounts_ratewindow'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.parametrize(("hits", "is_over", "remaining"), [(1, False, "2"), (3, False, "0"), (4, True, "0")])
def test_tell_of_a_count_whether_it_is_over(hits: int, is_over: bool, remaining: str) -> None:
    count = Count(Tier.WRITE, limit=3, hits=hits, seconds_left=7)
    assert count.is_over is is_over
    assert count.headers["RateLimit-Remaining"] == remaining
    assert ("Retry-After" in count.headers) is is_over
