"""Posting under a stop switch: it waits with the reason, an upload halts at its next chunk, all goes on after."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.accounts import AccountFactory
from tests.factories.posting import (
    approved_post,
    direct_account,
    effect_of,
    moves,
    post_step,
    taken_work,
    time_passes,
    until_it_rests,
    video_asset,
    watched,
    work,
)
from tests.factories.stops import stop
from tests.factories.tiktok import video_of
from tests.factories.workflows import expire_lease
from workflows import stop_switch
from workflows.effects import ledger
from workflows.effects.registry import EFFECTS
from workflows.keeper import sweep
from workflows.models import StopSwitch, WorkflowRun
from workflows.overview import overview_of
from workflows.stop_switch import Target, release

CHUNK_BYTES = 5_242_880
BIG = video_of(11_000_000)


@pytest.fixture(autouse=True)
def nothing_stopped(tiktok: Any) -> None:
    """Begin with no switch: the module's tests share a database."""
    StopSwitch.objects.all().delete()


@pytest.fixture
def big(tiktok: Any) -> WorkflowRun:
    """Return an approved post of a video that goes in two chunks."""
    tiktok.TIKTOK_CHUNK_BYTES = CHUNK_BYTES
    account = direct_account()
    return approved_post(account, asset=video_asset(account, BIG))


def check_posted_once(run: WorkflowRun) -> None:
    """Check that the post is out, once."""
    run.refresh_from_db()
    assert (run.status, effect_of(run).status) == ("succeeded", "confirmed")
    assert len(tiktok_ledger.posts(username=run.account.handle)) == 1


def test_post_that_is_stopped_stays_prepared_says_why_and_goes_out_after_the_release(tiktok: Any) -> None:
    run = approved_post()
    switch = stop(Target(account=run.account))
    work(run)
    step = post_step(run)
    assert (effect_of(run).status, effect_of(run).claims, moves(run)) == ("prepared", 0, ["prepared"])
    assert (step.status, step.wake_at, step.tries) == ("waiting", None, 0)
    assert tiktok_ledger.received(operation="init", with_unheard=True) == ()
    waiting = overview_of(run).waiting_on or ""
    assert f"The account {run.account} is stopped since " in waiting
    assert "“The wrong caption went out.”" in waiting

    release(stop_id=switch.id, by="a test")

    assert post_step(run).status == "ready"
    check_posted_once(until_it_rests(work(run)))


def test_post_handed_over_by_hand_waits_too(tiktok: Any) -> None:
    run = approved_post(AccountFactory.create(delivery="by_hand"))
    switch = stop(Target(workflow="own_post"))
    assert (work(run).status, effect_of(run).status) == ("waiting", "prepared")
    release(stop_id=switch.id, by="a test")
    assert effect_of(work(run)).status == "handed_over"


def test_post_of_another_account_goes_out_meanwhile(tiktok: Any) -> None:
    stop(Target(account=direct_account()))
    check_posted_once(until_it_rests(work(approved_post())))


def test_keeper_leaves_what_is_stopped_alone_and_wakes_what_was_missed(tiktok: Any) -> None:
    run = approved_post()
    switch = stop()
    work(run)
    claims = post_step(run).claims
    sweep()
    assert (post_step(run).status, post_step(run).claims) == ("waiting", claims)

    # The releasing process died before it woke anybody.
    StopSwitch.objects.filter(id=switch.id).update(released_at=timezone.now(), released_by="a test")
    sweep()

    check_posted_once(until_it_rests(work(run)))


def test_release_of_one_of_two_switches_lets_nothing_go(tiktok: Any) -> None:
    run = approved_post()
    wide, narrow = stop(), stop(Target(account=run.account))
    work(run)
    release(stop_id=wide.id, by="a test")
    assert post_step(run).status == "waiting"
    release(stop_id=narrow.id, by="a test")
    check_posted_once(until_it_rests(work(run)))


def test_switch_thrown_between_leave_and_announcing_takes_the_leave_back(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_post()
    begin = ledger.begin

    def begin_and_stop(*args: Any, **named: Any) -> float:
        given_at = begin(*args, **named)
        stop()
        return given_at

    monkeypatch.setattr(ledger, "begin", begin_and_stop)
    work(run)
    monkeypatch.undo()

    assert moves(run) == ["prepared", "sending", "prepared"]
    assert tiktok_ledger.received(operation="init", with_unheard=True) == ()
    assert post_step(run).error.startswith("Everything is stopped")
    release(stop_id=StopSwitch.objects.get().id, by="a test")
    check_posted_once(until_it_rests(work(run)))


@pytest.mark.parametrize(("operation", "taken"), [("init", 0), ("upload", 1)])
def test_switch_thrown_during_an_upload_halts_it_before_the_next_chunk(
    tiktok: Any, big: WorkflowRun, operation: str, taken: int
) -> None:
    tiktok.PROVIDERS = watched("after", operation, stop)
    work(big)
    assert len(tiktok_ledger.received(operation="upload")) == taken
    effect, step = effect_of(big), post_step(big)
    assert (effect.status, step.status, step.wake_at) == ("unknown", "waiting", None)
    assert effect.error == step.error
    assert step.error.startswith("Everything is stopped since")
    sweep()
    assert post_step(big).status == "waiting"

    release(stop_id=StopSwitch.objects.get().id, by="a test")

    check_posted_once(until_it_rests(work(big)))
    sent = [one.bytes_received for one in tiktok_ledger.received(operation="upload")]
    assert sent == [CHUNK_BYTES, len(BIG) - CHUNK_BYTES]  # nothing was sent twice
    assert len(tiktok_ledger.received(operation="init")) == 1


def test_worker_that_finds_an_upload_of_a_dead_one_sends_nothing_while_it_is_stopped(
    tiktok: Any, big: WorkflowRun
) -> None:
    taken = taken_work(big)

    def die() -> None:
        raise KeyboardInterrupt

    tiktok.PROVIDERS = watched("after", "upload", die)
    with pytest.raises(KeyboardInterrupt):
        EFFECTS["post_video"].perform(taken)
    switch = stop()
    expire_lease(post_step(big))
    work(big)
    assert (effect_of(big).status, post_step(big).status) == ("unknown", "waiting")
    assert post_step(big).error.startswith("Everything is stopped since")
    assert len(tiktok_ledger.received(operation="upload")) == 1

    release(stop_id=switch.id, by="a test")
    check_posted_once(until_it_rests(work(big)))


def test_post_that_is_with_tiktok_is_followed_to_its_end_while_everything_is_stopped(tiktok: Any) -> None:
    run = work(approved_post())
    assert effect_of(run).status == "sent"
    stop()
    check_posted_once(until_it_rests(run))


def test_post_whose_slot_comes_while_it_is_stopped_waits_for_the_release(tiktok: Any) -> None:
    run = approved_post(publish_at=(timezone.now() + timedelta(hours=1)).isoformat())
    switch = stop()
    assert post_step(work(run)).wake_at is not None
    release(stop_id=switch.id, by="a test")
    assert post_step(run).status == "waiting"  # its time has not come
    assert "It goes out at" in post_step(run).error
    assert stop_switch.wake_unstopped() == 0
    assert time_passes(run).status == "waiting"
