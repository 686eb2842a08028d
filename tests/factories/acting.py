"""Acts of each kind: what TikTok has before, what is asked for, and a run that does it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import Kind, plant, put_profile
from agents.sandbox_models import SandboxCreator, SandboxRecord
from tests.factories.content import PostFactory
from tests.factories.posting import decide, direct_account, work
from tests.factories.tiktok_world import (
    BEGAN,
    COMMENT_ID,
    CREATOR,
    PRODUCT_ID,
    VIDEO_ID,
    a_comment,
    a_creator,
    a_product,
    a_video,
)
from tests.factories.workflows import workflow_of
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.content.models import Comment, Creator, Product
from workflows.catalogue import store_definition
from workflows.models import WorkflowRun
from workflows.nodes import ActionNode, GateNode
from workflows.retrying import RetryPolicy
from workflows.services import start_run

REPLY = "It is an oolong from Taiwan."
MESSAGE = "Hello Mia, would you like to try our cold brew set?"
TITLE = "Cold brew set, 750 ml, with a fine sieve"
CAMPAIGN = "2026-12 cold brew"


@dataclass(frozen=True)
class Trial:
    """One kind of act under trial: what it is asked with, and what TikTok has of it once it was done.

    `made` returns what is there, once for each time it was done: the oracle. `is_repeatable` tells whether it
    begins anew once TikTok shows that it was not done.
    """

    kind: str
    given: dict[str, Any]
    operation: str
    made: Callable[[str], list[Any]]
    is_repeatable: bool


def _replies(username: str) -> list[Any]:
    rows = SandboxRecord.objects.filter(kind=Kind.COMMENT, owner=username, data__owner=True)
    return [row.data["text"] for row in rows if row.data["parent_comment_id"] == COMMENT_ID]


def _messages(username: str) -> list[Any]:
    rows = SandboxRecord.objects.filter(kind=Kind.MESSAGE, owner=username)
    return [json.loads(row.data["content"])["content"] for row in rows]


def _campaigns(username: str) -> list[Any]:
    rows = SandboxRecord.objects.filter(kind=Kind.CAMPAIGN, owner=username)
    return [(row.data["campaign_name"], row.data["operation_status"]) for row in rows]


def made_of_campaigns(username: str) -> dict[str, list[dict[str, Any]]]:
    """Return what TikTok has of campaigns, ad groups and ads, in the order it was made: the oracle."""
    rows = SandboxRecord.objects.filter(owner=username).order_by("at")
    kinds = (Kind.CAMPAIGN, Kind.ADGROUP, Kind.AD)
    return {kind.value: [row.data for row in rows.filter(kind=kind)] for kind in kinds}


def _titles(username: str) -> list[Any]:
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=username, key=PRODUCT_ID)
    return [row.data["title"]] if row.data["title"] == TITLE else []


def _stock(username: str) -> list[Any]:
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=username, key=PRODUCT_ID)
    quantity = row.data["skus"][0]["inventory"][0]["quantity"]
    return [] if quantity == 40 else [quantity]


def _prices(username: str) -> list[Any]:
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=username, key=PRODUCT_ID)
    price = row.data["skus"][0]["price"]["sale_price"] if row.data["skus"] else "24.90"
    return [] if price == "24.90" else [price]


def _taken_off(username: str) -> list[Any]:
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=username, key=PRODUCT_ID)
    return [row.data["status"]] if row.data["status"] != "ACTIVATE" else []


TRIALS = {
    trial.kind: trial
    for trial in (
        Trial(
            "reply_comment",
            {"video_id": VIDEO_ID, "comment_id": COMMENT_ID, "text": REPLY},
            "comment_reply_create",
            _replies,
            is_repeatable=False,
        ),
        Trial(
            "send_message",
            {"creator": CREATOR, "text": MESSAGE},
            "message_send",
            _messages,
            is_repeatable=False,
        ),
        Trial(
            "update_listing",
            {"product_id": PRODUCT_ID, "title": TITLE, "replaces_title": "Cold brew set, 750 ml"},
            "product_edit",
            _titles,
            is_repeatable=True,
        ),
        Trial(
            "set_stock",
            {"product_id": PRODUCT_ID, "quantity": 25, "replaces_quantity": 40},
            "inventory_update",
            _stock,
            is_repeatable=True,
        ),
        Trial(
            "set_price",
            {"product_id": PRODUCT_ID, "price": "26.50", "currency": "EUR", "replaces_price": "24.90"},
            "price_update",
            _prices,
            is_repeatable=True,
        ),
        Trial(
            "take_off_sale",
            {"product_id": PRODUCT_ID, "title": "Cold brew set, 750 ml"},
            "product_deactivate",
            _taken_off,
            is_repeatable=True,
        ),
        Trial(
            "create_campaign",
            {
                "name": CAMPAIGN,
                "objective": "VIDEO_VIEWS",
                "daily_budget": "50.00",
                "currency": "USD",
                "days": 7,
                "spend_cap": "500.00",
                "audience": {"segment": "Tea drinkers", "terms": ["tea", "oolong"]},
                "hook": "Cold brew, three ways",
                "posts": [VIDEO_ID],
            },
            "campaign_create",
            _campaigns,
            is_repeatable=True,
        ),
    )
}


def account_with_world(**changes: Any) -> TikTokAccount:
    """Return an account that has a video with a comment, a shop and creators, on TikTok and read into `content`."""
    account = direct_account(**changes)
    handle = account.handle
    put_profile(handle, at=BEGAN, follower_count=500)
    plant([a_video(handle), a_comment(handle), a_product(handle), a_creator()])
    post = PostFactory.create(account=account, video_id=VIDEO_ID)
    Comment.objects.create(
        account=account,
        post=post,
        comment_id=COMMENT_ID,
        author="teafan88",
        text="Which tea is this?",
        created_at=BEGAN,
    )
    Product.objects.create(account=account, product_id=PRODUCT_ID, title="Cold brew set, 750 ml", stock=40)
    Creator.objects.get_or_create(workspace=account.workspace, handle=CREATOR, defaults={"followers": 35_100})
    return account


def asked_act(
    kind: str,
    account: TikTokAccount | None = None,
    *,
    by: User | str = "a test",
    is_dry_run: bool = False,
    **given: Any,
) -> WorkflowRun:
    """Return a run that waits at its gate for this act; `given` changes what it is asked with."""
    account = account or account_with_world()
    brief = {**TRIALS[kind].given, **given}
    gate = GateNode(
        key="gate", label="May it?", approval=kind, inputs={name: f"brief.{name}" for name in brief}
    )
    post = ActionNode(
        key="post",
        label="Do it",
        effect=kind,
        gate="gate",
        depends_on=("gate",),
        timeout_seconds=280,
        retry=RetryPolicy(base_seconds=0.1, max_seconds=1),
    )
    slug = f"trial_{kind}_{len(brief)}_{'_'.join(sorted(given))}"[:60]
    store_definition(workflow_of(gate, post, slug=slug), by="a test")
    run = start_run(slug, account_id=account.id, by=by, given=brief, is_dry_run=is_dry_run)
    return work(run)


def approved_act(kind: str, account: TikTokAccount | None = None, **given: Any) -> WorkflowRun:
    """Return a run that was approved and whose effect has not begun."""
    run = asked_act(kind, account, **given)
    decide(run)
    return run


def made_by(run: WorkflowRun, kind: str) -> list[Any]:
    """Return what is there on TikTok of the run's act, once for each time it was done."""
    return TRIALS[kind].made(run.account.handle)


def times_asked(kind: str) -> int:
    """Return how often TikTok was asked to do it, whatever it answered."""
    return len(received(operation=TRIALS[kind].operation, with_unheard=True))


def scopes_without(account: TikTokAccount, *lost: str) -> None:
    """Take scopes from the account on the sandbox TikTok."""
    creator = SandboxCreator.objects.get(username=account.handle)
    creator.scopes = [scope for scope in creator.scopes if scope not in lost]
    creator.save(update_fields=["scopes"])
