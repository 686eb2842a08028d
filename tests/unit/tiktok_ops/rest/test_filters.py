"""Query parameters of lists: each filter lets through what it names, and says what is wrong with a value."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from approvals.models import ApprovalRequest
from tests.factories.figures import NOON
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.tiktok_ops.rest.rooms import LISTS, ROUTES, Room, add_parts, make_room
from tiktok_ops.accounts.models import Brand, TikTokAccount
from tiktok_ops.content.models import Artifact, Asset, Post
from workflows.models import Effect, WorkflowRun, WorkflowStep

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=400)


@pytest.fixture
def client(room: Room) -> Client:
    """Return a client with a key of the workspace."""
    return using(make_key(room.workspace))


def seen(client: Client, address: str, **query: Any) -> list[str]:
    """Return the ids on the first page of a list."""
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


FILTERS: dict[str, Callable[[Room], object]] = {
    "workspaces?slug": lambda room: room.workspace.slug,
    "brands?workspace": lambda room: room.workspace.id,
    "accounts?workspace": lambda room: room.workspace.id,
    "accounts?brand": lambda room: room.brand.id,
    "accounts?handle": lambda room: room.account.handle.upper(),
    "accounts?ownership": lambda room: "own",
    "posts?workspace": lambda room: room.workspace.id,
    "posts?brand": lambda room: room.brand.id,
    "posts?account": lambda room: room.account.id,
    "posts?external_id": lambda room: room.post.video_id,
    "posts?created_since": lambda room: NOON.isoformat(),
    "posts?created_before": lambda room: (NOON + timedelta(seconds=1)).isoformat(),
    "assets?workspace": lambda room: room.workspace.id,
    "assets?brand": lambda room: room.brand.id,
    "assets?sha256": lambda room: room.asset.sha256,
    "guardrail-policies?workspace": lambda room: room.workspace.id,
    "guardrail-policies?is_current": lambda room: "true",
    "guardrail-policies?created_since": lambda room: NOON.isoformat(),
    "findings?workspace": lambda room: room.workspace.id,
    "findings?brand": lambda room: room.brand.id,
    "findings?account": lambda room: room.account.id,
    "findings?run": lambda room: room.run.id,
    "findings?approval": lambda room: room.approval.id,
    "findings?place": lambda room: "asked",
    "findings?detector": lambda room: "email",
    "findings?severity": lambda room: "high",
    "findings?verdict": lambda room: "hold",
    "findings?found_since": lambda room: NOON.isoformat(),
    "runs?workspace": lambda room: room.workspace.id,
    "runs?brand": lambda room: room.brand.id,
    "runs?account": lambda room: room.account.id,
    "runs?workflow": lambda room: "profile_audit",
    "runs?status": lambda room: "queued",
    "approvals?workspace": lambda room: room.workspace.id,
    "approvals?brand": lambda room: room.brand.id,
    "approvals?account": lambda room: room.account.id,
    "approvals?run": lambda room: room.approval.run_id,
    "approvals?kind": lambda room: "post_video",
    "approvals?status": lambda room: "open",
    "approvals?risk": lambda room: "medium",
    "effects?workspace": lambda room: room.workspace.id,
    "effects?brand": lambda room: room.brand.id,
    "effects?account": lambda room: room.account.id,
    "effects?run": lambda room: room.run.id,
    "effects?kind": lambda room: "post_video",
    "effects?status": lambda room: "prepared",
    "effects?delivery": lambda room: "direct",
}


def row_of(room: Room, name: str) -> str:
    """Return the id of the room's row that a list named so shows."""
    names = {"accounts": "account", "guardrail-policies": "policy"}
    return str(getattr(room, names.get(name, name.removesuffix("s"))).id)


@pytest.mark.parametrize("name", FILTERS)
def test_list_by_a_value_the_row_has_shows_it(name: str, room: Room, client: Client) -> None:
    resource, parameter = name.split("?")
    found = seen(client, f"/api/v1/{resource}/", **{parameter: FILTERS[name](room)})
    assert found == [row_of(room, resource)]


def elsewhere(room: Room) -> None:
    """Let the room's rows be other than each filter's value: of no brand, other names, other times."""
    TikTokAccount.objects.update(brand=None, handle="moved", ownership="third_party")
    Asset.objects.update(brand=None, sha256="f" * 64)
    Post.objects.update(created_at=NOON - timedelta(seconds=1), video_id="7")
    WorkflowRun.objects.update(status="running")
    ApprovalRequest.objects.update(status="on_hold")
    Effect.objects.update(status="handed_over", delivery="by_hand")


