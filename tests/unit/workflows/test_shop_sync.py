"""The shop beside its source: what is asked, what reaches TikTok once it is approved, and what is known afterwards."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import Kind, plant, put_profile
from agents.sandbox.tiktok.trade_records import Bought, Stock, order, product
from agents.sandbox_models import SandboxRecord
from approvals.amending import approve_edited
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.posting import decider_of, direct_account, providers, time_passes, work
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact, DealtWith
from workflows.models import WorkflowRun
from workflows.services import start_run

BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)
LAMP, SHADE, CORD = "1729592969712207001", "1729592969712207002", "1729592969712207003"


@pytest.fixture(autouse=True)
def tiktok_at_once(module_db: str, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.PROVIDERS = providers()


@pytest.fixture
def account(module_db: str) -> TikTokAccount:
    """Return an account whose shop has three products on TikTok."""
    made = direct_account()
    put_profile(made.handle, at=BEGAN, follower_count=500)
    plant(
        [
            product(
                made.handle,
                title=f"Product {one[-1]}",
                description="<p>By hand.</p>",
                price="20.00",
                currency="EUR",
                stock=[Stock(quantity=40)],
                at=BEGAN,
                product_id=one,
            )
            for one in (LAMP, SHADE, CORD)
        ]
    )
    return made


def item(product_id: str, **changes: Any) -> dict[str, Any]:
    """Return a product as the source has it; the same as in the shop, unless it is changed."""
    same = {"title": f"Product {product_id[-1]}", "description": "<p>By hand.</p>", "price": "20.00"}
    return {"product_id": product_id, "currency": "EUR", **same, **changes}


def source(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the three products; `lamp`, `shade` and `cord` change one."""
    names = {"lamp": LAMP, "shade": SHADE, "cord": CORD}
    return [item(product_id, **changes.get(name, {})) for name, product_id in names.items()]


def synced(account: TikTokAccount, *rows: dict[str, Any], **given: Any) -> WorkflowRun:
    """Return a run with this source, as far as it comes without anybody."""
    is_dry_run = given.pop("is_dry_run", False)
    given |= {"source": list(rows)} if rows else {}
    return work(
        start_run("shop_sync", account_id=account.id, by="a test", given=given, is_dry_run=is_dry_run)
    )


def asked(run: WorkflowRun, kind: str = "") -> list[ApprovalRequest]:
    found = ApprovalRequest.objects.filter(run_id=run.id, status="open").order_by("created_at")
    return list(found.filter(kind=kind) if kind else found)


def decided(run: WorkflowRun, verb: str = "approve", *, only: str = "") -> WorkflowRun:
    """Return the run once all that it asks, or what is of one kind, was decided, at rest."""
    for one in asked(run, only):
        decide(one, verb)
    return at_rest(run)


def decide(one: ApprovalRequest, verb: str = "approve", **edited: Any) -> None:
    """Decide on what is asked, as somebody who may; `edited` changes it first."""
    said: dict[str, Any] = {
        "request_id": one.id,
        "by": decider_of(one),
        "channel": Decision.Channel.ADMIN,
        "seen_sha256": one.payload_sha256,
    }
    if edited:
        approve_edited(**said, payload=payload_of(one) | edited)
    elif verb == "approve":
        approve(**said)
    else:
        reject(**said, comment="TikTok's stays.")


def payload_of(request: ApprovalRequest) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(bytes(request.payload))
    return payload


def at_rest(run: WorkflowRun) -> WorkflowRun:
    """Let time pass until the run is over, or a few looks came to nothing."""
    for _ in range(8):
        run = time_passes(work(run))
        if run.finished_at:
            break
    return run


def on_tiktok(product_id: str, account: TikTokAccount) -> dict[str, Any]:
    """Return the product as TikTok has it."""
    data: dict[str, Any] = SandboxRecord.objects.get(
        kind=Kind.PRODUCT, owner=account.handle, key=product_id
    ).data
    return data


def change_on_tiktok(product_id: str, account: TikTokAccount, **changes: Any) -> None:
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=account.handle, key=product_id)
    row.data |= changes
    row.save(update_fields=["data"])


def times_received(operation: str, account: TikTokAccount) -> int:
    return len(received(operation=operation, username=account.handle, with_unheard=True))


