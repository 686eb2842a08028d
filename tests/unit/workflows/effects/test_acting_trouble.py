"""Acts on their way when something comes between: a switch, a slow worker, another hand, a read that fails."""

from dataclasses import replace
from typing import Any

import pytest

from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox.tiktok.records import Kind
from agents.sandbox_models import SandboxRecord
from tests.factories.acting import (
    TRIALS,
    account_with_world,
    approved_act,
    made_by,
    scopes_without,
    times_asked,
)
from tests.factories.posting import (
    effect_of,
    moves,
    post_step,
    providers,
    taken_work,
    time_passes,
    watched,
    work,
)
from tests.factories.stops import stop
from tests.factories.tiktok_world import PRODUCT_ID
from tests.forms import only_long, times
from workflows.effects import acting
from workflows.effects.acting import MOST_SENDS
from workflows.effects.models import Effect
from workflows.effects.registry import EFFECTS
from workflows.models import StopSwitch, WorkflowRun
from workflows.outcomes import TryAgain, Waits
from workflows.stop_switch import Target, release

REPEATABLE = ("update_listing", "set_price", "set_stock", "create_campaign")


@pytest.fixture(autouse=True)
def nothing_stopped(tiktok: Any) -> None:
    """Begin with no switch: the module's tests share a database."""
    StopSwitch.objects.all().delete()


def after_some_looks(run: WorkflowRun, *, rounds: int = 6) -> WorkflowRun:
    """Let time pass so often, or until the run is over."""
    run = work(run)
    for _ in range(rounds):
        if not run.finished_at:
            run = time_passes(run)
    return run


def change_product(handle: str, **fields: Any) -> None:
    """Change the product on TikTok, as somebody else would."""
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=handle, key=PRODUCT_ID)
    row.data |= fields
    row.save(update_fields=["data"])


@pytest.mark.parametrize("kind", times(long=REPEATABLE, short=("update_listing", "set_price", "set_stock")))
def test_lose_act_that_may_be_done_twice_begins_anew_once_tiktok_has_shown_that_nothing_changed(
    kind: str, tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {"reset_before": 1}})
    run = after_some_looks(approved_act(kind))
    assert (run.status, len(made_by(run, kind)), times_asked(kind)) == ("succeeded", 1, 2), moves(run)
    assert moves(run)[:4] == ["prepared", "sending", "unknown", "prepared"]


