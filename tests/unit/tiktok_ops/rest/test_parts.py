"""Lists of what belongs to one row: figures, steps, events, calls, artifacts, and the report."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.factories.figures import NOON
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.tiktok_ops.rest.rooms import Room, add_parts, make_room
from tests.unit.workflows.api.runs import add_step
from tiktok_ops.content.models import Artifact, Post
from workflows.models import WorkflowStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    """Return a workspace with a run that has three of everything."""
    room = make_room()
    for number in (2, 3):
        add_parts(room, number=number)
        add_step(room.run, position=number)
    return room


@pytest.fixture
def client(room: Room) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(room.workspace))


def walk(client: Client, address: str | None) -> list[dict[str, Any]]:
    """Return the rows of a list, page by page to its end."""
    rows: list[dict[str, Any]] = []
    while address:
        body = client.get(address).json()
        assert len(body["results"]) <= 2
        rows += body["results"]
        address = body["next"]
    return rows


@pytest.mark.parametrize(
    ("part", "column", "values"),
    [
        ("runs/RUN/steps", "position", [0, 2, 3]),
        ("runs/RUN/events", "seq", [1, 2, 3]),
        ("runs/RUN/trace", "name", ["summary"] * 3),
        ("runs/RUN/artifacts", "round", [3, 2, 1]),
        ("posts/POST/metrics", "views", [3, 2, 1]),
    ],
)
def test_follow_the_pages_of_parts_gives_each_once_in_order(
    part: str, column: str, values: list[object], room: Room, client: Client
) -> None:
    address = part.replace("RUN", str(room.run.id)).replace("POST", str(room.post.id))
    make_room(room.workspace)  # whose parts are not these
    rows = walk(client, f"/api/v1/{address}/?page_size=2")
    assert [row[column] for row in rows] == values
    assert len({row["id"] for row in rows}) == 3


def test_follow_the_pages_of_steps_at_one_position_gives_each_once(room: Room, client: Client) -> None:
    for item in range(1, 6):
        WorkflowStep.objects.create(run=room.run, key="step-2", item=item, position=2, kind="agent")
    rows = walk(client, f"/api/v1/runs/{room.run.id}/steps/?page_size=2")
    assert [(row["position"], row["item"]) for row in rows] == [
        (0, 0),
        *((2, item) for item in range(6)),
        (3, 0),
    ]


def test_follow_the_pages_of_posts_gives_the_latest_first_and_each_once(room: Room, client: Client) -> None:
    times = [NOON + timedelta(hours=hours) for hours in (1, 5, 5, 5, 3)]
    for number, time in enumerate(times):
        Post.objects.create(account=room.account, video_id=str(number), created_at=time)
    rows = walk(client, "/api/v1/posts/?page_size=2")
    assert [row["external_id"] for row in rows] == ["3", "2", "1", "4", "0", room.post.video_id]


@pytest.mark.parametrize(("after", "seen"), [("0", [1, 2, 3]), ("2", [3]), ("3", []), ("999999999", [])])
def test_list_events_after_a_number_gives_those_that_came_later(
    after: str, seen: list[int], room: Room, client: Client
) -> None:
    body = client.get(f"/api/v1/runs/{room.run.id}/events/", {"after": after}).json()
    assert [event["seq"] for event in body["results"]] == seen
    assert (body["next"], body["previous"]) == (None, None)


def test_list_events_where_there_are_more_links_to_the_next(room: Room, client: Client) -> None:
    address = f"/api/v1/runs/{room.run.id}/events/"
    body = client.get(address, {"page_size": "2", "kind": "run.queued"}).json()
    assert body["next"] == f"http://testserver{address}?after=2&kind=run.queued&page_size=2"


@pytest.mark.parametrize("after", ["-1", "one", "", "1.5", "²", "1" * 10])
def test_list_events_after_a_number_that_is_none_is_422(after: str, room: Room, client: Client) -> None:
    answer = client.get(f"/api/v1/runs/{room.run.id}/events/", {"after": after})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "after"
    assert error["sentence"] == f"The number {after!r} is not one of a row: give 0 or the last one's."


def cursor(position: str) -> str:
    """Return a cursor that stands at a position."""
    return base64.b64encode(f"p={quote(position)}".encode()).decode()


@pytest.mark.parametrize(
    ("part", "position"),
    [
        ("runs/RUN/steps", "nonsense"),
        ("runs/RUN/steps", "1.5"),
        ("runs/RUN/trace", "7"),
        ("posts/POST/metrics", "nonsense"),
        ("posts", "7"),
        ("posts", "2025-06-30 12:00:00"),
        ("posts", "2025-06-30 12:00:00+21:27"),
    ],
)
def test_list_parts_with_a_cursor_that_is_not_of_this_list_is_422(
    part: str, position: str, room: Room, client: Client
) -> None:
    address = part.replace("RUN", str(room.run.id)).replace("POST", str(room.post.id))
    answer = client.get(f"/api/v1/{address}/", {"cursor": cursor(position)})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]


def test_list_steps_with_a_cursor_beyond_every_number_gives_none(room: Room, client: Client) -> None:
    answer = client.get(f"/api/v1/runs/{room.run.id}/steps/", {"cursor": cursor("9" * 30)})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


# --- the report


def report(room: Room, client: Client, accept: str) -> Any:
    """Return the answer to asking for the run's report."""
    return client.get(f"/api/v1/runs/{room.run.id}/report/", headers={"accept": accept})


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/markdown;q=0.5"])
def test_read_a_report_as_json_gives_the_newest_with_its_text(
    accept: str, room: Room, client: Client
) -> None:
    answer = report(room, client, accept)
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.json()["text"], answer.json()["round"]) == ("# Report 3", 3)


def test_read_a_report_as_markdown_gives_its_text_alone(room: Room, client: Client) -> None:
    Artifact.objects.filter(round=3).update(text="# Größe\n<script>alert(1)</script>\n")
    answer = report(room, client, "text/markdown")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode() == "# Größe\n<script>alert(1)</script>\n"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", ["*/*", "text/markdown"])
def test_read_a_report_there_is_not_yet_is_404_as_a_problem(accept: str, room: Room, client: Client) -> None:
    Artifact.objects.update(kind="draft")
    answer = report(room, client, accept)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        f"The run '{room.run.id}' has no report yet: look at its status, and come back."
    )


def test_read_a_report_as_what_it_is_not_is_406(room: Room, client: Client) -> None:
    answer = report(room, client, "image/png")
    assert answer.status_code == 406
    assert answer.json()["status"] == 406


# --- the trace


def test_read_the_trace_tells_of_a_call_what_it_took_and_real_money_apart(room: Room, client: Client) -> None:
    calls = client.get(f"/api/v1/runs/{room.run.id}/trace/").json()["results"]
    assert [call["agent"] for call in calls] == ["account_health"] * 3
    assert calls[0]["tokens"]["input_tokens"] == 100
    assert (calls[0]["cost"]["amount"], calls[0]["simulated_cost"]["amount"]) == ("0.000000", "0.250000")


def test_read_the_trace_tells_of_a_real_call_its_real_cost(room: Room, client: Client) -> None:
    add_step(room.run, position=9, is_simulated=False)
    call = client.get(f"/api/v1/runs/{room.run.id}/trace/").json()["results"][-1]
    assert (call["is_simulated"], call["cost"]["amount"], call["simulated_cost"]["amount"]) == (
        False,
        "0.250000",
        "0.000000",
    )