def report_of(run: WorkflowRun) -> str:
    return Artifact.objects.get(run_id=run.id, kind="report").text


def known(account: TikTokAccount, product_id: str, part: str) -> tuple[str, str] | None:
    row = DealtWith.objects.filter(account=account, product_id=product_id, part=part).first()
    return (row.in_source, row.in_shop) if row else None


def catalog(run: WorkflowRun) -> dict[str, Any]:
    return run.steps.get(key="catalog").output or {}


def test_sync_without_a_last_sync_remembers_what_is_the_same_and_then_tells_who_changed(
    account: TikTokAccount,
) -> None:
    assert synced(account, *source()).status == "succeeded"
    assert known(account, LAMP, "title") == ("Product 1", "Product 1")
    assert known(account, LAMP, "price") == ("20 EUR", "20 EUR")
    run = synced(account, *source(lamp={"title": "Lamp of paper"}))
    [request] = asked(run)
    assert request.kind == "update_listing"
    assert known(account, LAMP, "title") == ("Product 1", "Product 1")  # nothing is dealt with yet
    assert decided(run).status == "succeeded"
    assert on_tiktok(LAMP, account)["title"] == "Lamp of paper"
    assert known(account, LAMP, "title") == ("Lamp of paper", "Lamp of paper")
    # At once, before any other sync saw that both sides agree.
    [request] = asked(synced(account, *source(lamp={"title": "Lamp of silk"})))
    assert b'"title":"Lamp of silk"' in bytes(request.payload)
    assert times_received("product_edit", account) == 1


def test_no_to_what_the_source_says_is_asked_again_only_once_it_says_something_else(
    account: TikTokAccount,
) -> None:
    synced(account, *source())
    run = decided(synced(account, *source(lamp={"title": "Lamp"})), "reject")
    assert (run.status, times_received("product_edit", account)) == ("succeeded", 0)
    assert known(account, LAMP, "title") == ("Lamp", "Product 1")
    again = synced(account, *source(lamp={"title": "Lamp"}))
    assert (again.status, asked(again)) == ("succeeded", [])
    assert [one["product_id"] for one in catalog(again)["settled"]] == [LAMP]
    assert len(asked(synced(account, *source(lamp={"title": "Lamp of silk"})))) == 1


def test_dry_run_remembers_nothing(account: TikTokAccount) -> None:
    assert synced(account, *source(), is_dry_run=True).status == "succeeded"
    assert not DealtWith.objects.filter(account=account).exists()


def test_conflicts_are_decided_one_by_one_and_asked_no_second_time(account: TikTokAccount) -> None:
    synced(account, *source())
    for number, one in enumerate((LAMP, SHADE, CORD)):
        change_on_tiktok(one, account, title=f"TikTok {number}")
    changed = source(lamp={"title": "Lamp"}, shade={"title": "Shade"}, cord={"title": "Cord"})
    run = synced(account, *changed)
    lamp, shade, cord = sorted(asked(run), key=lambda one: payload_of(one)["product_id"])
    assert "both changed it: approve to take the catalogue's" in lamp.facts["why"]
    assert lamp.facts["when_last_dealt_with"] == "Product 1"
    assert payload_of(lamp)["replaces_title"] == "TikTok 0"
    assert times_received("product_edit", account) == 0
    decide(lamp)
    decide(shade, "reject")
    decide(cord, title="Cord of linen")
    assert at_rest(run).status == "succeeded"
    titles = [on_tiktok(one, account)["title"] for one in (LAMP, SHADE, CORD)]
    assert titles == ["Lamp", "TikTok 1", "Cord of linen"]
    assert times_received("product_edit", account) == 2
    assert known(account, SHADE, "title") == ("Shade", "TikTok 1")
    assert known(account, CORD, "title") == ("Cord", "Cord of linen")
    again = synced(account, *changed)
    assert (again.status, asked(again)) == ("succeeded", [])
    assert [one["product_id"] for one in catalog(again)["settled"]] == [SHADE, CORD]


def test_first_sync_asks_about_every_difference_in_words(account: TikTokAccount) -> None:
    run = synced(account, *source(lamp={"title": "Lamp", "description": ""}))
    [request] = asked(run)  # an empty description is no proposal: TikTok takes none
    assert "nobody knows which one changed" in request.facts["why"]
    assert decided(run).status == "succeeded"
    assert on_tiktok(LAMP, account)["title"] == "Lamp"
    assert "2 conflicts" in report_of(run)


