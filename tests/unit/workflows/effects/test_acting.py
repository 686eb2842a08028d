"""Acts that are one call, of every kind: the promise, and what can go wrong on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.accounts import person
from tests.factories.acting import TRIALS, approved_act, asked_act, made_by, times_asked
from tests.factories.effects import since
from tests.factories.posting import (
    decide,
    effect_of,
    forget_tiktok,
    moves,
    post_step,
    providers,
    take_over,
    taken_work,
    until_it_rests,
    work,
)
from tests.forms import times
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.effects.another_attempt import allow_another_attempt
from workflows.effects.hand_over import LinkRefused, settle_by_link
from workflows.effects.next_look import UNKNOWN_LONG
from workflows.effects.registry import EFFECTS
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun
from workflows.protocol import finish

KINDS = list(TRIALS)
REPEATABLE = [kind for kind in KINDS if TRIALS[kind].is_repeatable]
ONCE_ONLY = [kind for kind in KINDS if not TRIALS[kind].is_repeatable]


@pytest.mark.parametrize("kind", KINDS)
def test_do_approved_act_reaches_tiktok_once_with_the_approved_words(kind: str, tiktok: Any) -> None:
    run = work(approved_act(kind))
    effect = effect_of(run)
    assert (run.status, effect.status, effect.confirmed_by) == ("succeeded", "confirmed", "provider"), moves(
        run
    )
    assert moves(run) == ["prepared", "sending", "sent", "confirmed"]
    assert len(made_by(run, kind)) == times_asked(kind) == 1
    assert output_of(run)["publish_id"] == effect.provider_ref != ""


def output_of(run: WorkflowRun) -> dict[str, Any]:
    """Return what the run's step put out."""
    return post_step(run).output or {}


def pairs(*faults: str) -> list[tuple[str, str]]:
    """Return each kind with each fault; in the short form each of both once or more."""
    every = [(kind, fault) for kind in KINDS for fault in faults]
    return times(
        long=every, short=[(KINDS[n % len(KINDS)], faults[n % len(faults)]) for n in range(len(KINDS))]
    )


@pytest.mark.parametrize(
    ("kind", "fault"), pairs("reset_before", "server_error_before", "unreachable", "rate_limited")
)
def test_do_act_through_trouble_before_it_was_done_does_it_at_most_once(
    kind: str, fault: str, tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {fault: 1}})
    run = until_some_end(approved_act(kind))
    made = made_by(run, kind)
    if fault in {"unreachable", "rate_limited"} or TRIALS[kind].is_repeatable:
        assert (run.status, len(made)) == ("succeeded", 1), moves(run)
    else:  # nobody can tell that it was not done, so nobody does it again
        assert (effect_of(run).status, made) == ("unknown", [])


@pytest.mark.parametrize(
    ("kind", "fault"), pairs("reset_after", "timeout_after", "server_error_after", "malformed")
)
def test_do_act_whose_answer_is_lost_finds_it_and_does_it_no_second_time(
    kind: str, fault: str, tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {fault: 1}})
    run = until_some_end(approved_act(kind))
    assert (run.status, len(made_by(run, kind)), times_asked(kind)) == ("succeeded", 1, 1), moves(run)
    assert effect_of(run).confirmed_by == "provider"


def until_some_end(run: WorkflowRun) -> WorkflowRun:
    """Let time pass until the run is over, or a few looks found nothing."""
    run = work(run)
    for _ in range(5):
        if run.finished_at:
            break
        try:
            run = until_it_rests(run, rounds=1)
        except AssertionError:
            run.refresh_from_db()
    return run


@pytest.mark.parametrize("kind", times(long=ONCE_ONLY, short=["reply_comment"]))
def test_lose_act_that_twice_would_be_twice_waits_for_a_person(kind: str, tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {"reset_before": 1}})
    run = until_some_end(approved_act(kind))
    effect = effect_of(run)
    assert (effect.status, times_asked(kind)) == ("unknown", 1)
    since(effect, timezone.now() - UNKNOWN_LONG - timedelta(seconds=1))
    reason = "I looked into the app, and it is not there."
    allow_another_attempt(effect_id=effect.id, by=person(run.workspace, Role.APPROVER), reason=reason)
    wake_waiting()
    run = work(run)
    assert (run.status, len(made_by(run, kind))) == ("succeeded", 1), moves(run)


