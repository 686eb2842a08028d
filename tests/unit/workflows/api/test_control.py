"""Steering, replaying and comparing runs over the API, and starting batches: what the matrices do not ask."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.factories.accounts import AccountFactory, UserFactory, person
from tests.factories.approvals import asked_run
from tests.factories.batches import batch_of
from tests.factories.posting import direct_account, post_brief, video_asset, work
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tests.unit.workflows.api.starting import RUNS, body_for, post, starter
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from workflows.control import cancel_run
from workflows.models import Batch, Effect, WorkflowRun
from workflows.replay import replay_run

pytestmark = pytest.mark.django_db

BATCHES = "/api/v1/batches/"


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in the sandbox."""
    return direct_account()


def send(client: Client, address: str, body: Any = None, *, key: str = "0c1b2a39-one") -> Any:
    """Return the answer to a body."""
    headers = {"idempotency-key": key}
    return client.post(address, body or {}, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("verb", "status", "again"),
    [("pause", "paused", "This run is paused already."), ("cancel", "cancelled", "This run is over:")],
)
def test_steer_a_run_does_it_says_so_and_refuses_it_twice(
    account: TikTokAccount, verb: str, status: str, again: str
) -> None:
    run, client = asked_run(account), starter(account.workspace)
    answer = send(client, f"{RUNS}{run.id}/{verb}/", {"reason": "So."})
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, str(run.id), status)
    told = AuditEvent.objects.get(verb__in=["run.paused", "run.cancel_requested"])
    assert told.actor.startswith("api_key:")
    assert told.data["reason"] == "So."
    refused = send(client, f"{RUNS}{run.id}/{verb}/", key="0c1b2a39-two")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith(again)


def test_steer_a_live_run_with_a_key_for_the_sandbox_is_404() -> None:
    run = asked_run(AccountFactory.create(mode="live"))
    answer = send(starter(run.workspace), f"{RUNS}{run.id}/cancel/")
    assert answer.status_code == 404
    run.refresh_from_db()
    assert run.status == "waiting"


def test_retry_a_step_that_did_not_fail_or_is_of_another_run_is_refused(account: TikTokAccount) -> None:
    run, other, client = asked_run(account), asked_run(account), starter(account.workspace)
    mine, theirs = (one.steps.get(key="gate").id for one in (run, other))
    answer = send(client, f"{RUNS}{run.id}/steps/{mine}/retry/")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "Only a step that failed can be tried again, in its newest round.",
    )
    for step in (theirs, uuid4()):
        assert send(client, f"{RUNS}{run.id}/steps/{step}/retry/").status_code == 404


def test_replay_starts_a_new_run_with_what_is_different_and_compare_shows_both(
    account: TikTokAccount,
) -> None:
    run = work(post_run(account))
    body = {
        "from_steps": ["compliance"],
        "prompts": {"compliance": "Be strict."},
        "input": {"caption": "Other words"},
    }
    client = starter(account.workspace)
    answer = send(client, f"{RUNS}{run.id}/replay/", body)
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["Location"] == f"{RUNS}{told['id']}/"
    assert (told["replay_of_id"], told["input"]["caption"]) == (str(run.id), "Other words")
    assert told["overrides"] == {"compliance": {"prompt": "Be strict."}}
    work(WorkflowRun.objects.get(id=told["id"]))
    compared = client.get(f"{RUNS}{told['id']}/compare/").json()
    assert compared["replay_of"] == str(run.id)
    verdicts = {step["step"]: step["verdict"] for step in compared["steps"]}
    assert set(verdicts) == {"compliance", "gate", "post"}
    assert compared["steps"][0]["before"]["cost"]["currency"] == "USD"
    assert client.get(f"{RUNS}?replay_of={run.id}").json()["results"][0]["id"] == told["id"]


def post_run(account: TikTokAccount, **changes: Any) -> WorkflowRun:
    """Start a post over the API and return its run."""
    body = body_for(account, workflow="own_post", input=post_brief(video_asset(account)), **changes)
    answer = post(starter(account.workspace), body)
    assert answer.status_code == 201, answer.content
    return WorkflowRun.objects.get(id=answer.json()["id"])


