"""The shape of every answer, reviewed like code: `pytest --snapshot-update` writes what changed."""

import re
from itertools import count
from typing import Any

import pytest
from django.test import Client
from syrupy.assertion import SnapshotAssertion

from tests.factories.accounts import WorkspaceFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.unit.approvals.api.deciding import decide, decider_key
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.tiktok_ops.rest.rooms import DATA, ROUTES, Room, make_room
from tests.unit.workflows.api.starting import body_for, post, starter
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db

CHANGING = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z|\d\d:\d\d:\d\d(?= UTC))"
    r"|(?P<prefix>(?<=api_key:)\w{10})"
    r"|(?P<sha256>\b[0-9a-f]{64}\b)"
    r"|(?P<number>(?<=\b(?:team|post)-)\d+)"
    r"|(?P<person>(?<=\buser:person)\d+)"
)
FIXED = "2025-"  # times the tests chose


def steady(value: Any, names: dict[str, str] | None = None, numbers: Any = None) -> Any:
    """Return a JSON value with what differs from run to run named by its kind and order of appearance."""
    names = {} if names is None else names
    numbers = numbers or count(1)

    def name(found: re.Match[str]) -> str:
        if found.lastgroup == "time":
            return found[0] if found[0].startswith(FIXED) else "<time>"
        return names.setdefault(found[0], f"<{found.lastgroup} {next(numbers)}>")

    if isinstance(value, dict):
        return {key: steady(_short(key, inner), names, numbers) for key, inner in value.items()}
    if isinstance(value, list):
        return [steady(inner, names, numbers) for inner in value]
    return CHANGING.sub(name, value) if isinstance(value, str) else value


def _short(key: str, value: Any) -> Any:
    """Return a JSON Schema as the names it speaks of; agents have tests of their own."""
    return sorted(value["properties"]) if key in ("input_schema", "output_schema") else value


def of_the_catalogue(body: Any) -> Any:
    """Return an answer with one entry of the catalogue, which grows."""
    rows = body.get("results", [])
    shown = [row for row in rows if row["id"] in ("account_health", "profile_audit")]
    return {**body, "results": shown} if shown else body


@pytest.fixture
def room() -> Room:
    """Return a workspace whose names are always the same."""
    room = make_room(WorkspaceFactory.create(name="North", slug="north"), handle="blick")
    type(room.brand).objects.update(name="Blick")
    type(room.post).objects.update(video_id="7600000000000000000")
    User.objects.filter(decisions__request=room.approval).update(username="ben")
    assert room.schedule.kept_by is not None
    User.objects.filter(id=room.schedule.kept_by.id).update(username="cleo")
    return room


@pytest.fixture
def client(room: Room) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(room.workspace))


@pytest.mark.parametrize("name", DATA)
def test_read_an_address_has_the_shape_it_had(
    name: str, room: Room, client: Client, snapshot: SnapshotAssertion
) -> None:
    assert steady(of_the_catalogue(client.get(ROUTES[name].address(room)).json())) == snapshot


def test_start_a_run_has_the_shape_it_had(room: Room, snapshot: SnapshotAssertion) -> None:
    answer = post(starter(room.workspace), body_for(room.account))
    assert steady({"status": answer.status_code, "body": answer.json()}) == snapshot


@pytest.mark.parametrize(
    "changes",
    [{}, {"verb": "reject"}, {"verb": "reject", "comment": "Too dark."}, {"seen_sha256": "0" * 64}],
    ids=["approve", "reject without a reason", "reject", "stale"],
)
def test_decide_has_the_shape_it_had(
    room: Room, changes: dict[str, str], snapshot: SnapshotAssertion
) -> None:
    asked = request_of(asked_run(room.account))
    ana = person(room.workspace, Role.APPROVER, username="ana")
    answer = decide(using(decider_key(room.workspace, ana)), asked, **changes)
    assert steady({"status": answer.status_code, "body": answer.json()}) == snapshot


def test_read_a_decided_approval_has_the_shape_it_had(
    room: Room, client: Client, snapshot: SnapshotAssertion
) -> None:
    asked = request_of(asked_run(room.account))
    ana = person(room.workspace, Role.APPROVER, username="ana")
    decide(using(decider_key(room.workspace, ana)), asked, comment="Nice.")
    assert steady(client.get(f"/api/v1/approvals/{asked.id}/").json()) == snapshot


def test_read_a_report_as_text_has_the_shape_it_had(
    room: Room, client: Client, snapshot: SnapshotAssertion
) -> None:
    address = ROUTES["api-run-report"].address(room)
    assert client.get(address, headers={"accept": "text/markdown"}).content.decode() == snapshot


@pytest.mark.parametrize(
    ("address", "method"),
    [
        ("/api/v1/nothing/", "get"),
        ("/api/v1/accounts/?page_size=0&colour=red", "get"),
        ("/api/v1/accounts/", "post"),
        ("/api/v1/runs/", "post"),
    ],
)
def test_be_refused_has_the_shape_it_had(
    address: str, method: str, client: Client, snapshot: SnapshotAssertion
) -> None:
    answer = getattr(client, method)(address)
    assert {"status": answer.status_code, "body": answer.json()} == snapshot


def test_name_what_differs_by_kind_and_order_leaves_the_rest() -> None:
    one, two = "0197aaaa-0000-7000-8000-000000000001", "0197aaaa-0000-7000-8000-000000000002"
    value = [one, {"a": two, "b": f"{one}.7"}, "2026-01-02T03:04:05.6Z", "2025-01-02T03:04:05Z", 5, None]
    assert steady(value) == [
        "<id 1>",
        {"a": "<id 2>", "b": "<id 1>.7"},
        "<time>",
        "2025-01-02T03:04:05Z",
        5,
        None,
    ]
