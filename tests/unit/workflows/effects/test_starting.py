"""The beginning of a post: its slot, leave to send, how long that leave lasts, and what the run became meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.posting import (
    approved_post,
    asked_post,
    decide,
    direct_account,
    effect_of,
    moves,
    post_step,
    sql,
    time_passes,
    until_it_rests,
    watched,
    work,
)
from tests.factories.workflows import make_due
from workflows.effects import starting
from workflows.keeper import ring_due
from workflows.models import WorkflowRun


def set_run(run: WorkflowRun, status: str) -> None:
    """Let the run be in this status, as a person would set it."""
    ended = timezone.now() if status == "cancelled" else None
    WorkflowRun.objects.filter(id=run.id).update(status=status, finished_at=ended)


def test_post_with_a_slot_waits_for_it_and_asks_tiktok_nothing_before(tiktok: Any) -> None:
    slot = timezone.now() + timedelta(hours=2)
    run = work(approved_post(publish_at=slot.isoformat()))

    step = post_step(run)
    assert (run.status, step.status, moves(run)) == ("waiting", "waiting", ["prepared"])
    assert step.wake_at is not None
    assert abs((step.wake_at - slot).total_seconds()) < 5
    assert step.error == f"It goes out at {slot:%Y-%m-%d %H:%M} UTC, as approved."
    assert tiktok_ledger.received() == ()


def test_post_woken_before_its_slot_waits_on(tiktok: Any) -> None:
    run = work(approved_post(publish_at=(timezone.now() + timedelta(hours=2)).isoformat()))

    time_passes(run)

    assert (post_step(run).status, moves(run)) == ("waiting", ["prepared"])
    assert tiktok_ledger.received() == ()


def test_post_whose_slot_has_come_goes_out(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post(publish_at=(timezone.now() - timedelta(hours=1)).isoformat())))

    assert (run.status, len(tiktok_ledger.posts())) == ("succeeded", 1)


def test_post_held_up_after_leave_was_given_does_not_send_and_asks_for_leave_again(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_post()
    monkeypatch.setattr(starting, "START_WITHIN_SECONDS", -1.0)

    work(run)

    assert moves(run) == ["prepared", "sending", "prepared"]
    assert tiktok_ledger.received(operation="init") == ()
    assert (post_step(run).status, post_step(run).tries) == ("ready", 0)
    assert post_step(run).error.startswith("The worker was held up between the leave to send and sending")
    monkeypatch.undo()
    assert until_it_rests(run).status == "succeeded"
    assert len(tiktok_ledger.posts()) == 1


def test_post_whose_facts_are_older_than_a_minute_asks_for_them_again(tiktok: Any) -> None:
    run = approved_post()

    def facts_age() -> None:
        sql("UPDATE workflows_effect SET checked_at = checked_at - interval '61 seconds'")

    with pytest.MonkeyPatch.context() as patch:
        # Nothing is asked of TikTok between keeping the facts and asking for leave; this point is passed there.
        patch.setattr(starting, "pass_by", lambda point, subject: facts_age())
        work(run)

    assert moves(run) == ["prepared"]
    assert post_step(run).error == "What TikTok allows was asked too long ago."
    assert until_it_rests(run).status == "succeeded"
    assert len(tiktok_ledger.received(operation="creator_info")) == 2


@pytest.mark.parametrize("status", ["paused", "cancelled"])
def test_run_stopped_before_leave_was_given_sends_nothing(tiktok: Any, status: str) -> None:
    run = approved_post()
    tiktok.PROVIDERS = watched("after", "creator_info", lambda: set_run(run, status))

    work(run)
    ring_due(limit=100)
    make_due(post_step(run))
    work(run)

    assert tiktok_ledger.received(operation="init") == ()
    assert (moves(run), post_step(run).status) == (["prepared"], "ready")
    assert post_step(run).error == "The run was paused or cancelled before anything was sent."


def test_paused_run_that_goes_on_posts_once(tiktok: Any) -> None:
    run = approved_post()
    tiktok.PROVIDERS = watched("after", "creator_info", lambda: set_run(run, "paused"))
    work(run)

    set_run(run, "running")
    run = until_it_rests(run)

    assert (run.status, len(tiktok_ledger.posts())) == ("succeeded", 1)


@pytest.mark.parametrize("status", ["paused", "cancelled"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_run_stopped_while_the_bytes_leave_says_what_left(tiktok: Any, when: str, status: str) -> None:
    run = approved_post()
    tiktok.PROVIDERS = watched(when, "upload", lambda: set_run(run, status))

    run = work(run)

    assert (effect_of(run).status, len(tiktok_ledger.posts())) == ("sent", 1)
    assert (run.status, post_step(run).status) == (status, "waiting")


def test_paused_run_is_not_woken_and_goes_on_when_it_runs_again(tiktok: Any) -> None:
    run = approved_post()
    tiktok.PROVIDERS = watched("after", "upload", lambda: set_run(run, "paused"))
    run = time_passes(work(run))
    assert tiktok_ledger.received(operation="status") == ()

    set_run(run, "running")

    assert until_it_rests(run).status == "succeeded"


def test_rejected_post_is_skipped_and_tiktok_hears_nothing(tiktok: Any) -> None:
    run = asked_post()
    decide(run, "reject")

    run = work(run)

    assert (run.status, post_step(run).status) == ("succeeded", "skipped")
    assert tiktok_ledger.received() == ()
    assert not run.events.filter(kind__startswith="effect.").exists()


def test_post_of_an_account_nobody_connected_ends_with_the_remedy(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post(direct_account(mode="live"))))

    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert "is not connected to TikTok" in post_step(run).error or "TIKTOK_MODE" in post_step(run).error
    assert tiktok_ledger.received() == ()


def test_post_approved_for_the_sandbox_does_not_go_to_the_real_tiktok(tiktok: Any) -> None:
    run = approved_post()
    live = {**tiktok.PROVIDERS["tiktok"], "MODE": "live", "OPTIONS": {}}
    tiktok.PROVIDERS = {**tiktok.PROVIDERS, "tiktok": live}

    run = work(run)

    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert effect_of(run).error == (
        "This was approved for 'sandbox' and TIKTOK_MODE is 'live': nothing was sent."
    )
    assert tiktok_ledger.received() == ()
