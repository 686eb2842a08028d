"""Whether an approved act still fits what TikTok has, for each kind: decisions only, and the limits of a run."""

from typing import Any, cast
from uuid import UUID

import pytest

from agents.sandbox.tiktok.records import Kind, plant
from agents.sandbox.tiktok.trade_records import Stock
from agents.sandbox_models import SandboxRecord
from approvals.models import ApprovalRequest
from approvals.services import approve
from tests.factories.accounts import person
from tests.factories.acting import TRIALS, account_with_world, approved_act, made_by, times_asked
from tests.factories.posting import effect_of, taken_work, work
from tests.factories.tiktok_world import WAREHOUSE_ID, a_product
from tests.factories.workflows import workflow_of
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Creator
from workflows.ads_kinds import CampaignCreation
from workflows.catalogue import store_definition
from workflows.conversation_kinds import CommentReply, CreatorMessage
from workflows.effects import (
    create_campaign,
    ledger,
    reply_comment,
    send_message,
    set_price,
    set_stock,
    take_off_sale,
    update_listing,
)
from workflows.effects.acting import UNREADABLE, Acting, Deed
from workflows.effects.models import Effect
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.effects.underway import get_leave
from workflows.nodes import ActionNode, GateNode
from workflows.outcomes import Failed, Outcome, Waits
from workflows.payloads import Act
from workflows.protocol import finish
from workflows.services import start_run
from workflows.shop_kinds import ListingUpdate, PriceUpdate, StockUpdate, TakingOff

WHERE: dict[str, Any] = {
    "account": UUID(int=7),
    "handle": "lumen.lamps",
    "mode": "sandbox",
    "delivery": "direct",
}
REPLY: dict[str, Any] = {"comment": "Which tea?", "is_hidden": False, "replies_before": []}
THREAD: dict[str, Any] = {
    "is_blocked": False,
    "is_new": True,
    "quota_left": 3,
    "messages_before": [],
    "thread": "1",
}
LISTING: dict[str, Any] = {"title": "Old", "description": "Old words", "status": "ACTIVATE"}
PRICES: dict[str, Any] = {
    "prices": {"a": {"price": "24.9", "currency": "EUR"}},
    "status": "ACTIVATE",
    "seller_type": "LOCAL",
}
DEEDS: dict[type[Act], type[Deed[Any]]] = {
    CommentReply: reply_comment.ReplyComment,
    CreatorMessage: send_message.SendMessage,
    ListingUpdate: update_listing.UpdateListing,
    PriceUpdate: set_price.SetPrice,
    TakingOff: take_off_sale.TakeOffSale,
    StockUpdate: set_stock.SetStock,
    CampaignCreation: create_campaign.CreateCampaign,
}


def acting(wanted: Act) -> Acting[Any]:
    """Return an act of which only what was approved is looked at."""
    return Acting(work=cast(Any, None), effect=cast(Any, None), payload=b"", wanted=wanted)


def check(payload: type[Act], given: dict[str, Any], facts: dict[str, Any]) -> None:
    """Check an act of this kind against these facts."""
    DEEDS[payload](payload).check(acting(payload.model_validate(WHERE | given)), facts)


BEGUN = {"key": "campaign", "called": "the campaign", "asked": True, "id": "1"}
REFUSED: list[tuple[type[Act], dict[str, Any], dict[str, Any], str]] = [
    (CommentReply, TRIALS["reply_comment"].given, REPLY | {"comment": None}, "not there any more"),
    (CommentReply, TRIALS["reply_comment"].given, REPLY | {"is_hidden": True}, "was hidden since"),
    (
        CommentReply,
        TRIALS["reply_comment"].given,
        REPLY | {"replies_before": ["9"]},
        "the same words already",
    ),
    (CreatorMessage, TRIALS["send_message"].given, THREAD | {"is_blocked": True}, "cannot be written to"),
    (CreatorMessage, TRIALS["send_message"].given, THREAD | {"messages_before": ["9"]}, "already"),
    (
        CreatorMessage,
        TRIALS["send_message"].given,
        THREAD | {"quota_left": 0},
        "no more new creators this week",
    ),
    (StockUpdate, {"product_id": "1", "quantity": 5}, {"levels": {}}, "has no SKU ''"),
    (
        StockUpdate,
        {"product_id": "1", "quantity": 5},
        {"levels": {"a": {}, "b": {}}},
        "2 SKUs .* name one of a, b",
    ),
    (StockUpdate, {"product_id": "1", "quantity": 5, "sku_id": "c"}, {"levels": {"a": {}}}, "has no SKU 'c'"),
    (StockUpdate, {"product_id": "1", "quantity": 5}, {"levels": {"a": {"w": 1, "v": 2}}}, "2 warehouses"),
    (TakingOff, {"product_id": "1", "title": "Old"}, LISTING | {"status": "FREEZE"}, "it is not on sale"),
    (PriceUpdate, TRIALS["set_price"].given, PRICES | {"status": "FREEZE"}, "products on sale only"),
    (PriceUpdate, TRIALS["set_price"].given, PRICES | {"prices": {}}, "has no SKU ''"),
    (
        PriceUpdate,
        TRIALS["set_price"].given,
        PRICES | {"prices": {"a": {"price": "24.9", "currency": "CHF"}}},
        "approved in EUR, and the product is sold in CHF",
    ),
    (
        CampaignCreation,
        TRIALS["create_campaign"].given,
        {"currency": "EUR", "campaigns_before": []},
        "approved in USD, and the advertiser's money is in EUR",
    ),
    (
        CampaignCreation,
        TRIALS["create_campaign"].given,
        {"currency": "", "campaigns_before": []},
        "a currency that is not known",
    ),
    (
        CampaignCreation,
        TRIALS["create_campaign"].given,
        {"currency": "USD", "campaigns_before": ["9"]},
        "choose another name",
    ),
    (
        CampaignCreation,
        {**TRIALS["create_campaign"].given, "starts_at": "2026-11-01T09:00:00+02:00"},
        {
            "currency": "USD",
            "campaigns_before": [],
            "starts_at": "2026-11-01 07:00:00",
            "looked_at": "2026-11-01 07:00:01",
        },
        "to run from 2026-11-01 07:00:00 UTC, which is past",
    ),
    (
        CampaignCreation,
        TRIALS["create_campaign"].given,
        {"currency": "USD", "campaigns_before": [], "as_made": "{}", "parts": [BEGUN]},
        "begun with other words or figures than are approved now",
    ),
]


