"""One more attempt of a post nobody can tell the fate of: on a second person's word, once, as the first one was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from agents.sandbox.tiktok import ledger as tiktok_ledger
from approvals.policy import MayNotDecide
from tests.factories.accounts import UserFactory, WorkspaceFactory, person
from tests.factories.effects import effect_on, since
from tests.factories.posting import (
    approved_post,
    asked_post,
    creator_of,
    decide,
    digest_of_video,
    effect_of,
    moves,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    until_it_rests,
    work,
)
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from workflows.control import cancel_run, pause_run, resume_run
from workflows.effect_words import words_of
from workflows.effects.another_attempt import (
    LONGEST_REASON,
    AttemptRefused,
    NothingToAllow,
    allow_another_attempt,
)
from workflows.effects.ledger import WorkerAtIt
from workflows.effects.models import Effect
from workflows.effects.underway import A_PERSON_MAY_SAY
from workflows.models import WorkflowRun

LOOKED = "Not on the profile, nor among the drafts."
UNKNOWN_TWICE = ["prepared", "sending", "unknown", "prepared", "sending"]


def lost_post(settings: Any, *, minutes: int = 16, run: WorkflowRun | None = None) -> WorkflowRun:
    """Return a run whose post TikTok took without a word, unknown for so long; the next one is posted at once."""
    settings.PROVIDERS = providers(upload={"timeout_after": [1]}, publish_seconds=10**6)
    run = work(run or approved_post())
    assert effect_of(run).status == "unknown"
    since(effect_of(run), timezone.now() - timedelta(minutes=minutes))
    settings.PROVIDERS = providers()
    return run


def ben(run: WorkflowRun, **changes: Any) -> User:
    """Return another approver of the run's workspace than who approved it."""
    return person(run.workspace, Role.APPROVER, **{"first_name": "Ben", **changes})


def approver(run: WorkflowRun) -> User:
    """Return who approved the run's post."""
    by: User = effect_of(run).decision.decided_by
    return by


def allow(run: WorkflowRun, by: User | None = None, reason: str = LOOKED) -> Effect:
    """Let the run's effect begin once more."""
    return allow_another_attempt(effect_id=effect_of(run).id, by=by or ben(run), reason=reason)


# It goes on as a first attempt does -----------------------------------------------------------------


def test_allow_another_attempt_sends_the_same_bytes_once_more_by_itself(tiktok: Any) -> None:
    run = lost_post(tiktok)
    first = effect_of(run)

    effect = allow(run, reason=f"  {LOOKED} ")
    assert (effect.status, post_step(run).status) == ("prepared", "ready")
    run = until_it_rests(work(run))

    lost, sent = tiktok_ledger.posts()
    assert (lost.caption, lost.chunk_digests) == (sent.caption, sent.chunk_digests)
    assert sent.chunk_digests == (digest_of_video(),)
    now = effect_of(run)
    assert (run.status, now.status, now.confirmed_by) == ("succeeded", "confirmed", "provider")
    assert (now.provider_ref, now.claims, now.cleared_by) == (sent.publish_id, 2, "")
    assert (now.idempotency_key, now.decision_id) == (first.idempotency_key, first.decision_id)
    assert now.evidence["earlier_reference"] == lost.publish_id == first.provider_ref
    assert moves(run) == [*UNKNOWN_TWICE, "sent", "confirmed"]


def test_allow_another_attempt_is_on_record_with_who_when_and_why(tiktok: Any) -> None:
    run = lost_post(tiktok)
    by = ben(run, username="ben")

    effect = allow(run, by)

    assert (effect.attempt_allowed_by, effect.attempt_reason, effect.cleared_by) == (by, LOOKED, "person")
    assert effect.attempt_allowed_at is not None
    told = AuditEvent.objects.get(subject=f"effect {effect.id}", actor="user:ben")
    assert (told.verb, told.data["from"], told.data["attempt_reason"]) == (
        "effect.prepared",
        "unknown",
        LOOKED,
    )
    assert words_of(effect) == "to be sent once more, as Ben allowed"


def test_attempt_allowed_under_a_seal_that_broke_meanwhile_is_asked_again(tiktok: Any) -> None:
    run = lost_post(tiktok)
    decision = effect_of(run).decision
    changed = bytes(decision.payload).replace(b"Three ways", b"Four ways ")
    allow(run)
    with triggers_off("approvals_decision"):
        sql("UPDATE approvals_decision SET payload = %s WHERE id = %s", changed, decision.id)

    run = work(run)

    assert (effect_of(run).status, len(tiktok_ledger.posts())) == ("held", 1)


def test_attempt_allowed_where_the_account_changed_is_asked_again_and_whoever_allowed_it_may_approve(
    tiktok: Any,
) -> None:
    run = lost_post(tiktok, run=approved_post(allow_duet=True))
    creator_of(run.account, duet_disabled=True)
    by = ben(run)
    allow(run, by)
    run = work(run)
    assert effect_of(run).status == "held"

    decide(run, by=by)
    run = until_it_rests(work(run))

    assert (run.status, effect_of(run).decision.decided_by) == ("succeeded", by)
    assert len(tiktok_ledger.posts()) == 2


def test_attempt_allowed_for_a_step_that_was_just_woken_is_made_at_its_turn(tiktok: Any) -> None:
    run = lost_post(tiktok)
    sql("SELECT workflow_wake(%s)", post_step(run).id)

    allow(run)
    run = until_it_rests(work(run))

    assert (run.status, moves(run)[-1]) == ("succeeded", "confirmed")


