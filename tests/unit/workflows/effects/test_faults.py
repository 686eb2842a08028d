"""Every fault at every call: what was approved is posted once or not at all, and its status is the truth."""

from datetime import datetime
from typing import Any, get_args

import pytest

from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox.tiktok.faults import FailReason, TikTokFault
from agents.sandbox_models import SandboxPost
from tests.factories.posting import (
    CAPTION,
    approved_post,
    digest_of_video,
    effect_of,
    moves,
    post_step,
    providers,
    time_passes,
    until_it_rests,
    work,
)
from tiktok_ops.content.models import PolicyFlag
from workflows.effects.following import MAX_SENDS
from workflows.models import WorkflowRun

BEFORE = ["unreachable", "reset_before", "server_error_before"]
AFTER = ["server_error_after", "timeout_after", "reset_after", "malformed"]
STRAIGHT = ["prepared", "sending", "sent", "confirmed"]


def run_with(settings: Any, **faults: Any) -> WorkflowRun:
    """Return an approved run that went on as far as it goes, with these faults."""
    settings.PROVIDERS = providers(**faults)
    return until_it_rests(work(approved_post()))


def check_posted_once(run: WorkflowRun) -> None:
    """Check that TikTok has exactly what was approved, and that we say so."""
    [post] = tiktok_ledger.posts()
    assert (post.caption, post.chunk_digests) == (CAPTION, (digest_of_video(),))
    effect = effect_of(run)
    assert (run.status, effect.status, effect.confirmed_by) == ("succeeded", "confirmed", "provider")
    assert (effect.post_id, effect.provider_ref) == (post.post_id, post.publish_id)
    assert (effect.error, effect.upload_secret) == ("", None)
    check_resent_only_after_proof()


def check_resent_only_after_proof() -> None:
    """Check that whatever was begun before the last time had failed for good, or never got a byte."""
    *before, _ = SandboxPost.objects.order_by("begun_at", "id")
    assert all(post.fail_reason or not post.uploaded_bytes for post in before)


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER, "rate_limited"])
def test_ask_creator_met_by_a_fault_asks_again_and_posts_once(tiktok: Any, fault: str) -> None:
    run = run_with(tiktok, creator_info={fault: 1})

    check_posted_once(run)
    assert moves(run) == STRAIGHT
    assert post_step(run).tries == (0 if fault == "rate_limited" else 1)


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER, "rate_limited"])
def test_announce_met_by_a_fault_is_taken_back_and_posts_once(tiktok: Any, fault: str) -> None:
    run = run_with(tiktok, init={fault: 1})

    check_posted_once(run)
    assert moves(run) == ["prepared", "sending", *STRAIGHT]
    assert effect_of(run).claims == 2


@pytest.mark.parametrize("fault", [*BEFORE, "rate_limited", "expired_token"])
def test_upload_tiktok_did_not_get_is_sent_again_to_the_same_place(tiktok: Any, fault: str) -> None:
    run = run_with(tiktok, upload={fault: 1})

    check_posted_once(run)
    assert moves(run) == ["prepared", "sending", "unknown", "sending", "sent", "confirmed"]
    assert (effect_of(run).claims, SandboxPost.objects.count()) == (1, 1)


@pytest.mark.parametrize("fault", AFTER)
def test_upload_whose_answer_was_lost_is_looked_for_and_not_sent_again(tiktok: Any, fault: str) -> None:
    run = run_with(tiktok, upload={fault: 1})

    check_posted_once(run)
    assert moves(run) == ["prepared", "sending", "unknown", "confirmed"]
    assert len(tiktok_ledger.received(operation="upload")) == 1


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER, "rate_limited", "expired_token"])
def test_look_met_by_a_fault_looks_again(tiktok: Any, fault: str) -> None:
    run = run_with(tiktok, status={fault: 1})

    check_posted_once(run)
    assert moves(run) == STRAIGHT


@pytest.mark.parametrize(("operation", "moved"), [("creator_info", []), ("init", ["sending", "prepared"])])
def test_access_that_ended_before_anything_left_ends_the_post(
    tiktok: Any, operation: str, moved: list[str]
) -> None:
    run = run_with(tiktok, **{operation: {"expired_token": 1}})

    assert tiktok_ledger.posts() == ()
    assert moves(run) == ["prepared", *moved, "failed"]
    assert run.status == "failed"
    assert "renew the account's access" in post_step(run).error
    assert effect_of(run).error == post_step(run).error