@pytest.mark.parametrize("kind", times(long=KINDS, short=["send_message"]))
def test_person_who_saw_it_closes_it_with_where_they_saw_it(kind: str, tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {"reset_before": [1]}})
    run = work(approved_act(kind))
    effect, by = effect_of(run), person(run.workspace, Role.APPROVER)
    for link in (
        "https://example.com/",
        "https://tiktok.com.example.com/",
        "http://www.tiktok.com/",
        "nowhere",
    ):
        with pytest.raises(LinkRefused, match="not one of TikTok's"):
            settle_by_link(effect_id=effect.id, by=by, url=link)
    settle_by_link(effect_id=effect.id, by=by, url="https://seller-us.tiktok.com/inbox")
    run.refresh_from_db()
    effect.refresh_from_db()
    assert (run.status, effect.confirmed_by, effect.evidence) == (
        "succeeded",
        "person",
        {"seen_by_a_person": True},
    )


@pytest.mark.parametrize("kind", times(long=KINDS, short=["reply_comment", "create_campaign"]))
def test_take_over_act_that_was_sent_confirms_it_and_sends_no_second_one(kind: str, tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {"reset_after": [1]}})
    run = approved_act(kind)
    EFFECTS[kind].perform(taken_work(run))  # and its worker dies
    taken = take_over(run)
    finish(taken.claim, EFFECTS[kind].perform(taken), go_on=False)
    run = until_some_end(run)
    assert (run.status, effect_of(run).status) == ("succeeded", "confirmed"), moves(run)
    assert (len(made_by(run, kind)), times_asked(kind)) == (1, 1)


@pytest.mark.parametrize("kind", times(long=KINDS, short=["set_stock"]))
def test_do_act_on_an_account_that_changed_sends_nothing(kind: str, tiktok: Any) -> None:
    run = approved_act(kind)
    run.account.ownership = TikTokAccount.Ownership.THIRD_PARTY
    run.account.save(update_fields=["ownership"])
    run = work(run)
    assert (run.status, times_asked(kind)) == ("failed", 0)
    assert "belongs to somebody else" in effect_of(run).error


@pytest.mark.parametrize("kind", times(long=KINDS, short=["set_stock"]))
def test_do_act_on_a_renamed_account_asks_again(kind: str, tiktok: Any) -> None:
    run = approved_act(kind)
    before = run.account.handle
    run.account.handle = f"{before[:15]}.new"
    run.account.save(update_fields=["handle"])
    run = work(run)
    assert (effect_of(run).status, times_asked(kind)) == ("held", 0)
    assert f"the handle changed from {before!r}" in effect_of(run).error


@pytest.mark.parametrize("kind", times(long=KINDS, short=["update_listing"]))
def test_rehearse_act_says_what_it_would_do_and_sends_nothing(kind: str, tiktok: Any) -> None:
    run = asked_act(kind, is_dry_run=True)
    assert run.status == "succeeded", list(run.steps.values("key", "error"))
    said = output_of(run)["dry_run"]
    assert said.startswith(f"It would {EFFECTS[kind].label[0].lower()}{EFFECTS[kind].label[1:]} on")
    assert tiktok_ledger.received() == ()


@pytest.mark.parametrize("kind", times(long=KINDS, short=["create_campaign"]))
def test_reject_act_sends_nothing(kind: str, tiktok: Any) -> None:
    run = asked_act(kind)
    decide(run, "reject")
    work(run)
    assert tiktok_ledger.received() == ()


def test_forget_tiktok_forgets_the_world_too(tiktok: Any) -> None:
    run = work(approved_act("set_stock"))
    assert made_by(run, "set_stock") == [25]
    forget_tiktok()
    assert times_asked("set_stock") == 0