@pytest.mark.parametrize(("payload", "given", "facts", "said"), REFUSED)
def test_check_act_that_cannot_be_done_is_refused(
    payload: type[Act], given: dict[str, Any], facts: dict[str, Any], said: str
) -> None:
    with pytest.raises(EffectRefused, match=said):
        check(payload, given, facts)


def test_check_message_to_somebody_known_needs_no_quota() -> None:
    check(CreatorMessage, dict(TRIALS["send_message"].given), THREAD | {"is_new": False, "quota_left": 0})
    check(CreatorMessage, dict(TRIALS["send_message"].given), THREAD | {"quota_left": None})


def test_check_listing_with_other_words_by_now_is_asked_again_with_those() -> None:
    given = {"product_id": "1", "title": "New", "description": "New words", "replaces_title": "Older"}
    with pytest.raises(EffectChanged, match="the shop's title changed") as changed:
        check(ListingUpdate, given, LISTING)
    assert (changed.value.payload["replaces_title"], changed.value.payload["title"]) == ("Old", "New")
    check(ListingUpdate, given | {"replaces_title": "Old"}, LISTING)
    check(
        ListingUpdate, given | {"replaces_title": "Older"}, LISTING | {"title": "New"}
    )  # it is done already
    check(ListingUpdate, given | {"replaces_title": None}, LISTING)


def test_check_stock_with_another_number_by_now_is_asked_again_with_that() -> None:
    given = {"product_id": "1", "quantity": 25, "replaces_quantity": 40}
    with pytest.raises(EffectChanged, match="was 40 when this was drafted, and is 38 now") as changed:
        check(StockUpdate, given, {"levels": {"a": {"w": 38}}})
    assert changed.value.payload["replaces_quantity"] == 38
    for there in (40, 25):
        check(StockUpdate, given, {"levels": {"a": {"w": there}}})


def test_check_price_with_another_one_by_now_is_asked_again_with_that() -> None:
    given = TRIALS["set_price"].given
    with pytest.raises(
        EffectChanged, match=r"was 24\.90 EUR when this was drafted, and is 22 now"
    ) as changed:
        check(PriceUpdate, given, PRICES | {"prices": {"a": {"price": "22", "currency": "EUR"}}})
    assert changed.value.payload["replaces_price"] == "22"
    with pytest.raises(EffectChanged, match="is not set now") as changed:
        check(PriceUpdate, given, PRICES | {"prices": {"a": {"price": "", "currency": "EUR"}}})
    assert changed.value.payload["replaces_price"] is None
    for there in ("24.9", "26.5"):
        check(PriceUpdate, given, PRICES | {"prices": {"a": {"price": there, "currency": "EUR"}}})
    check(PriceUpdate, given | {"replaces_price": None}, PRICES)


def test_check_product_to_take_off_that_is_called_otherwise_by_now_is_asked_again() -> None:
    with pytest.raises(EffectChanged, match="was called 'Older' when this was drafted") as changed:
        check(TakingOff, {"product_id": "1", "title": "Older"}, LISTING)
    assert changed.value.payload["title"] == "Old"
    for status in ("ACTIVATE", "SELLER_DEACTIVATED"):
        check(TakingOff, {"product_id": "1", "title": "Old"}, LISTING | {"status": status})


