"""Two layers: the database refuses a changed approval; where it does not, the seal does, and a person decides anew."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError

from agents.sandbox.tiktok import ledger as tiktok_ledger
from approvals.models import ApprovalRequest, Decision
from approvals.seal import digest_of
from tests.factories.approvals import request_of
from tests.factories.posting import (
    CAPTION,
    approved_post,
    asked_post,
    decide,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    until_it_rests,
    video_asset,
    work,
)
from tests.factories.workflows import expire_lease
from tiktok_ops.canonical import canonical_json
from workflows.effects import ledger
from workflows.effects.registry import EFFECTS
from workflows.gates import RunMovedOn
from workflows.models import WorkflowRun, WorkflowStep

OTHER = "Four ways to light a corner #lamp"


def changed_payload(run: WorkflowRun, **changes: Any) -> bytes:
    """Return what is asked for, with some fields changed."""
    return canonical_json({**json.loads(bytes(request_of(run).payload)), **changes})


def tamper_request(run: WorkflowRun, **changes: Any) -> None:
    """Change what was asked for, digest and all, with the trigger off."""
    payload = changed_payload(run, **changes)
    with triggers_off("approvals_approvalrequest"):
        sql(
            "UPDATE approvals_approvalrequest SET payload = %s, payload_sha256 = %s WHERE run_id = %s",
            *(payload, digest_of(payload), run.id),
        )


def tamper_decision(run: WorkflowRun, **changes: Any) -> None:
    """Change the decision's own copy of the bytes, with the trigger off."""
    with triggers_off("approvals_decision"):
        sql(
            "UPDATE approvals_decision SET payload = %s WHERE request_id = %s",
            *(changed_payload(run, **changes), request_of(run).id),
        )


def held(run: WorkflowRun) -> ApprovalRequest:
    """Check that nothing went out and that a person is asked anew; return what they are asked."""
    run = work(run)
    request = request_of(run)
    effect, step = effect_of(run), post_step(run)
    assert tiktok_ledger.posts() == ()
    assert tiktok_ledger.received(operation="init") == ()
    assert (effect.status, step.status, step.approval_id) == ("held", "waiting", request.id)
    assert (request.version, request.status) == (2, "open")
    assert request.facts["why_again"] == effect.error == step.error
    assert step.wake_at is None
    return request


@pytest.mark.parametrize("table", ["approvals_approvalrequest", "approvals_decision"])
def test_change_of_the_caption_is_refused_by_the_database(tiktok: Any, table: str) -> None:
    run = approved_post()
    where = "run_id" if table == "approvals_approvalrequest" else "request_id"
    key = run.id if where == "run_id" else request_of(run).id

    with pytest.raises(DatabaseError, match=r"frozen|append-only"):
        sql(f"UPDATE {table} SET payload = %s WHERE {where} = %s", changed_payload(run, caption=OTHER), key)

    until_it_rests(work(run))
    [post] = tiktok_ledger.posts()
    assert post.caption == CAPTION


def test_changed_caption_with_the_trigger_off_is_refused_by_the_seal_and_asked_anew(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)

    request = held(run)

    assert request.facts["why_again"] == (
        "The seal does not match: what was approved is not what is here now."
    )
    assert json.loads(bytes(request.payload))["caption"] == OTHER
    assert request.supersedes is not None
    assert request.supersedes.status == "superseded"


