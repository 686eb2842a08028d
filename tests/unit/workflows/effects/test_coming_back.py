"""Coming back to a post in places a worker seldom dies at, and what can only be a fault of ours."""

from dataclasses import replace
from typing import Any

import pytest

from agents.sandbox.tiktok import ledger as tiktok_ledger
from approvals.models import Decision
from approvals.seal import SealBroken
from tests.factories.approvals import request_of
from tests.factories.posting import (
    approved_post,
    creator_of,
    effect_of,
    moves,
    post_step,
    sql,
    take_over,
    taken_work,
    time_passes,
    triggers_off,
    until_it_rests,
    work,
)
from tests.factories.workflows import expire_lease, report_node
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import VideoPost
from workflows.effects import ledger
from workflows.effects.posting import Posting
from workflows.effects.registry import EFFECTS
from workflows.effects.underway import ask_again
from workflows.gates import resume_gate
from workflows.outcomes import LeaseLost


def test_worker_that_comes_back_to_a_failed_post_fails_its_step(tiktok: Any) -> None:
    run = approved_post()
    creator_of(run.account, max_duration_seconds=1)
    EFFECTS["post_video"].perform(taken_work(run))  # its step is not finished
    expire_lease(post_step(run))

    run = work(run)

    assert (run.status, post_step(run).error) == ("failed", effect_of(run).error)
    assert moves(run) == ["prepared", "failed"]


def test_post_tiktok_lost_bytes_of_is_sent_again_to_the_same_place(tiktok: Any) -> None:
    run = work(approved_post())
    sql(
        "UPDATE agents_sandboxpost SET uploaded_bytes = 0, chunk_digests = '{}', completed_at = NULL,"
        " published_at = NULL, public_at = NULL, post_id = NULL"
    )

    run = until_it_rests(run)

    assert len(tiktok_ledger.posts()) == 1
    assert moves(run) == ["prepared", "sending", "sent", "unknown", "sending", "sent", "confirmed"]
    assert len(tiktok_ledger.received(operation="init")) == 1


def test_decision_changed_between_preparing_and_leave_is_refused_by_its_digest(tiktok: Any) -> None:
    run = approved_post()
    taken = taken_work(run)
    effect = ledger.effect_of(taken, kind="post_video")
    changed = bytes(effect.decision.payload).replace(b"Three ways", b"Four ways ")
    with triggers_off("approvals_decision"):
        sql("UPDATE approvals_decision SET payload = %s WHERE id = %s", changed, effect.decision_id)

    with pytest.raises(SealBroken):
        ledger.begin(taken, effect, payload=changed, guard=lambda account, creator: None)
    expire_lease(taken.step)
    work(run)

    assert (effect_of(run).status, tiktok_ledger.posts()) == ("held", ())


def test_ask_again_by_a_worker_that_lost_its_lease_asks_nothing(tiktok: Any) -> None:
    run = approved_post()
    taken = taken_work(run)
    effect = ledger.effect_of(taken, kind="post_video")
    payload = bytes(effect.decision.payload)
    post = VideoPost.model_validate_json(payload)
    asset = Asset.objects.get(id=post.asset)
    posting = Posting(work=taken, effect=effect, payload=payload, post=post, asset=asset)
    take_over(run)

    with pytest.raises(LeaseLost):
        ask_again(posting, why="It changed.", payload=post.model_dump(mode="json"))

    assert (request_of(run).version, effect_of(run).status) == (1, "prepared")


def test_effect_of_a_node_that_does_not_act_is_our_bug(tiktok: Any) -> None:
    taken = taken_work(approved_post())

    with pytest.raises(TypeError):
        ledger.effect_of(replace(taken, node=report_node("report")), kind="post_video")


def test_decision_for_a_step_that_is_no_gate_is_our_bug(tiktok: Any) -> None:
    run = approved_post()
    request = request_of(run)
    request.step_id = post_step(run).id

    with pytest.raises(TypeError):
        resume_gate(request, Decision.objects.get(request_id=request.id))


def test_effect_is_made_once_however_often_the_step_is_taken(tiktok: Any) -> None:
    run = approved_post()
    first = ledger.effect_of(taken_work(run), kind="post_video")

    again = ledger.effect_of(take_over(run), kind="post_video")

    assert first.id == again.id
    assert first.idempotency_key == f"post_video:{post_step(run).id}"
    assert time_passes(run).events.filter(kind="effect.prepared").count() == 1