@pytest.mark.parametrize(
    "name",
    [
        "accounts?brand",
        "accounts?handle",
        "accounts?ownership",
        "posts?brand",
        "posts?external_id",
        "posts?created_since",
        "assets?brand",
        "assets?sha256",
        "runs?brand",
        "runs?status",
        "approvals?brand",
        "approvals?status",
        "effects?brand",
        "effects?status",
        "effects?delivery",
    ],
)
def test_list_by_a_value_the_row_has_no_longer_shows_nothing(name: str, room: Room, client: Client) -> None:
    resource, parameter = name.split("?")
    value = FILTERS[name](room)
    elsewhere(room)
    assert seen(client, f"/api/v1/{resource}/", **{parameter: value}) == []


@pytest.mark.parametrize(
    "resource", ["workspaces", "brands", "accounts", "posts", "assets", "runs", "approvals"]
)
def test_list_since_a_time_shows_what_was_made_then_or_later(
    resource: str, room: Room, client: Client
) -> None:
    row = getattr(room, resource.removesuffix("s"))
    type(row)._default_manager.filter(pk=row.pk).update(created_at=LATER)
    address = f"/api/v1/{resource}/"
    assert seen(client, address, created_since=LATER.isoformat()) == [str(row.pk)]
    assert seen(client, address, created_since=(LATER + timedelta(seconds=1)).isoformat()) == []


def test_list_posts_before_a_time_leaves_that_time_out(room: Room, client: Client) -> None:
    assert seen(client, "/api/v1/posts/", created_before=NOON.isoformat()) == []


def test_list_runs_finished_since_a_time_leaves_out_what_goes_on(room: Room, client: Client) -> None:
    early = NOON.isoformat()
    assert seen(client, "/api/v1/runs/", finished_since=early) == []
    WorkflowRun.objects.update(status="running")
    WorkflowRun.objects.update(status="succeeded", finished_at=NOON)
    assert seen(client, "/api/v1/runs/", finished_since=early) == [str(room.run.id)]


@pytest.mark.parametrize(
    "query", [{"run": uuid4()}, {"kind": "message"}, {"risk": "high"}, {"status": "approved"}]
)
def test_list_approvals_by_what_none_has_shows_none(
    query: dict[str, object], room: Room, client: Client
) -> None:
    assert seen(client, "/api/v1/approvals/", **query) == []


def test_list_approvals_decided_since_a_time_leaves_out_what_is_open(room: Room, client: Client) -> None:
    early = NOON.isoformat()
    assert seen(client, "/api/v1/approvals/", decided_since=early) == []
    ApprovalRequest.objects.update(status="approved", decided_at=NOON)
    assert seen(client, "/api/v1/approvals/", decided_since=early) == [str(room.approval.id)]


@pytest.mark.parametrize("query", [{"run": uuid4()}, {"kind": "message"}, {"status": "confirmed"}])
def test_list_effects_by_what_none_has_shows_none(
    query: dict[str, object], room: Room, client: Client
) -> None:
    assert seen(client, "/api/v1/effects/", **query) == []


def test_list_effects_created_since_a_time_shows_those_made_then_or_later(room: Room, client: Client) -> None:
    room.effect.refresh_from_db()
    made, address = room.effect.created_at, "/api/v1/effects/"  # frozen: it cannot be moved
    assert seen(client, address, created_since=made.isoformat()) == [str(room.effect.id)]
    assert seen(client, address, created_since=(made + timedelta(seconds=1)).isoformat()) == []


def test_list_effects_since_a_move_or_an_end_leaves_out_those_before(room: Room, client: Client) -> None:
    address = "/api/v1/effects/"
    assert seen(client, address, finished_since=NOON.isoformat()) == []
    Effect.objects.update(status="failed", error="No.", finished_at=NOON, status_since=LATER)
    assert seen(client, address, finished_since=NOON.isoformat()) == [str(room.effect.id)]
    assert seen(client, address, status_since=LATER.isoformat()) == [str(room.effect.id)]
    assert seen(client, address, status_since=(LATER + timedelta(seconds=1)).isoformat()) == []


def test_list_with_two_filters_shows_what_fits_both(room: Room, client: Client) -> None:
    sibling = make_room(room.workspace)
    address = "/api/v1/accounts/"
    assert seen(client, address, brand=room.brand.id, handle=room.account.handle) == [str(room.account.id)]
    assert seen(client, address, brand=room.brand.id, handle=sibling.account.handle) == []