@pytest.mark.parametrize("operation", ["creator_info", "init"])
def test_trouble_that_stays_before_anything_left_gives_up_after_its_tries(
    tiktok: Any, operation: str
) -> None:
    run = run_with(tiktok, **{operation: {"timeout_after": 99}})

    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert effect_of(run).error.startswith("Gave up after 3 tries: ")
    assert len(tiktok_ledger.received(operation=operation)) == 3


@pytest.mark.parametrize("fault", ["unreachable", "rate_limited"])
def test_upload_that_never_arrives_stays_unknown_under_one_publish_id(tiktok: Any, fault: str) -> None:
    tiktok.PROVIDERS = providers(upload={fault: 99})
    run = work(approved_post())

    for _ in range(4):
        run = time_passes(run)

    assert tiktok_ledger.posts() == ()
    assert (run.status, post_step(run).status, effect_of(run).status) == ("waiting", "waiting", "unknown")
    assert "TikTok is asked what it has" in post_step(run).error
    assert SandboxPost.objects.count() == 1


def test_look_that_never_gets_an_answer_leaves_it_sent_and_never_sends_again(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(status={"timeout_after": 99})
    run = work(approved_post())

    for _ in range(4):
        run = time_passes(run)

    [post] = tiktok_ledger.posts()
    assert (effect_of(run).status, effect_of(run).provider_ref) == ("sent", post.publish_id)
    assert post_step(run).error.startswith("TikTok could not be asked what became of it: ")
    assert len(tiktok_ledger.received(operation="init")) == 1
    assert effect_of(run).looks == 4


@pytest.mark.parametrize("reason", sorted(set(get_args(FailReason)) - {"", "internal"}))
def test_post_tiktok_refused_for_good_is_not_begun_again(tiktok: Any, reason: str) -> None:
    run = run_with(tiktok, fail_reason=reason)

    assert tiktok_ledger.posts() == ()
    assert moves(run) == ["prepared", "sending", "sent", "failed"]
    assert effect_of(run).error == f"TikTok did not publish it: {reason}."
    assert (run.status, len(tiktok_ledger.received(operation="init"))) == ("failed", 1)
    flags = PolicyFlag.objects.filter(account=run.account, about=effect_of(run).provider_ref)
    assert list(flags.values_list("code", flat=True)) == [reason] * reason.startswith("spam_risk")


def test_post_tiktok_failed_on_its_own_is_begun_again_once(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(fail_reason="internal")
    run = time_passes(work(approved_post()))
    assert (effect_of(run).status, effect_of(run).provider_ref) == ("prepared", "")
    assert post_step(run).error == "TikTok did not publish it (internal), and lets us try again."

    tiktok.PROVIDERS = providers()
    run = until_it_rests(run)

    check_posted_once(run)
    assert moves(run) == ["prepared", "sending", "sent", *STRAIGHT]
    assert effect_of(run).claims == 2


def test_post_tiktok_fails_every_time_is_begun_five_times_and_no_more(tiktok: Any) -> None:
    run = run_with(tiktok, fail_reason="internal")

    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert effect_of(run).error == "TikTok did not publish it (internal), 5 times."
    assert len(tiktok_ledger.received(operation="init")) == MAX_SENDS == 5
    check_resent_only_after_proof()


def test_slow_tiktok_is_asked_less_and_less_often(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(publish_seconds=3600)
    run = work(approved_post())
    waits = []
    for _ in range(4):
        run = time_passes(run)
        waited = run.events.filter(kind="step.waiting").order_by("-seq")[0]
        wakes_at = datetime.fromisoformat(waited.data["wake_at"])
        waits.append(round((wakes_at - waited.at).total_seconds(), 1))

    assert waits == [1.0, 1.6, 2.6, 4.1]
    assert (effect_of(run).status, effect_of(run).looks) == ("sent", 4)


def test_answer_that_takes_its_time_is_waited_for(tiktok: Any) -> None:
    run = run_with(tiktok, init={"slow_seconds": 0.01}, upload={"slow_seconds": 0.01})

    check_posted_once(run)
    assert moves(run) == STRAIGHT


def test_every_fault_of_the_sandbox_is_met_here() -> None:
    assert {*BEFORE, *AFTER, "rate_limited", "expired_token"} == set(TikTokFault)