def test_replay_says_of_each_step_whether_it_was_taken_over(account: TikTokAccount) -> None:
    run = work(post_run(account))
    again = replay_run(run_id=run.id, from_steps=["gate"], by="a test")
    steps = starter(account.workspace).get(f"{RUNS}{again.id}/steps/").json()["results"]
    first = run.steps.get(key="compliance")
    assert [(step["key"], step["taken_from_id"]) for step in steps] == [
        ("compliance", str(first.id)),
        ("gate", None),
        ("post", None),
    ]
    assert len(steps[0]["taken_sha256"]) == 64
    assert steps[0]["cost"]["amount"] == "0.000000"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"from_steps": ["nothing"]}, "The run has no step 'nothing'"),
        ({"from_steps": []}, "at least 1 elements"),
        ({"from_steps": ["gate"], "prompts": {"gate": "Shout."}}, "The node 'gate' asks no agent"),
        ({"from_steps": ["gate"], "input": {"colour": "red"}}, "The input has 'colour'"),
    ],
)
def test_replay_with_what_does_not_do_is_422_with_the_sentence(
    account: TikTokAccount, body: dict[str, Any], detail: str
) -> None:
    run = asked_run(account)
    answer = send(starter(account.workspace), f"{RUNS}{run.id}/replay/", body)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]
    assert WorkflowRun.objects.count() == 1


def test_start_a_dry_run_asks_nobody_and_says_so(account: TikTokAccount) -> None:
    run = work(post_run(account, dry_run=True))
    told = starter(account.workspace).get(f"{RUNS}{run.id}/").json()
    assert (told["dry_run"], told["status"]) == (True, "succeeded")
    assert not Effect.objects.exists()


def test_start_a_batch_starts_every_run_and_shows_how_far_it_is(account: TikTokAccount) -> None:
    other = AccountFactory.create(workspace=account.workspace)
    items = [{"account": f"@{account.handle}"}, {"account": str(other.id), "input": {"window_days": 14}}]
    client = starter(account.workspace)
    body = {"name": "Spring", "workflow": "profile_audit", "items": items, "dry_run": True}
    answer = send(client, BATCHES, body)
    told = answer.json()
    assert answer.headers["Location"] == f"{BATCHES}{told['id']}/"
    assert (told["name"], told["dry_run"], told["brand_id"]) == ("Spring", True, None)
    assert told["requested_by"].startswith("api_key:")
    cancel_run(run_id=WorkflowRun.objects.order_by("id")[0].id, by="a test")
    assert client.get(f"{BATCHES}{told['id']}/").json()["progress"] == {
        "runs": 2,
        "over": 1,
        "succeeded": 0,
        "failed": 0,
        "cancelled": 1,
        "waiting": 0,
        "paused": 0,
    }
    assert len(client.get(f"{RUNS}?batch={told['id']}").json()["results"]) == 2


@pytest.mark.parametrize(
    ("items", "status", "sentence"),
    [
        ([], 422, "at least 1 elements"),
        ([{"account": "@nobody"}], 404, ""),
        ([{"account": "HERE", "colour": "red"}], 422, "There is no field 'colour'; an item takes account"),
        ([{"account": "HERE"}, {"account": "HERE", "input": {"colour": 1}}], 422, "Item 2 ("),
        ([{"account": "HERE"}] * 201, 422, "no more than 200"),
    ],
)
def test_start_a_batch_with_an_item_that_does_not_do_starts_nothing(
    account: TikTokAccount, items: list[dict[str, Any]], status: int, sentence: str
) -> None:
    written = [
        {name: str(account.id) if value == "HERE" else value for name, value in item.items()}
        for item in items
    ]
    body = {"name": "Spring", "workflow": "profile_audit", "items": written}
    answer = send(starter(account.workspace), BATCHES, body)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert not Batch.objects.exists()


def test_batch_of_somebody_and_of_nobody_says_whose_it_is(account: TikTokAccount) -> None:
    user = UserFactory.create(username="ana")
    batch_of(account, [], requested_by=user)
    batch_of(account, [])
    client = signed_in(person(account.workspace, Role.VIEWER))
    assert [one["requested_by"] for one in client.get(BATCHES).json()["results"]] == [None, "user:ana"]


def test_batch_with_a_live_account_is_not_there_for_a_key_of_the_sandbox(account: TikTokAccount) -> None:
    live = batch_of(account, [], mode="live")
    assert using(make_key(account.workspace)).get(f"{BATCHES}{live.id}/").status_code == 404
    full = using(make_key(account.workspace, is_sandbox_only=False))
    assert full.get(f"{BATCHES}{live.id}/").json()["sandbox"] is False