def test_request_id_is_a_number_tiktok_takes_and_always_the_same() -> None:
    ids = [create_campaign.request_id_of(UUID(int=number)) for number in range(500)]
    assert ids == [create_campaign.request_id_of(UUID(int=number)) for number in range(500)]
    ids += [create_campaign.request_id_of(UUID(int=number), "adgroup") for number in range(500)]
    assert len(set(ids)) == 1000
    assert all(0 < int(one) < 2**63 for one in ids)


def test_set_stock_of_one_warehouse_sends_the_others_as_they_are(tiktok: Any) -> None:
    account = account_with_world()
    two = [Stock(quantity=40, warehouse_id=WAREHOUSE_ID), Stock(quantity=7, warehouse_id="8")]
    plant([a_product(account.handle, stock=two)])
    run = work(approved_act("set_stock", account, warehouse_id="8", quantity=9, replaces_quantity=7))
    assert run.status == "succeeded", effect_of(run).error
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=account.handle)
    levels = {one["warehouse_id"]: one["quantity"] for one in row.data["skus"][0]["inventory"]}
    assert levels == {WAREHOUSE_ID: 40, "8": 9}


def test_reply_more_often_than_an_account_may_waits_and_then_goes_out(tiktok: Any) -> None:
    account = account_with_world()
    work(approved_act("reply_comment", account))
    run = approved_act("reply_comment", account, text="And it is organic.")
    taken = taken_work(run)
    effect = ledger.effect_of(taken, kind="reply_comment")
    payload = bytes(effect.decision.payload)
    wanted = CommentReply.model_validate_json(payload)
    under = Acting(work=taken, effect=effect, payload=payload, wanted=wanted)
    ledger.keep_facts(taken, effect, REPLY)

    def leave(most_an_hour: int) -> Outcome | float:
        deed = reply_comment.ReplyComment(CommentReply, most_an_hour=most_an_hour)
        return get_leave(under, lambda account, facts: deed.check(under, facts or {}))

    held_up = leave(1)
    assert isinstance(held_up, Waits)
    assert (held_up.seconds, effect_of(run).status) == (600.0, "prepared")
    assert isinstance(leave(2), float)
    assert effect_of(run).status == "sending"


def test_create_campaigns_of_a_run_beyond_its_cap_creates_those_within_it(tiktok: Any) -> None:
    fixed = {name: value for name, value in TRIALS["create_campaign"].given.items() if name != "name"}
    gate = GateNode(
        key="gate",
        label="May it?",
        approval="create_campaign",
        inputs={"name": "item"},
        options=fixed,
        for_each="brief.names",
    )
    act = ActionNode(
        key="post",
        label="Do it",
        effect="create_campaign",
        gate="gate",
        depends_on=("gate",),
        for_each="brief.names",
    )
    store_definition(workflow_of(gate, act, slug="campaigns"), by="a test")
    account = account_with_world()
    run = work(
        start_run("campaigns", account_id=account.id, by="a test", given={"names": ["Spring", "Summer"]})
    )
    by = person(run.workspace, Role.FINANCE)
    for asked in ApprovalRequest.objects.filter(run_id=run.id):
        assert asked.amount_usd == 350
        approve(request_id=asked.id, by=by, channel="admin", seen_sha256=asked.payload_sha256)
    run = work(run)
    effects = Effect.objects.filter(step__run=run)
    assert sorted(effect.status for effect in effects) == ["confirmed", "failed"]
    assert len(made_by(run, "create_campaign")) == times_asked("create_campaign") == 1
    [failed] = [effect for effect in effects if effect.status == "failed"]
    assert failed.error == (
        "The run's campaigns may spend 350.00 USD already; with 350.00 more that is above the cap of 500.00."
    )


def test_write_to_a_creator_the_marketplace_does_not_know_sends_nothing(tiktok: Any) -> None:
    account = account_with_world()
    Creator.objects.create(workspace=account.workspace, handle="gone.mia")
    run = work(approved_act("send_message", account, creator="gone.mia"))
    assert (run.status, times_asked("send_message")) == ("failed", 0)
    assert effect_of(run).error == "The marketplace does not know @gone.mia: nothing was sent."


def test_act_whose_payload_cannot_be_read_any_more_is_ended(tiktok: Any) -> None:
    run = approved_act("set_stock")
    taken = taken_work(run)
    deed = set_stock.SetStock(cast(Any, CommentReply))
    assert deed.act(taken) == Failed(UNREADABLE)
    assert effect_of(run).status == "failed"


def test_strand_act_that_may_have_left_leaves_it_unknown(tiktok: Any) -> None:
    run = approved_act("send_message")
    taken = taken_work(run)
    effect = ledger.effect_of(taken, kind="send_message")
    ledger.keep_facts(taken, effect, THREAD)
    ledger.begin(taken, effect, payload=bytes(effect.decision.payload), guard=lambda account, facts: None)
    finish(taken.claim, Failed("Its worker died too often."), go_on=False)
    assert ledger.strand(effect_of(run))
    assert effect_of(run).status == "unknown"