def test_list_pages_of_a_filtered_list_stay_filtered(room: Room, client: Client) -> None:
    sibling = make_room(room.workspace)
    other: Brand = sibling.brand
    TikTokAccount.objects.create(workspace=room.workspace, brand=other, handle="second")
    first = client.get("/api/v1/accounts/", {"brand": str(other.id), "page_size": "1"}).json()
    second = client.get(first["next"]).json()
    assert [row["handle"] for row in (*first["results"], *second["results"])] == [
        "second",
        sibling.account.handle,
    ]
    assert second["next"] is None


def test_list_parts_of_a_run_by_filter_shows_those_that_fit(room: Room, client: Client) -> None:
    add_parts(room, number=2)
    WorkflowStep.objects.create(run=room.run, key="report", position=9, kind="report")
    Artifact.objects.filter(round=2).update(kind="draft")
    address = f"/api/v1/runs/{room.run.id}"
    assert len(seen(client, f"{address}/steps/", status="pending")) == 1
    assert len(seen(client, f"{address}/steps/", key="step-0")) == 1
    assert len(seen(client, f"{address}/artifacts/", kind="draft")) == 1
    assert len(seen(client, f"{address}/events/", kind="run.queued")) == 2
    assert seen(client, f"{address}/events/", kind="run.succeeded") == []


def test_list_figures_of_a_post_since_a_time_leaves_older_ones_out(room: Room, client: Client) -> None:
    add_parts(room, number=2)
    address = f"/api/v1/posts/{room.post.id}/metrics/"
    since = NOON + timedelta(hours=2)
    assert len(seen(client, address)) == 2
    assert len(seen(client, address, observed_since=since.isoformat())) == 1


@pytest.mark.parametrize(
    ("resource", "query", "sentence"),
    [
        ("accounts", {"brand": "acme"}, "Enter a valid UUID."),
        (
            "accounts",
            {"ownership": "ours"},
            "Select a valid choice. ours is not one of the available choices.",
        ),
        ("accounts", {"handle": "a\0b"}, "Null characters are not allowed."),
        ("posts", {"created_since": "yesterday"}, "Enter a valid date/time."),
        ("posts", {"created_since": "2025-06-30T12:00:00 00:00"}, "Enter a valid date/time."),
        ("posts", {"created_since": "0001-01-01T00:00:00+14:00"}, "Enter a valid date/time."),
        ("approvals", {"risk": "huge"}, "Select a valid choice. huge is not one of the available choices."),
        ("approvals", {"status": "no"}, "Select a valid choice. no is not one of the available choices."),
        ("approvals", {"run": "last"}, "Enter a valid UUID."),
        (
            "effects",
            {"delivery": "inbox"},
            "Select a valid choice. inbox is not one of the available choices.",
        ),
        ("effects", {"run": "last"}, "Enter a valid UUID."),
        ("runs", {"status": "asleep"}, "Select a valid choice. asleep is not one of the available choices."),
    ],
)
def test_list_by_a_value_that_is_none_is_422_naming_the_filter(
    resource: str, query: dict[str, str], sentence: str, client: Client
) -> None:
    answer = client.get(f"/api/v1/{resource}/", query)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": next(iter(query)), "sentence": sentence}]


def test_list_since_a_time_of_any_zone_means_that_moment(room: Room, client: Client) -> None:
    assert seen(client, "/api/v1/posts/", created_since="2025-07-01T08:09:00+20:09") == [str(room.post.id)]
    assert seen(client, "/api/v1/posts/", created_since="2025-07-01T08:09:01+20:09") == []


@pytest.mark.parametrize("name", LISTS)
def test_list_with_several_unknown_parameters_names_each(name: str, room: Room, client: Client) -> None:
    answer = client.get(ROUTES[name].address(room), {"colour": "red", "size": "9", "page_size": "5"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["colour", "size"]
    assert answer.json()["detail"] == "2 values were refused: see `errors`."


def test_refuse_an_unknown_parameter_naming_those_there_are(client: Client) -> None:
    answer = client.get("/api/v1/accounts/", {"format": "json"})
    assert answer.json()["detail"] == (
        "There is no parameter 'format' here: this address takes "
        "brand, created_since, cursor, handle, ownership, page_size, workspace."
    )
    assert client.get("/api/v1/me/", {"x": "1"}).json()["detail"] == (
        "There is no parameter 'x' here: this address takes none."
    )


def test_refuse_on_one_row_what_its_list_takes(room: Room, client: Client) -> None:
    assert client.get(f"/api/v1/runs/{room.run.id}/", {"status": "queued"}).status_code == 422
