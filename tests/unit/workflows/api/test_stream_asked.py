"""Asking for the stream of a run's events: what it takes, how it is refused, and who may go on reading it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory, Client
from django.urls import resolve, reverse
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from tests.factories.accounts import BrandFactory, WorkspaceFactory, person
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowRunFactory
from tests.streams import key_of
from tests.unit.tiktok_ops.rest.callers import make_key, scopeless_key, signed_in, using
from tiktok_ops.accounts.keys import revoke_key
from tiktok_ops.accounts.models import ApiKey, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.authentication import ApiKeyAuthentication
from tiktok_ops.rest.scoping import caller_of
from workflows.api.stream import may_read, place_of
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db

STREAM = {"accept": "text/event-stream"}


def address_of(run: WorkflowRun) -> str:
    """Return where the run's events are."""
    return reverse("api-run-events", args=[run.id])


def request_for(
    run: WorkflowRun, headers: dict[str, str], *, method: str = "GET", query: str = "", session: str = ""
) -> Any:
    """Return a request for the run's stream as an ASGI server brings it, with its session."""
    made: Any = AsyncRequestFactory().generic(method, address_of(run) + query, headers=STREAM | headers)
    made.COOKIES = {"sessionid": session}
    SessionMiddleware(lambda request: HttpResponse()).process_request(made)
    made.user = get_user(made)
    return made


def answer_to(request: Any) -> Any:
    """Return the view's answer, written unless it is a stream; the stream is not begun."""
    match = resolve(request.path)
    answer = match.func(request, **match.kwargs)
    return answer.render() if hasattr(answer, "render") else answer


@pytest.fixture
def run() -> WorkflowRun:
    """Return a run under way."""
    return WorkflowRunFactory.create(status="running")


def test_ask_for_the_stream_over_asgi_is_a_stream_no_proxy_keeps(run: WorkflowRun) -> None:
    answer = answer_to(request_for(run, key_of(make_key(run.workspace))))
    assert isinstance(answer, StreamingHttpResponse)
    assert (answer.status_code, answer.is_async) == (200, True)
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert answer.headers["RateLimit-Remaining"] == "599"
    assert "ETag" not in answer.headers


def test_ask_for_the_head_of_the_stream_begins_none(run: WorkflowRun) -> None:
    answer = answer_to(request_for(run, key_of(make_key(run.workspace)), method="HEAD"))
    assert (answer.status_code, answer.streaming, answer.content) == (200, False, b"")
    assert answer.headers["Content-Type"] == "text/event-stream"


def test_ask_for_the_stream_of_a_server_that_is_no_asgi_server_is_406_saying_what_to_do(
    run: WorkflowRun,
) -> None:
    client = using(make_key(run.workspace))
    answer = client.get(address_of(run), headers=STREAM)
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, "application/problem+json")
    assert answer.json()["detail"] == (
        "Events are not streamed here, for this server is no ASGI server: "
        "ask for application/json, and again with ?after= the last number."
    )
    both = client.get(address_of(run), headers={"accept": "text/event-stream, application/json"})
    assert both.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("?after=x", {}, "after"),
        ("", {"Last-Event-ID": "-1"}, "Last-Event-ID"),
        ("?after=1", {"Last-Event-ID": "1" * 10}, "Last-Event-ID"),
        ("?page_size=5", {}, "page_size"),
        ("?colour=red", {}, "colour"),
    ],
)
def test_ask_for_the_stream_with_a_value_that_does_not_do_is_422_naming_it(
    run: WorkflowRun, query: str, headers: dict[str, str], field: str
) -> None:
    answer = answer_to(request_for(run, key_of(make_key(run.workspace)) | headers, query=query))
    assert answer.status_code == 422
    assert [error["field"] for error in json.loads(answer.content)["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "headers", "place"),
    [
        ("", {}, 0),
        ("?after=7", {}, 7),
        ("?after=7", {"Last-Event-ID": "9"}, 9),
        ("", {"Last-Event-ID": "0"}, 0),
    ],
)
def test_find_the_place_of_a_client_takes_what_the_browser_adds_first(
    run: WorkflowRun, query: str, headers: dict[str, str], place: int
) -> None:
    assert place_of(Request(request_for(run, headers, query=query))) == place


def test_ask_for_the_stream_is_refused_as_the_list_is(run: WorkflowRun, settings: Any) -> None:
    refused = {
        "nobody": ({}, 401),
        "no scope": (key_of(scopeless_key(run.workspace)), 403),
        "a stranger": (key_of(make_key(WorkspaceFactory.create())), 404),
    }
    for circumstance, (headers, status) in refused.items():
        assert answer_to(request_for(run, headers)).status_code == status, circumstance
    settings.RATE_TIERS = {**settings.RATE_TIERS, "read": 1}
    mine = key_of(make_key(run.workspace))
    assert [answer_to(request_for(run, mine)).status_code for _ in range(2)] == [200, 429]


# --- who may go on


def authenticated(run: WorkflowRun, headers: dict[str, str], *, session: str = "") -> Request:
    """Return the request as the view has it once it let somebody in."""
    made = request_for(run, headers, session=session)
    request = Request(made, authenticators=[ApiKeyAuthentication(), SessionAuthentication()])
    caller_of(request)
    return request


CHANGES: dict[str, Callable[[ApiKey], object]] = {
    "revoked": lambda key: revoke_key(key_id=key.id, by="test"),
    "expired": lambda key: ApiKey.objects.filter(id=key.id).update(
        created_at=NOON, expires_at=NOON + timedelta(days=1)
    ),
    "without its scope": lambda key: ApiKey.objects.filter(id=key.id).update(scopes=[]),
    "for another brand": lambda key: ApiKey.objects.filter(id=key.id).update(
        brand=BrandFactory.create(workspace=key.workspace)
    ),
    "deleted": lambda key: ApiKey.objects.filter(id=key.id).delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_ask_again_with_a_key_that_changed_is_a_no(run: WorkflowRun, change: str) -> None:
    issued = make_key(run.workspace)
    request = authenticated(run, key_of(issued))
    assert may_read(request, run.id)
    CHANGES[change](issued.key)
    assert not may_read(request, run.id)


def test_ask_again_for_a_run_that_became_live_with_a_key_for_the_sandbox_is_a_no(run: WorkflowRun) -> None:
    request = authenticated(run, key_of(make_key(run.workspace)))
    WorkflowRun.objects.update(mode="live")
    assert not may_read(request, run.id)


LEAVES: dict[str, Callable[[User, Client], object]] = {
    "loses the role": lambda user, client: user.memberships.all().delete(),
    "signs out": lambda user, client: client.logout(),
    "is let go": lambda user, client: User.objects.filter(id=user.id).update(is_active=False),
    "has another password": lambda user, client: User.objects.filter(id=user.id).update(password="x"),
}


@pytest.mark.parametrize("leave", LEAVES)
def test_ask_again_for_a_person_who_changed_is_a_no(run: WorkflowRun, leave: str) -> None:
    ana = person(run.workspace, Role.VIEWER)
    client = signed_in(ana)
    request = authenticated(run, {}, session=client.cookies["sessionid"].value)
    assert may_read(request, run.id)
    LEAVES[leave](ana, client)
    assert not may_read(request, run.id)