@only_long
def test_lose_act_that_is_always_lost_is_at_last_for_a_person(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(inventory_update={"reset_before": 99})
    run = after_some_looks(approved_act("set_stock"), rounds=5 * MOST_SENDS)
    assert (effect_of(run).status, times_asked("set_stock")) == ("unknown", MOST_SENDS)
    assert run.status == "waiting"


@pytest.mark.parametrize(
    ("kind", "fields"),
    times(
        long=[("update_listing", {"title": "Another's"}), ("set_stock", {"skus": []})],
        short=[("update_listing", {"title": "Another's"})],
    ),
)
def test_lose_act_somebody_else_came_into_does_nothing_again(
    kind: str, fields: dict[str, Any], tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(**{TRIALS[kind].operation: {"reset_before": 1}})
    run = work(approved_act(kind))
    change_product(run.account.handle, **fields)
    run = after_some_looks(run)
    assert (effect_of(run).status, times_asked(kind)) == ("unknown", 1)


def test_send_act_that_tiktok_does_not_show_yet_waits_for_it(tiktok: Any) -> None:
    account = account_with_world()
    tiktok.PROVIDERS = watched(
        "after", "product_edit", lambda: change_product(account.handle, title="Under review")
    )
    run = work(approved_act("update_listing", account))
    assert (effect_of(run).status, effect_of(run).claims) == ("sent", 1)
    assert (run.status, post_step(run).status) == ("waiting", "waiting")
    change_product(account.handle, title=TRIALS["update_listing"].given["title"])
    assert after_some_looks(run).status == "succeeded"
    assert moves(run) == ["prepared", "sending", "sent", "confirmed"]


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("reply_comment", "comment_list"),
        ("set_stock", "inventory_search"),
        ("create_campaign", "advertiser_info"),
    ],
)
def test_look_that_fails_is_tried_again_and_nothing_has_left(kind: str, read: str, tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(**{read: {"unreachable": 1}})
    run = work(approved_act(kind))
    assert (effect_of(run).status, times_asked(kind)) == ("prepared", 0)
    assert after_some_looks(run).status == "succeeded"
    assert times_asked(kind) == 1


def test_read_back_that_fails_is_tried_again_and_nothing_is_sent_twice(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(comment_reply_list={"server_error_before": [2]})
    run = work(approved_act("reply_comment"))
    assert effect_of(run).status == "sent"
    assert "TikTok could not be asked what became of it" in str(
        run.events.order_by("-seq").values("data")[:3]
    )
    assert after_some_looks(run).status == "succeeded"
    assert times_asked("reply_comment") == 1


def test_act_without_the_scope_fails_with_what_to_do(tiktok: Any) -> None:
    account = account_with_world()
    scopes_without(account, "comment.list.manage")
    run = after_some_looks(approved_act("reply_comment", account))
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert "ask the account's owner for that permission" in effect_of(run).error


def test_act_that_is_stopped_waits_asks_nothing_and_goes_out_after_the_release(tiktok: Any) -> None:
    run = approved_act("send_message")
    switch = stop(Target(account=run.account))
    run = work(run)
    assert (effect_of(run).status, effect_of(run).claims, tiktok_ledger.received()) == ("prepared", 0, ())
    release(stop_id=switch.id, by="a test")
    run = work(run)
    assert (run.status, times_asked("send_message")) == ("succeeded", 1)


def test_act_that_is_stopped_between_the_leave_and_the_call_takes_it_back(tiktok: Any) -> None:
    run = approved_act("send_message")
    taken = taken_work(run)
    held: list[float] = []

    def hold(seconds: float) -> None:
        taken.hold(seconds)
        held.append(seconds)
        if len(held) == 2:
            stop(Target(account=run.account))

    outcome = EFFECTS["send_message"].perform(replace(taken, hold=hold))
    assert isinstance(outcome, Waits)
    assert (moves(run), times_asked("send_message")) == (["prepared", "sending", "prepared"], 0)
    assert effect_of(run).cleared_by == Effect.Clearance.NOTHING_LEFT


def test_act_held_up_after_leave_was_given_does_not_send(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_act("create_campaign")
    monkeypatch.setattr(acting, "START_WITHIN_SECONDS", -1.0)
    outcome = EFFECTS["create_campaign"].perform(taken_work(run))
    assert isinstance(outcome, TryAgain)
    assert (outcome.counts_as_try, moves(run)) == (False, ["prepared", "sending", "prepared"])
    assert times_asked("create_campaign") == 0


def test_act_in_a_mode_that_was_not_approved_sends_nothing(tiktok: Any) -> None:
    run = approved_act("set_stock")
    run.account.mode = "live"
    run.account.save(update_fields=["mode"])
    run = work(run)
    assert (run.status, times_asked("set_stock")) == ("failed", 0)
    assert "was switched from 'sandbox' to 'live' after this was approved" in effect_of(run).error


def test_act_whose_provider_is_in_another_mode_sends_nothing(tiktok: Any) -> None:
    run = approved_act("set_stock")
    live = {**providers()["tiktok"], "MODE": "live"}
    tiktok.PROVIDERS = {**providers(), "tiktok": live}
    run = work(run)
    assert (run.status, times_asked("set_stock")) == ("failed", 0)
    assert "approved for 'sandbox' and TIKTOK_MODE is 'live'" in effect_of(run).error


def test_come_back_to_an_act_that_is_over_says_what_it_came_to(tiktok: Any) -> None:
    run = approved_act("set_stock")
    taken = taken_work(run)
    first = EFFECTS["set_stock"].perform(taken)
    assert EFFECTS["set_stock"].perform(taken) == first
    assert times_asked("set_stock") == 1


def test_come_back_to_an_act_that_is_held_waits_for_the_newest_question(tiktok: Any) -> None:
    run = approved_act("set_stock")
    change = {"skus": [{"id": "1", "seller_sku": "x", "inventory": [level(39)]}]}
    change_product(run.account.handle, **change)
    taken = taken_work(run)
    first = EFFECTS["set_stock"].perform(taken)
    assert isinstance(first, Waits)
    assert "was 40 when this was drafted, and is 39 now" in first.why
    assert EFFECTS["set_stock"].perform(taken) == first


def level(quantity: int) -> dict[str, Any]:
    """Return a warehouse's level."""
    return {"warehouse_id": "9", "quantity": quantity, "committed_quantity": 0}
