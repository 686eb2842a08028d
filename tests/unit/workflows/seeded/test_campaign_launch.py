"""A campaign launch, from its start to its report: everything asked, and what was approved done once."""

import json
from typing import Any

from agents.sandbox.tiktok.records import Kind
from agents.sandbox_models import SandboxRecord
from approvals.models import ApprovalRequest
from tests.factories.acting import made_of_campaigns
from tests.unit.workflows.seeded.runs import (
    POST,
    asked,
    check_campaign_drafts,
    decide,
    decide_edited,
    started,
    steps,
    to_rest,
)
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import Effect, WorkflowRun


def test_campaign_launch_asks_for_each_act_and_does_what_was_approved(
    accounts: dict[str, TikTokAccount],
) -> None:
    account = accounts["brothwell"]
    run = started(
        "campaign_launch",
        account,
        budget="700.00",
        spend_cap="700.00",
        currency="USD",
        days=7,
        location_ids=["2921044"],
        **POST,
    )
    assert {one.kind for one in asked(run)} >= {"update_listing", "create_campaign"}, steps(run)
    edit_the_first_of(asked(run, "update_listing"))
    campaigns = [json.loads(bytes(one.payload)) for one in asked(run, "create_campaign")]
    for campaign in asked(run, "create_campaign"):
        decide(campaign)
    letter = agree_to_the_first_of(asked(run, "send_message"))
    run = to_rest(run)
    [post] = asked(run, "post_video")
    # The post is about the listing as it was edited.
    draft = run.steps.get(key="draft", status="succeeded").output or {}
    assert (draft["brief"]["hook"], draft["brief"]["outline"]) == (
        "Broth pot for slow Sundays",
        "Holds six litres.",
    )
    decide(post)
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    check_campaign_drafts(run)
    kinds = sorted(Effect.objects.filter(step__run=run, status="confirmed").values_list("kind", flat=True))
    assert {"update_listing", "post_video", "create_campaign"} <= set(kinds)
    assert kinds.count("send_message") == 1
    check_letter(run, letter)
    check_made(account, campaigns)


def edit_the_first_of(listings: list[ApprovalRequest]) -> None:
    """Change one listing and say yes to that; no to the others."""
    decide_edited(listings[0], title="Broth pot for slow Sundays", description="Holds six litres.")
    for listing in listings[1:]:
        decide(listing, "reject")


def agree_to_the_first_of(letters: list[ApprovalRequest]) -> ApprovalRequest:
    """Say yes to one letter, no to the others, and return the one."""
    letter, *others = letters
    decide(letter)
    for other in others:
        decide(other, "reject")
    return letter


def check_letter(run: WorkflowRun, letter: ApprovalRequest) -> None:
    """Assert that TikTok has the letter once, in its words, to a creator who matches and whose figures are known."""
    account = run.account
    [sent] = SandboxRecord.objects.filter(kind=Kind.MESSAGE, owner=account.handle)
    approved = json.loads(bytes(letter.payload))
    assert json.loads(sent.data["content"]) == {"content": approved["text"]}
    thread = SandboxRecord.objects.get(kind=Kind.CONVERSATION, key=sent.data["conversation_id"])
    assert thread.data["username"] == approved["creator"]
    matched = {one["handle"]: one for one in (run.steps.get(key="outreach").output or {})["creators"]}
    assert matched[approved["creator"]]["overlap"] >= 0.3
    assert any(one["engagement"] is not None for one in matched.values())


def check_made(account: TikTokAccount, campaigns: list[dict[str, Any]]) -> None:
    """Assert that TikTok has each campaign once with its ad group and ads, as approved, all of it switched off."""
    made = made_of_campaigns(account.handle)
    assert {one["operation_status"] for of_kind in made.values() for one in of_kind} == {"DISABLE"}
    assert sorted(one["campaign_name"] for one in made["campaign"]) == sorted(
        one["name"] for one in campaigns
    )
    groups = {one["campaign_id"]: one for one in made["adgroup"]}
    assert len(groups) == len(made["adgroup"]) == len(campaigns)
    for there in made["campaign"]:
        wanted = next(one for one in campaigns if one["name"] == there["campaign_name"])
        group = groups[there["campaign_id"]]
        assert (group["adgroup_name"], group["location_ids"]) == (wanted["audience"]["segment"], ["2921044"])
        ads = [one for one in made["ad"] if one["adgroup_id"] == group["adgroup_id"]]
        assert sorted(one["tiktok_item_id"] for one in ads) == sorted(wanted["posts"])
        assert {one["ad_text"] for one in ads} == {wanted["hook"]}


def test_campaign_launch_in_another_currency_than_the_advertisers_asks_nobody(
    accounts: dict[str, TikTokAccount],
) -> None:
    run = started(
        "campaign_launch", accounts["brothwell"], budget="700.00", spend_cap="700.00", currency="EUR", **POST
    )
    assert run.status == "failed"
    assert "who pays in USD: start again with amounts in USD" in run.steps.get(key="preflight").error
    assert not asked(run)


def test_campaign_launch_without_a_brand_stops_with_one_sentence(accounts: dict[str, TikTokAccount]) -> None:
    account = TikTokAccount.objects.create(workspace=accounts["brothwell"].workspace, handle="nobrand")
    run = started("campaign_launch", account, budget="700.00", spend_cap="700.00", **POST)
    assert run.status == "failed"
    assert "has no brand: link one" in run.steps.get(key="preflight").error
    assert not asked(run)