def test_changed_caption_approved_anew_is_posted_once_as_approved(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    held(run)

    decision = decide(run)
    run = until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    effect = effect_of(run)
    assert post.caption == OTHER
    assert (run.status, effect.decision_id, effect.payload_sha256) == (
        "succeeded",
        decision.id,
        decision.payload_sha256,
    )
    assert moves(run) == ["prepared", "held", "prepared", "sending", "sent", "confirmed"]


def test_changed_caption_rejected_is_not_posted(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    held(run)

    decide(run, "reject")
    run = until_it_rests(run)

    assert tiktok_ledger.posts() == ()
    assert (run.status, post_step(run).status, effect_of(run).status) == ("succeeded", "skipped", "failed")
    assert effect_of(run).error.endswith("Not like this.")


def test_post_asked_anew_and_changed_again_is_held_again(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    held(run)
    decide(run)
    with triggers_off("approvals_decision"):
        sql("UPDATE approvals_decision SET seal = %s WHERE request_id = %s", "0" * 64, request_of(run).id)

    run = work(run)

    assert (effect_of(run).status, request_of(run).version) == ("held", 3)
    assert tiktok_ledger.posts() == ()


@pytest.mark.parametrize("privacy_level", ["", "EVERYBODY"])
def test_payload_that_is_no_post_any_more_ends_it(tiktok: Any, privacy_level: str) -> None:
    run = approved_post()
    tamper_request(run, privacy_level=privacy_level)

    run = work(run)

    assert (run.status, effect_of(run).status, tiktok_ledger.posts()) == ("failed", "failed", ())
    assert effect_of(run).error.endswith("It can no longer be read as what it was: start it again.")


def test_changed_payload_that_may_not_even_be_asked_for_ends_it(tiktok: Any) -> None:
    run = approved_post()
    theirs = video_asset(direct_account(), b"the video of another workspace")
    tamper_request(run, asset=str(theirs.id), asset_sha256=theirs.sha256)

    run = work(run)

    assert (run.status, effect_of(run).status, tiktok_ledger.posts()) == ("failed", "failed", ())
    assert "is not one of this workspace" in effect_of(run).error
    assert request_of(run).version == 1


def test_decision_whose_bytes_are_no_post_ends_it(tiktok: Any) -> None:
    run = approved_post()
    tamper_decision(run, privacy_level="EVERYBODY")

    run = work(run)

    assert (run.status, effect_of(run).status, tiktok_ledger.received()) == ("failed", "failed", ())
    assert effect_of(run).error == "What was approved cannot be read as a post any more: start it again."


@pytest.mark.parametrize("status", ["sent", "unknown"])
def test_decision_unreadable_after_it_left_is_not_called_failed(tiktok: Any, status: str) -> None:
    tiktok.PROVIDERS = providers(upload={"timeout_after": 1} if status == "unknown" else {})
    run = work(approved_post())
    tamper_decision(run, privacy_level="EVERYBODY")

    run = time_passes(run)
    ledger.strand(effect_of(run))

    assert (run.status, effect_of(run).status, len(tiktok_ledger.posts())) == ("failed", "unknown", 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seal", "0" * 64),
        ("seal_key_id", "another"),
        ("decided_at", "2026-01-01T00:00:00Z"),
        ("payload", b'{"caption": "hi"}'),
    ],
)
def test_changed_decision_with_the_trigger_off_sends_nothing(tiktok: Any, column: str, value: Any) -> None:
    run = approved_post()
    request = request_of(run)
    with triggers_off("approvals_decision"):
        sql(f"UPDATE approvals_decision SET {column} = %s WHERE request_id = %s", value, request.id)

    run = work(run)

    assert tiktok_ledger.posts() == ()
    assert effect_of(run).status == ("failed" if column == "payload" else "held")


def test_decision_laid_at_another_persons_door_is_refused(tiktok: Any) -> None:
    run, other = approved_post(), approved_post()
    decided_by = Decision.objects.get(request=request_of(other)).decided_by_id
    with triggers_off("approvals_decision"):
        sql(
            "UPDATE approvals_decision SET decided_by_id = %s WHERE request_id = %s",
            *(decided_by, request_of(run).id),
        )

    held(run)


def test_rejection_turned_into_an_approval_sends_nothing(tiktok: Any) -> None:
    run = asked_post()
    decision = decide(run, "reject")
    request = request_of(run)
    with triggers_off("approvals_decision"), triggers_off("approvals_approvalrequest"):
        sql("UPDATE approvals_decision SET verb = 'approve' WHERE id = %s", decision.id)
        sql("UPDATE approvals_approvalrequest SET status = 'approved' WHERE id = %s", request.id)
    output = {"decision": str(decision.id), "request": str(request.id), "payload": {}, "payload_sha256": ""}
    with triggers_off("workflows_workflowstep"), triggers_off("workflows_workflowrun"):
        sql(
            "UPDATE workflows_workflowstep SET status = 'succeeded', output = %s WHERE run_id = %s AND key = 'gate'",
            *(json.dumps(output), run.id),
        )
        sql(
            "UPDATE workflows_workflowstep SET status = 'ready', finished_at = NULL WHERE run_id = %s AND key = 'post'",
            run.id,
        )
        sql("UPDATE workflows_workflowrun SET status = 'running', finished_at = NULL WHERE id = %s", run.id)

    held(run)


def test_seal_key_taken_out_of_the_settings_sends_nothing_until_approved_under_another(tiktok: Any) -> None:
    run = approved_post()
    tiktok.APPROVAL_KEYS = (("newer", "n" * 40),)

    request = held(run)
    assert "is not configured: add it to APPROVAL_KEYS" in request.facts["why_again"]
    decide(run)

    assert until_it_rests(work(run)).status == "succeeded"
    assert len(tiktok_ledger.posts()) == 1


def test_approval_set_aside_before_leave_was_given_sends_nothing(tiktok: Any) -> None:
    run = approved_post()
    request = request_of(run)
    ApprovalRequest.objects.filter(id=request.id).update(status="withdrawn")

    again = held(run)

    assert again.facts["why_again"] == "The approval does not hold any more: it was set aside."
    request.refresh_from_db()
    assert request.status == "withdrawn"


def test_gate_that_puts_out_another_approval_sends_nothing(tiktok: Any) -> None:
    run, other = approved_post(), approved_post()
    output = other.steps.get(key="gate").output
    WorkflowStep.objects.filter(run=run, key="gate").update(output=output)

    run = work(run)

    assert (run.status, post_step(run).status, tiktok_ledger.received()) == ("failed", "failed", ())
    assert post_step(run).error == (
        "What the gate put out is an approval of something else: nothing was sent."
    )
    until_it_rests(work(other))
    assert len(tiktok_ledger.posts()) == 1


def test_gate_whose_output_was_changed_changes_nothing_of_what_goes_out(tiktok: Any) -> None:
    run = approved_post()
    gate = run.steps.get(key="gate")
    assert gate.output is not None
    changed = {**gate.output["payload"], "caption": OTHER, "delivery": "by_hand", "mode": "live"}
    WorkflowStep.objects.filter(id=gate.id).update(output={**gate.output, "payload": changed})

    until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    assert post.caption == CAPTION
    assert (effect_of(run).delivery, effect_of(run).mode) == ("direct", "sandbox")


@pytest.mark.parametrize(("approved", "changed"), [("by_hand", "direct"), ("direct", "by_hand")])
def test_delivery_changed_in_the_effect_alone_is_refused(tiktok: Any, approved: str, changed: str) -> None:
    run = approved_post(direct_account(delivery=approved))
    effect = prepared_effect(run)
    sql("UPDATE workflows_effect SET delivery = %s WHERE id = %s", changed, effect)

    request = held(run)

    assert request.facts["why_again"] == f"It was not approved to be delivered as {changed!r}."


def prepared_effect(run: WorkflowRun) -> Any:
    """Write the run's effect down and leave it there, as a worker that died then does."""
    taken = taken_work(run)
    effect = ledger.effect_of(taken, kind="post_video")
    expire_lease(taken.step)
    return effect.id


def test_new_version_decided_while_the_worker_is_still_at_it_says_so(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    EFFECTS["post_video"].perform(taken_work(run))  # its step is not finished yet

    with pytest.raises(ledger.WorkerAtIt):
        decide(run)

    assert (request_of(run).status, effect_of(run).status) == ("open", "held")


def test_held_effect_whose_worker_died_waits_for_the_same_version(tiktok: Any) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    EFFECTS["post_video"].perform(taken_work(run))
    expire_lease(post_step(run))

    held(run)

    decide(run)
    assert until_it_rests(work(run)).status == "succeeded"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_new_version_of_a_step_that_ended_meanwhile_cannot_be_decided(tiktok: Any, verb: str) -> None:
    run = approved_post()
    tamper_request(run, caption=OTHER)
    held(run)
    step = post_step(run)
    WorkflowStep.objects.filter(id=step.id).update(status="cancelled", finished_at=step.not_before)

    with pytest.raises(RunMovedOn):
        decide(run, verb)

    assert (request_of(run).status, effect_of(run).status) == ("open", "held")


def composite(run: WorkflowRun, **values: Any) -> Callable[[], None]:
    """Return an UPDATE of the run's effect, as a function."""
    sets = ", ".join(f"{column} = %s" for column in values)
    effect = effect_of(run).id
    return lambda: sql(f"UPDATE workflows_effect SET {sets} WHERE id = %s", *values.values(), effect)


def test_effect_pointed_at_an_approval_of_something_else_is_refused_by_the_database(tiktok: Any) -> None:
    run, other = approved_post(), approved_post()
    prepared_effect(run)
    theirs = Decision.objects.get(request=request_of(other))
    rejected = asked_post()
    no = decide(rejected, "reject")

    for change in (
        composite(run, decision_id=theirs.id),
        composite(run, request_id=theirs.request_id),
        composite(run, payload_sha256=theirs.payload_sha256),
        composite(run, payload_sha256="0" * 64),
        composite(run, decision_id=no.id, request_id=no.request_id, payload_sha256=no.payload_sha256),
        composite(run, verb="reject"),
    ):
        with pytest.raises(IntegrityError):
            change()
