"""Replays of posts: they ask again, send nothing unasked; and what the database refuses of a replay."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest
from tests.factories.accounts import AccountFactory
from tests.factories.approvals import gate_node, given_on
from tests.factories.posting import (
    approved_post,
    asked_post,
    decide,
    direct_account,
    effect_of,
    providers,
    time_passes,
    work,
)
from tests.factories.workflows import WorkflowStepFactory, run_of, statuses, workflow_of
from workflows.models import Effect, WorkflowRun
from workflows.nodes import WaitNode
from workflows.overrides import Changes
from workflows.replay import replay_run
from workflows.replay_plan import ReplayRefused

BY = "a test"


def replayed(run: WorkflowRun, name: str) -> WorkflowRun:
    """Return the replay of a run from this step, done as far as it goes."""
    return work(replay_run(run_id=run.id, from_steps=[name], by=BY))


def taken(run: WorkflowRun) -> set[str]:
    """Return the keys of the steps that were taken over."""
    return set(run.steps.filter(taken_from__isnull=False).values_list("key", flat=True))


@pytest.fixture
def tiktok_at_once(committed_db: str, settings: Any, tmp_path: Path) -> None:
    """Have a sandbox TikTok that publishes at once."""
    settings.MEDIA_ROOT = tmp_path
    settings.PROVIDERS = providers()


@pytest.mark.usefixtures("tiktok_at_once")
def test_replay_of_a_post_asks_again_and_sends_nothing_until_somebody_approves() -> None:
    old = time_passes(work(approved_post()))
    assert effect_of(old).status == "confirmed"
    posts, inits = len(tiktok.posts()), len(tiktok.received(operation="init"))
    run = replayed(old, "post")
    assert taken(run) == {"compliance"}
    assert (run.status, statuses(run)["gate"], statuses(run)["post"]) == ("waiting", "waiting", "pending")
    assert ApprovalRequest.objects.filter(run_id=run.id, status="open").count() == 1
    assert (len(tiktok.posts()), len(tiktok.received(operation="init"))) == (posts, inits)
    assert Effect.objects.count() == 1
    decide(run)
    time_passes(work(run))
    assert (effect_of(run).status, len(tiktok.posts())) == ("confirmed", posts + 1)
    assert effect_of(run).decision_id != effect_of(old).decision_id


@pytest.mark.usefixtures("tiktok_at_once")
def test_replay_beside_a_post_takes_it_over_without_an_effect_or_a_call() -> None:
    old = time_passes(work(approved_post()))
    WorkflowStepFactory.create(run=old, key="compliance", item=1, position=9, status="succeeded")
    calls = len(tiktok.received())
    run = replayed(old, "compliance#1")
    assert taken(run) == {"compliance", "gate", "post"}
    assert run.steps.get(key="post").output == old.steps.get(key="post").output
    assert (Effect.objects.count(), len(tiktok.received())) == (1, calls)
    assert not ApprovalRequest.objects.filter(run_id=run.id).exists()


@pytest.mark.django_db
def test_replay_after_the_account_was_switched_to_live_is_refused() -> None:
    run = asked_post(direct_account())
    run.account.mode = "live"
    run.account.save()
    with pytest.raises(ReplayRefused, match="was switched from 'sandbox' to 'live' after this run"):
        replayed(run, "compliance")


@pytest.mark.parametrize(
    "values",
    [
        {"status": "ready", "taken_sha256": "a" * 64},
        {"status": "succeeded", "taken_sha256": ""},
        {"status": "succeeded", "taken_sha256": "none"},
        {"status": "succeeded", "taken_sha256": "a" * 64, "claims": 1},
    ],
)
@pytest.mark.django_db
def test_take_over_a_step_that_is_not_over_or_has_no_digest_is_refused_by_the_database(
    values: dict[str, Any],
) -> None:
    before = WorkflowStepFactory.create(status="succeeded")
    with pytest.raises(IntegrityError, match="step_taken_over_is_over"), transaction.atomic():
        WorkflowStepFactory.create(run=before.run, taken_from=before, **values)


@pytest.mark.django_db
def test_replay_of_itself_or_of_another_run_later_is_refused_by_the_database() -> None:
    run = WorkflowStepFactory.create().run
    other = WorkflowStepFactory.create().run
    for column, value in (("replay_of", other), ("is_dry_run", True), ("overrides", {"a": {}})):
        with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
            WorkflowRun.objects.filter(id=run.id).update(**{column: value})
    twin = WorkflowRun(
        workspace=run.workspace, account=run.account, definition=run.definition, as_of=run.as_of
    )
    twin.replay_of = twin
    with pytest.raises(IntegrityError, match="run_replays_another"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db
def test_replay_keeps_whom_it_is_for() -> None:
    account = AccountFactory.create()
    run = asked_post(direct_account(workspace=account.workspace))
    again = replay_run(run_id=run.id, from_steps=["gate"], by=BY)
    assert (again.account, again.workspace, again.requested_by) == (run.account, run.workspace, None)


@pytest.mark.django_db
def test_replay_with_an_input_that_a_gate_showed_as_a_fact_is_refused_behind_it() -> None:
    told = gate_node(facts={"findings": "brief.caption"})
    late = WaitNode(key="late", label="Late", depends_on=("gate",), seconds=0.001)
    account = direct_account()
    old = run_of(workflow_of(told, late, slug="telling"), account, given_on(account))
    decide(work(old))
    work(old)
    changes = Changes(given={"caption": "Other words"})
    with pytest.raises(ReplayRefused, match="'caption' was read by 'gate'"):
        replay_run(run_id=old.id, from_steps=["late"], by=BY, changes=changes)
    again = work(replay_run(run_id=old.id, from_steps=["late"], by=BY))
    assert (taken(again), ApprovalRequest.objects.filter(run_id=again.id).exists()) == ({"gate"}, False)
