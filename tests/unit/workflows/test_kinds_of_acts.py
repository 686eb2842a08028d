"""What people are asked for beside posts: what a payload takes, how it is weighed, and what is shown of it."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from pydantic import ValidationError

from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from approvals.services import Asking, open_request
from tests.factories.accounts import AccountFactory, person
from tests.factories.acting import TRIALS
from tests.factories.content import PostFactory
from tests.factories.tiktok_world import BEGAN, COMMENT_ID, CREATOR, PRODUCT_ID, VIDEO_ID
from tests.factories.workflows import run_of, workflow_of
from tests.unit.workflows.effects_admin.sites import signed_in
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Comment, Creator, Product
from workflows.ads_kinds import CampaignCreation
from workflows.conversation_kinds import CommentReply, CreatorMessage
from workflows.nodes import GateNode
from workflows.payloads import ActImpossible
from workflows.shop_kinds import ListingUpdate, PriceUpdate, StockUpdate

WHERE: dict[str, Any] = {
    "account": "01920000-0000-7000-8000-000000000001",
    "handle": "lumen.lamps",
    "mode": "sandbox",
    "delivery": "by_hand",
}
CAMPAIGN = TRIALS["create_campaign"].given

TAKEN: list[tuple[Any, dict[str, Any]]] = [
    (CommentReply, {"video_id": "1", "comment_id": "2", "text": "é" * 1200}),
    (CreatorMessage, {"creator": "brew.with_mia", "text": "x" * 2000}),
    (ListingUpdate, {"product_id": "1", "description": "<p>x</p>"}),
    (StockUpdate, {"product_id": "1", "quantity": 1}),
    (StockUpdate, {"product_id": "1", "quantity": 99_999}),
    (CampaignCreation, {**CAMPAIGN, "daily_budget": "50.00", "days": 10, "spend_cap": "500"}),
    (CampaignCreation, {**CAMPAIGN, "currency": "EUR", "daily_budget": "20.00"}),
    (CampaignCreation, {**CAMPAIGN, "currency": "KWD", "daily_budget": "20.001", "minimum_daily": "20.001"}),
    (CampaignCreation, {**CAMPAIGN, "optimization_goal": "ENGAGED_VIEW", "billing_event": "CPV"}),
]
REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (CommentReply, {"video_id": "1", "comment_id": "2", "text": "x" * 1201}, "text"),
    (CommentReply, {"video_id": "1", "comment_id": "2", "text": ""}, "text"),
    (CommentReply, {"video_id": "../1", "comment_id": "2", "text": "x"}, "video_id"),
    (CreatorMessage, {"creator": "m", "text": "x"}, "creator"),
    (CreatorMessage, {"creator": "mia", "text": "x" * 2001}, "text"),
    (ListingUpdate, {"product_id": "1"}, "a title or a description is needed"),
    (ListingUpdate, {"product_id": "1", "title": "x" * 256}, "title"),
    (StockUpdate, {"product_id": "1", "quantity": 0}, "quantity"),
    (StockUpdate, {"product_id": "1", "quantity": 100_000}, "quantity"),
    (CampaignCreation, {**CAMPAIGN, "daily_budget": "49.99"}, "daily_budget 49.99 is below 50 USD"),
    (CampaignCreation, {**CAMPAIGN, "daily_budget": "59", "minimum_daily": "60"}, "is below 60 USD"),
    (
        CampaignCreation,
        {**CAMPAIGN, "currency": "EUR", "daily_budget": "29", "minimum_daily": "30"},
        "is below 30 EUR",
    ),
    (CampaignCreation, {**CAMPAIGN, "currency": "XXX"}, "currency 'XXX' is not known"),
    (CampaignCreation, {**CAMPAIGN, "currency": "JPY", "daily_budget": "5000.5"}, "more decimals than JPY"),
    (CampaignCreation, {**CAMPAIGN, "objective": "TRAFFIC"}, "objective"),
    (
        CampaignCreation,
        {**CAMPAIGN, "optimization_goal": "CLICK"},
        "'CLICK' and billing_event 'CPV' do not fit VIDEO_VIEWS: give 'ENGAGED_VIEW' and 'CPV'",
    ),
    (CampaignCreation, {**CAMPAIGN, "posts": ["1", "1"]}, "posts names a post twice"),
    (CampaignCreation, {**CAMPAIGN, "posts": []}, "posts"),
    (CampaignCreation, {**CAMPAIGN, "posts": ["../1"]}, "posts"),
    (CampaignCreation, {**CAMPAIGN, "hook": "x" * 101}, "hook"),
    (CampaignCreation, {**CAMPAIGN, "audience": {"segment": ""}}, "audience.segment"),
    (CampaignCreation, {**CAMPAIGN, "location_ids": ["Germany"]}, "location_ids"),
    (CampaignCreation, {**CAMPAIGN, "starts_at": "2026-12-01T09:00:00"}, "starts_at"),
    (CampaignCreation, {**CAMPAIGN, "daily_budget": "50.001"}, "daily_budget"),
    (CampaignCreation, {**CAMPAIGN, "objective": "RF_REACH"}, "objective"),
    (CampaignCreation, {**CAMPAIGN, "currency": "usd"}, "currency"),
    (
        CampaignCreation,
        {**CAMPAIGN, "spend_cap": "349.99"},
        "350.00 USD in 7 days is above the cap of 349.99",
    ),
]


@pytest.mark.parametrize(("payload", "given"), TAKEN)
def test_read_payload_at_its_limits_is_taken_and_goes_through_the_api(
    payload: Any, given: dict[str, Any]
) -> None:
    assert payload.model_validate(WHERE | given).delivery == "direct"


@pytest.mark.parametrize(("payload", "given", "said"), REFUSED)
def test_read_payload_beyond_its_limits_is_refused(payload: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        payload.model_validate(WHERE | given)


@pytest.mark.parametrize(
    ("budget", "currency", "risk", "amount"),
    [
        ("50.00", "USD", "medium", Decimal("350.00")),
        ("142.85", "USD", "medium", Decimal("999.95")),
        ("142.86", "USD", "high", Decimal("1000.02")),
        ("50.00", "EUR", "high", None),
    ],
)
def test_weigh_campaign_by_what_it_can_spend(
    budget: str, currency: str, risk: str, amount: Decimal | None
) -> None:
    given = {**CAMPAIGN, "daily_budget": budget, "currency": currency, "spend_cap": None}
    weight = kind_of("create_campaign").weigh(CampaignCreation.model_validate(WHERE | given))
    assert (weight.risk, weight.amount_usd) == (risk, amount)


@pytest.mark.parametrize(
    ("price", "was", "risk"),
    [
        ("20", "10", "medium"),
        ("20.01", "10", "high"),
        ("5", "10", "medium"),
        ("4.99", "10", "high"),
        ("99", None, "medium"),
    ],
)
def test_weigh_price_by_how_far_it_is_from_what_it_was(price: str, was: str | None, risk: str) -> None:
    given = {**TRIALS["set_price"].given, "price": price, "replaces_price": was}
    assert kind_of("set_price").weigh(PriceUpdate.model_validate(WHERE | given)).risk == risk


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": "0"}, "greater than 0"),
        ({"price": "NaN"}, "finite"),
        ({"price": "24.905"}, "EUR has 2 decimals: round the price"),
        ({"price": "24.5", "currency": "JPY"}, "JPY has 0 decimals"),
        ({"currency": "EUX"}, "nobody pays in 'EUX'"),
    ],
)
def test_price_that_is_no_money_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PriceUpdate.model_validate(WHERE | TRIALS["set_price"].given | changes)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("reply_comment", "Approve and reply now"),
        ("send_message", f"Approve and send to @{CREATOR} now"),
        ("update_listing", "Approve and change the title now"),
        ("take_off_sale", "Approve and take it off sale now"),
        ("set_price", "Approve and set the price to 26.50 EUR now"),
        ("set_stock", "Approve and set the stock to 25 now"),
        ("create_campaign", "Approve and create it switched off, 50.00 USD a day"),
    ],
)
def test_approve_label_says_what_happens(kind: str, label: str) -> None:
    of_kind = kind_of(kind)
    assert of_kind.approve_label(of_kind.Payload.model_validate(WHERE | TRIALS[kind].given)) == label


def asked(kind: str, account: TikTokAccount, **given: Any) -> ApprovalRequest:
    """Return a request for an act of this kind."""
    gate = GateNode(key="gate", label="May it?", approval=kind)
    run = run_of(workflow_of(gate, slug="asking"), account=account)
    where = {"account": str(account.id), "handle": account.handle, "mode": "sandbox", "delivery": "direct"}
    return open_request(
        kind=kind,
        account=account,
        payload={**TRIALS[kind].given, **where, **given},
        facts={},
        asking=Asking(run_id=run.id, step_id=run.steps.get().id, requested_by=None),
    )


def known(account: TikTokAccount) -> None:
    """Let what the acts are about be in `content`."""
    post = PostFactory.create(account=account, video_id=VIDEO_ID)
    Comment.objects.create(
        account=account,
        post=post,
        comment_id=COMMENT_ID,
        author="teafan88",
        text="Which <b>tea</b> is this?",
        created_at=BEGAN,
    )
    Product.objects.create(
        account=account,
        product_id=PRODUCT_ID,
        title="Cold brew set",
        description="Glass",
        stock=40,
        price="24.00",
        currency="EUR",
    )
    Creator.objects.create(workspace=account.workspace, handle=CREATOR)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("reply_comment", "is not one we have read under the video"),
        ("send_message", "is not among the creators this workspace may write to"),
        ("update_listing", "that we have read: sync the shop first"),
        ("take_off_sale", "that we have read: sync the shop first"),
        ("set_price", "that we have read: sync the shop first"),
        ("set_stock", "that we have read: sync the shop first"),
        ("create_campaign", f"have read \\('{VIDEO_ID}'\\): sync the account first"),
    ],
)
def test_ask_about_what_was_never_read_is_refused(kind: str, said: str) -> None:
    known(AccountFactory.create())  # another account's, in another workspace
    with pytest.raises(ActImpossible, match=said):
        asked(kind, AccountFactory.create())
    assert not ApprovalRequest.objects.exists()


SHOWN: dict[str, tuple[str, ...]] = {
    "reply_comment": (
        "teafan88: Which &lt;b&gt;tea&lt;/b&gt; is this?",
        "It is an oolong",
        "Nobody checked these words",
    ),
    "send_message": (f"@{CREATOR}", "would you like to try", "Nobody checked these words"),
    "update_listing": ("Title when last read", "Cold brew set", "with a fine sieve"),
    "take_off_sale": ("Units when last read", "40", "it is not deleted", "it is not asked again"),
    "set_price": ("Price when last read", "24.00 EUR", "Price then", "26.50 EUR"),
    "set_stock": ("In stock when last read", "40", "In stock then", "25"),
    "create_campaign": (
        "350.00 USD in 7 days",
        "switched off, all of it: nothing is spent",
        "500.00 USD",
        "50 USD a day",
        "7 days, from when it is created",
        "Tea drinkers",
        "tea, oolong",
        "wherever the advertiser may advertise",
        "every age; everybody",
        "engaged view, paid by CPV",
        "Cold brew, three ways",
        VIDEO_ID,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", SHOWN)
def test_open_packet_of_an_act_shows_what_would_happen(kind: str) -> None:
    account = AccountFactory.create()
    known(account)
    request = asked(kind, account)
    client = signed_in(person(account.workspace, Role.APPROVER))
    page = client.get(reverse("admin:approvals_approvalrequest_change", args=[request.id])).content.decode()
    assert [text for text in SHOWN[kind] if text not in page] == []
    assert "<video" not in page


@pytest.mark.django_db
def test_show_act_about_what_is_gone_by_now_says_so() -> None:
    account = AccountFactory.create()
    for kind, said in (
        ("reply_comment", "it is not there any more"),
        ("update_listing", "it is not known"),
        ("set_price", "it is not known"),
        ("take_off_sale", "it is not known"),
        ("set_stock", "it is not known"),
    ):
        of_kind = kind_of(kind)
        where = WHERE | {"account": str(account.id)}
        assert said in of_kind.shown(of_kind.Payload.model_validate(where | TRIALS[kind].given)).values()


def test_show_campaign_with_a_place_a_start_and_a_currency_whose_least_is_not_known() -> None:
    given = {
        **CAMPAIGN,
        "currency": "EUR",
        "location_ids": ["2921044"],
        "age_groups": ["AGE_18_24"],
        "gender": "GENDER_MALE",
        "starts_at": "2027-01-01T09:00:00+01:00",
        "spend_cap": None,
    }
    shown = kind_of("create_campaign").shown(CampaignCreation.model_validate(WHERE | given))
    assert shown["Least TikTok takes"] == "not known in EUR: TikTok may refuse it"
    assert (shown["Shown where"], shown["Shown to"]) == ("2921044", "age 18 24; men")
    assert shown["Runs"] == "7 days, from 2027-01-01 08:00 UTC; then TikTok ends it"
    assert shown["Cap for the run"] == "none"