def test_attempt_allowed_in_a_paused_run_is_made_once_it_is_resumed(tiktok: Any) -> None:
    run = lost_post(tiktok)
    pause_run(run_id=run.id, by="a test")

    allow(run)
    assert moves(work(run)) == ["prepared", "sending", "unknown", "prepared"]
    resume_run(run_id=run.id, by="a test")

    assert until_it_rests(work(run)).status == "succeeded"


# Once only ------------------------------------------------------------------------------------------


def test_second_attempt_that_is_lost_too_is_not_made_a_third_time(tiktok: Any) -> None:
    run = lost_post(tiktok)
    allow(run)
    tiktok.PROVIDERS = providers(upload={"timeout_after": [2]}, publish_seconds=10**6)
    run = work(run)
    since(effect_of(run), timezone.now() - timedelta(days=1))
    assert effect_of(run).status == "unknown"

    with pytest.raises(AttemptRefused, match="One more attempt was allowed already, by Ben at "):
        allow(run, ben(run, first_name="Cleo"))

    assert moves(time_passes(run)) == [*UNKNOWN_TWICE, "unknown"]
    assert len(tiktok_ledger.posts()) == 2


def test_allow_another_attempt_by_two_at_once_is_one_attempt(tiktok: Any) -> None:
    run = lost_post(tiktok)
    people = [ben(run), ben(run)]

    def one(by: User) -> str:
        try:
            allow(run, by)
        except NothingToAllow:
            return "refused"
        finally:
            connections.close_all()
        return "allowed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, people)) == ["allowed", "refused"]

    until_it_rests(work(run))
    assert len(tiktok_ledger.posts()) == 2


# Who may --------------------------------------------------------------------------------------------


def test_whoever_approved_it_may_not_allow_another_attempt(tiktok: Any) -> None:
    run = lost_post(tiktok)

    with pytest.raises(MayNotDecide, match=r"You approved this yourself, .* ask another approver to look"):
        allow(run, approver(run))

    assert (moves(run), post_step(run).status) == (["prepared", "sending", "unknown"], "waiting")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OWNER])
def test_who_may_not_approve_on_the_account_may_not_allow_another_attempt(tiktok: Any, role: Role) -> None:
    run = lost_post(tiktok)

    with pytest.raises(MayNotDecide, match="your roles in this workspace do not include it"):
        allow(run, person(run.workspace, role))


def test_approver_of_elsewhere_and_superuser_may_not_allow_another_attempt(tiktok: Any) -> None:
    run = lost_post(tiktok)

    for by in (person(WorkspaceFactory.create(), Role.APPROVER), UserFactory.create(is_superuser=True)):
        with pytest.raises(MayNotDecide):
            allow(run, by)


def test_who_started_a_post_of_high_risk_may_not_allow_another_attempt(tiktok: Any) -> None:
    account = effect_on().account
    cleo = person(account.workspace, Role.APPROVER)
    run = asked_post(account, by=cleo, is_branded_content=True)
    decide(run)
    run = lost_post(tiktok, run=run)

    with pytest.raises(MayNotDecide, match="You started this yourself and it is of high risk"):
        allow(run, cleo)


# When there is nothing to allow ---------------------------------------------------------------------


def test_allow_another_attempt_of_what_is_unknown_since_just_now_is_refused(tiktok: Any) -> None:
    run = lost_post(tiktok, minutes=14)

    with pytest.raises(NothingToAllow, match=r"still being asked: .* unknown for 15 minutes"):
        allow(run)


def test_allow_another_attempt_of_what_is_posted_is_refused(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post()))

    with pytest.raises(NothingToAllow, match="This effect is confirmed: it needs no other attempt"):
        allow(run)


@pytest.mark.parametrize("reason", ["", "  ", "x" * (LONGEST_REASON + 1)])
def test_allow_another_attempt_without_a_good_reason_is_refused(tiktok: Any, reason: str) -> None:
    run = lost_post(tiktok)

    with pytest.raises(AttemptRefused, match=f"say in 1 to {LONGEST_REASON} characters where you looked"):
        allow(run, reason=reason)

    assert effect_of(run).attempt_allowed_by is None


def test_allow_another_attempt_where_the_step_has_ended_points_to_the_run(tiktok: Any) -> None:
    run = lost_post(tiktok)
    sql(
        "UPDATE workflows_workflowstep SET status = 'failed', error = 'Ours.', wake_at = NULL,"
        " finished_at = clock_timestamp() WHERE id = %s",
        post_step(run).id,
    )

    with pytest.raises(AttemptRefused, match=r"Its step has ended, .* try the step again on the run's page"):
        allow(run)


def test_allow_another_attempt_in_a_cancelled_run_is_refused(tiktok: Any) -> None:
    run = lost_post(tiktok)
    cancel_run(run_id=run.id, by="a test")

    with pytest.raises(AttemptRefused, match="Its run was cancelled, so nothing more is sent"):
        allow(run)


def test_allow_another_attempt_while_a_worker_asks_is_to_be_tried_again(tiktok: Any) -> None:
    run = lost_post(tiktok)
    sql("SELECT workflow_wake(%s)", post_step(run).id)
    taken_work(run)

    with pytest.raises(WorkerAtIt):
        allow(run)

    assert effect_of(run).status == "unknown"


# What is said meanwhile -----------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "may_say"), [(14, False), (16, True)])
def test_waiting_sentence_says_when_a_person_may_say_what_became_of_it(
    tiktok: Any, minutes: int, may_say: bool
) -> None:
    run = lost_post(tiktok, minutes=minutes)

    time_passes(run)

    assert (A_PERSON_MAY_SAY in post_step(run).error) is may_say