def price_of(product_id: str, account: TikTokAccount) -> str:
    return str(on_tiktok(product_id, account)["skus"][0]["price"]["sale_price"])


def test_prices_of_the_source_reach_tiktok_once_each_is_approved(account: TikTokAccount) -> None:
    synced(account, *source())
    skus = on_tiktok(CORD, account)["skus"]
    skus[0]["price"]["sale_price"] = "23.00"
    change_on_tiktok(CORD, account, skus=skus)
    changed = source(lamp={"price": "24.50"}, shade={"price": "22.00"}, cord={"price": "21.00"})
    run = synced(account, *changed)
    lamp, shade, cord = sorted(asked(run, "set_price"), key=lambda one: payload_of(one)["product_id"])
    assert (payload_of(lamp)["price"], payload_of(lamp)["replaces_price"]) == ("24.50", "20.00")
    assert "both changed it" in cord.facts["why"]
    decide(lamp)
    decide(shade, "reject")
    decide(cord, price="21.50")
    assert at_rest(run).status == "succeeded", run.steps.values_list("key", "status", "error")
    assert [price_of(one, account) for one in (LAMP, SHADE, CORD)] == ["24.50", "20.00", "21.50"]
    assert times_received("price_update", account) == 2
    assert known(account, LAMP, "price") == ("24.5 EUR", "24.5 EUR")
    assert known(account, CORD, "price") == ("21 EUR", "21.5 EUR")
    again = synced(account, *changed)
    assert (again.status, asked(again)) == ("succeeded", [])


def test_products_gone_from_the_source_are_taken_off_sale_once_that_is_approved(
    account: TikTokAccount,
) -> None:
    synced(account, *source())
    change_on_tiktok(CORD, account, title="Cord of linen")
    run = synced(account, item(LAMP))
    shade, cord = sorted(asked(run, "take_off_sale"), key=lambda one: payload_of(one)["product_id"])
    assert "TikTok changed it meanwhile" in cord.facts["why"]
    assert times_received("product_deactivate", account) == 0
    decide(shade)
    decide(cord, "reject")
    assert at_rest(run).status == "succeeded"
    statuses = [on_tiktok(one, account)["status"] for one in (LAMP, SHADE, CORD)]
    assert statuses == ["ACTIVATE", "SELLER_DEACTIVATED", "ACTIVATE"]
    assert times_received("product_deactivate", account) == 1
    assert (known(account, SHADE, "title"), known(account, CORD, "title")) == (None, None)
    again = synced(account, item(LAMP))
    assert (again.status, asked(again)) == ("succeeded", [])


def test_low_stock_is_asked_about_and_set_to_what_a_person_says(account: TikTokAccount) -> None:
    sku = on_tiktok(LAMP, account)["skus"][0]
    sku["inventory"][0]["quantity"] = 3
    change_on_tiktok(LAMP, account, skus=[sku])
    bought = Bought(LAMP, sku["id"], "Product 1", "20.00", quantity=10)
    plant([order(account.handle, at=timezone.now() - timedelta(days=1), lines=[bought], currency="EUR")])
    run = synced(account, restocked=[{"product_id": SHADE, "quantity": 55}])
    counted, low = asked(run, "set_stock")
    assert (payload_of(low)["quantity"], payload_of(low)["replaces_quantity"]) == (40, 3)
    assert "edit it to what there really is" in low.facts["why"]
    decide(counted)
    decide(low, quantity=12)
    assert at_rest(run).status == "succeeded"
    levels = [on_tiktok(one, account)["skus"][0]["inventory"][0]["quantity"] for one in (LAMP, SHADE, CORD)]
    assert levels == [12, 55, 40]
    assert times_received("inventory_update", account) == 2
    assert "1 low, 0 oversold. Product 1 lasts 2.1 days." in report_of(run)


def test_report_says_what_is_not_made_in_the_shop_and_what_that_would_need(account: TikTokAccount) -> None:
    run = synced(account, *source(), item("9", title="A new lamp"))
    assert (run.status, asked(run)) == ("succeeded", [])
    assert "1 only in the catalogue" in report_of(run)
    assert "Not made in the shop: A new lamp. For a new product TikTok needs its category" in report_of(run)
