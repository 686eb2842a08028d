"""The seeded workflows that act, on accounts of a made world in the sandbox, from their start to their report."""

import json
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.circles import CIRCLES
from agents.registry import AGENTS
from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox.tiktok.records import Kind
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import FactKind, World
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxRecord, SandboxStudioJob
from agents.worlds import settle_world
from approvals.amending import approve_edited
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.accounts import WorkspaceFactory
from tests.factories.acting import made_of_campaigns
from tests.factories.posting import decider_of, providers, time_passes, work
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.models import Artifact, Creator
from workflows.executors import context_of
from workflows.models import Effect, WorkflowRun
from workflows.services import start_run
from workflows.validation import InputRefused

SEED = 3
POST = {"duration_seconds": 5, "privacy_level": "SELF_ONLY"}


@pytest.fixture(scope="module")
def world(module_db: str) -> World:
    """Plant a world once; each workflow works on a brand of its own."""
    world = build_world(SEED)
    plant_world(world, grows=False)
    return world


@pytest.fixture(scope="module")
def accounts(world: World) -> dict[str, TikTokAccount]:
    return settle_world(world, workspace=WorkspaceFactory.create(), by="a test")


@pytest.fixture(autouse=True)
def tiktok_at_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = providers()
    studio = made["studio"]["OPTIONS"] | {"faults": {"make_seconds": 0}}
    settings.PROVIDERS = made | {"studio": made["studio"] | {"OPTIONS": studio}}


def started(slug: str, account: TikTokAccount, **given: Any) -> WorkflowRun:
    return work(start_run(slug, account_id=account.id, by="a test", given=given))


def to_rest(run: WorkflowRun) -> WorkflowRun:
    """Let time pass until the run is over or all that is left of it waits for people."""
    for _ in range(25):
        run = time_passes(work(run))
        moving = run.steps.filter(status__in=["ready", "running"]) | run.steps.filter(
            status="waiting", wake_at__isnull=False
        )
        if run.finished_at or not moving.exists():
            return run
    raise AssertionError(steps(run))


def asked(run: WorkflowRun, kind: str = "") -> list[ApprovalRequest]:
    found = ApprovalRequest.objects.filter(run_id=run.id, status="open").order_by("created_at")
    return list(found.filter(kind=kind) if kind else found)


def decide(request: ApprovalRequest, verb: str = "approve") -> None:
    said: dict[str, Any] = {
        "request_id": request.id,
        "by": decider_of(request),
        "channel": Decision.Channel.ADMIN,
        "seen_sha256": request.payload_sha256,
    }
    if verb == "approve":
        approve(**said)
    else:
        reject(**said, comment="Not this one.")


def decide_edited(request: ApprovalRequest, **changes: Any) -> None:
    approve_edited(
        request_id=request.id,
        by=decider_of(request),
        channel=Decision.Channel.ADMIN,
        seen_sha256=request.payload_sha256,
        payload=json.loads(bytes(request.payload)) | changes,
        comment="As we say it.",
    )


def steps(run: WorkflowRun) -> list[Any]:
    return list(run.steps.exclude(status="succeeded").values("key", "item", "status", "error"))


def drafts_of(run: WorkflowRun) -> dict[str, str]:
    """Return the texts of the drafts the run's steps kept, by key; of a loop's steps one."""
    keys = dict(run.steps.values_list("id", "key"))
    kept = Artifact.objects.filter(run_id=run.id, kind="draft")
    return {keys[step_id]: text for step_id, text in kept.values_list("step_id", "text")}


def check_campaign_drafts(run: WorkflowRun) -> None:
    """Hold what a campaign's run kept as drafts against what its agents put out."""
    drafts = drafts_of(run)
    listing = (run.steps.filter(key="listings").latest("round").output or {})["listings"][0]
    assert all(one["title"] in drafts["listings"] for one in listing["variants"])
    assert drafts["listings"].index(listing["recommended"]["title"]) == len(f"{listing['id']}\n\n")
    ads = (run.steps.filter(key="ads").latest("round").output or {})["campaigns"]
    assert all(one["hook"] in drafts["ads"] for one in ads)


def report_of(run: WorkflowRun) -> str:
    return Artifact.objects.get(run_id=run.id, kind="report").text


def test_profile_audit_of_a_suppressed_account_raises_the_alert_and_says_so(
    accounts: dict[str, TikTokAccount], world: World
) -> None:
    handle = next(fact.handle for fact in world.facts if fact.kind == FactKind.SUPPRESSED_ACCOUNT)
    run = to_rest(started("profile_audit", accounts[handle]))
    assert run.status == "succeeded", steps(run)
    probability = (run.steps.get(key="shadowban_check").output or {})["probability"]
    [alert] = Alert.objects.filter(kind="suppression", account=accounts[handle], resolved_at=None)
    assert (
        alert.sentence == f"@{handle}: its posts are probably held back ({probability:.0%} by their figures)."
    )
    assert f"- Probability that posts are held back: **{probability:.1%}".replace("%", " %") in report_of(run)


def test_profile_audit_of_an_ordinary_account_raises_no_such_alert(
    accounts: dict[str, TikTokAccount], world: World
) -> None:
    odd = {fact.handle for fact in world.facts if fact.kind == FactKind.SUPPRESSED_ACCOUNT}
    account = next(account for handle, account in accounts.items() if handle not in odd)
    run = to_rest(started("profile_audit", account))
    assert run.status == "succeeded", steps(run)
    assert (run.steps.get(key="shadowban_check").output or {})["probability"] < 0.5
    assert not Alert.objects.filter(kind="suppression", account=account).exists()


def test_agents_of_circles_are_told_what_was_said_of_their_last_draft(
    accounts: dict[str, TikTokAccount], world: World
) -> None:
    account = accounts[next(fact.handle for fact in world.facts if fact.kind == FactKind.COMMENT_CRISIS)]
    started("sync_account", account)
    context = context_of(WorkflowRun(account=account, as_of=timezone.now()))
    mapper = AGENTS["audience_mapper"]
    terms = [one.terms for one in mapper.compute(mapper.Input(), context).segments]
    segments = [{"name": some[0], "terms": some} for some in terms]
    Creator.objects.create(workspace=account.workspace, handle="ada", segments={terms[0][0]: 1.0})
    tomorrow = timezone.now() + timedelta(days=1)
    slot = {"starts_at": tomorrow.isoformat(), "ends_at": (tomorrow + timedelta(hours=1)).isoformat()}
    given: dict[str, dict[str, Any]] = {
        "content_producer": {"topic": "tea"},
        "creator_outreach": {"segments": segments, "min_overlap": 0},
        "ad_campaign_director": {"segments": segments, "budget": "700", "spend_cap": "700"},
        "live_stream_ops": {"slot": slot},
    }
    for circle, feedback in product(CIRCLES.values(), ("", "Say less of the lamp.")):
        agent = AGENTS[circle.drafts]
        facts = agent.compute(agent.Input(**given.get(agent.name, {}), feedback=feedback), context)
        prompt = agent.prompt(facts, context)
        assert prompt is not None, agent.name
        assert prompt.untrusted.get("said of the last draft", "") == feedback
        assert ("sent back" in prompt.instruction) is bool(feedback)
        assert "less of the lamp" not in prompt.facts.model_dump_json()


def test_content_batch_drafts_each_idea_and_posts_what_was_approved(
    accounts: dict[str, TikTokAccount],
) -> None:
    run = started("content_batch", accounts["velvetfern.lab"], topics=["sunscreen", "soap"], n=2, **POST)
    first, second = asked(run)
    decide(first)
    decide(second, "reject")
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    assert [effect.status for effect in Effect.objects.filter(step__run=run)] == ["confirmed"]
    assert len(tiktok_ledger.posts(username="velvetfern.lab")) == 1
    text = report_of(run)
    assert "- **Ideas**: 2 ideas." in text
    assert "- **Draft**: 2 done" in text
    assert "reject by" in text
    assert "Not this one." in text


def test_content_batch_gives_each_post_a_slot_of_its_own(accounts: dict[str, TikTokAccount]) -> None:
    first = timezone.now().replace(microsecond=0) + timedelta(days=2)
    slot = {"publish_at": first.isoformat()}
    run = started("content_batch", accounts["velvetfern"], topics=["sunscreen"], n=2, **POST, **slot)
    payloads = {one.step_id: json.loads(bytes(one.payload)) for one in asked(run)}
    slots = [
        datetime.fromisoformat(payloads[step.id]["publish_at"])
        for step in run.steps.filter(key="gate").order_by("item")
    ]
    assert slots == [first, first + timedelta(minutes=96)]


def test_post_launch_loop_replies_where_a_person_agrees(
    accounts: dict[str, TikTokAccount], world: World
) -> None:
    account = accounts[next(fact.handle for fact in world.facts if fact.kind == FactKind.COMMENT_CRISIS)]
    run = started("post_launch_loop", account)
    replies = asked(run, "reply_comment")
    assert replies, steps(run)
    decide(replies[0])
    for reply in replies[1:]:
        decide(reply, "reject")
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    sent = SandboxRecord.objects.filter(kind=Kind.COMMENT, owner=account.handle, data__owner=True)
    assert sent.count() == 1
    items = (run.steps.filter(key="triage").latest("round").output or {})["items"]
    assert all(one["suggested_reply"] in drafts_of(run)["triage"] for one in items if one["suggested_reply"])
    assert "1 posts in crisis" in report_of(run)


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
    listings = asked(run, "update_listing")
    decide_edited(listings[0], title="Broth pot for slow Sundays", description="Holds six litres.")
    for listing in listings[1:]:
        decide(listing, "reject")
    campaigns = [json.loads(bytes(one.payload)) for one in asked(run, "create_campaign")]
    for campaign in asked(run, "create_campaign"):
        decide(campaign)
    letter, *others = asked(run, "send_message")
    decide(letter)
    for other in others:
        decide(other, "reject")
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
    [sent] = SandboxRecord.objects.filter(kind=Kind.MESSAGE, owner=account.handle)
    approved = json.loads(bytes(letter.payload))
    assert json.loads(sent.data["content"]) == {"content": approved["text"]}
    thread = SandboxRecord.objects.get(kind=Kind.CONVERSATION, key=sent.data["conversation_id"])
    assert thread.data["username"] == approved["creator"]
    matched = {one["handle"]: one for one in (run.steps.get(key="outreach").output or {})["creators"]}
    assert matched[approved["creator"]]["overlap"] >= 0.3
    assert any(one["engagement"] is not None for one in matched.values())
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


def test_shop_sync_changes_what_differs_once_a_person_agrees(accounts: dict[str, TikTokAccount]) -> None:
    account = accounts["lumenaria.home"]
    row = SandboxRecord.objects.filter(kind=Kind.PRODUCT, owner=account.handle).order_by("key").first()
    assert row is not None
    before = {
        "product_id": row.key,
        "title": row.data["title"],
        "description": row.data["description"],
        "price": row.data["skus"][0]["price"]["sale_price"],
        "currency": row.data["skus"][0]["price"]["currency"],
    }
    run = started(
        "shop_sync",
        account,
        source=[before | {"title": "Lumenaria lamp of paper, folded by hand"}],
        last_synced=[before],
        restocked=[{"product_id": row.key, "quantity": 77}],
    )
    [words] = asked(run, "update_listing")
    stocks = asked(run, "set_stock")
    counted = next(one for one in stocks if one.facts["why"] == "Somebody counted it.")
    for one in (words, counted):
        decide(one)
    for one in stocks:
        if one != counted:  # what runs out in this world
            decide(one, "reject")
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    row.refresh_from_db()
    assert row.data["title"] == "Lumenaria lamp of paper, folded by hand"
    assert row.data["skus"][0]["inventory"][0]["quantity"] == 77


SLOT = {"starts_at": "2026-11-20T18:00:00Z", "ends_at": "2026-11-20T19:00:00Z"}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, "The input lacks 'slot', which 'Run sheet' needs: give it one."),
        (
            {"slot": SLOT | {"ends_at": "2026-11-20T18:01:00Z"}},
            "The input 'slot' is .* 1 minutes long; give one",
        ),
        (
            {"slot": SLOT, "recap_at": "2026-11-20T18:59:00Z"},
            r"The input 'recap_at' is '2026-11-20T18:59:00Z', which does not do: .*the slot ends at "
            r"2026-11-20T19:00:00\+00:00; give a time from then until 30 days later, or leave it out\.",
        ),
        ({"slot": SLOT, "recap_at": "2027-11-20T18:59:00Z"}, "until 30 days later"),
        ({"slot": SLOT, "recap_at": "tomorrow"}, "The input 'recap_at' is 'tomorrow', which does not do"),
    ],
)
def test_live_show_that_makes_no_sense_does_not_start(
    accounts: dict[str, TikTokAccount], given: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(InputRefused, match=refusal):
        start_run("live_show", account_id=accounts["fellrunner.supply"].id, by="a test", given=given)


def test_live_show_that_is_to_come_waits_until_its_end_or_later(accounts: dict[str, TikTokAccount]) -> None:
    begins = timezone.now().replace(second=0, microsecond=0) + timedelta(days=1)
    ends = begins + timedelta(hours=1)
    slot = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
    for given, until in (
        ({}, ends),
        ({"recap_at": (ends + timedelta(hours=2)).isoformat()}, ends + timedelta(hours=2)),
    ):
        run = started("live_show", accounts["fellrunner.alps"], slot=slot, host="Ines", **given)
        [sheet] = asked(run)
        decide(sheet)
        run = work(run)
        waiting = run.steps.get(key="slot")
        assert waiting.status == "waiting"
        assert waiting.wake_at is not None
        assert timedelta() <= waiting.wake_at - until < timedelta(seconds=1)


def test_live_show_waits_for_its_slot_and_recaps_it(accounts: dict[str, TikTokAccount], world: World) -> None:
    now: datetime = timezone.now()
    # The hour of an order, so that there is something to recap whatever the time.
    orders = [order.ordered_at for order in world.account("fellrunner.supply").orders]
    sold_at = max(at for at in orders if at < now - timedelta(hours=1)).replace(second=0, microsecond=0)
    slot = {
        "starts_at": (sold_at - timedelta(minutes=30)).isoformat(),
        "ends_at": (sold_at + timedelta(minutes=30)).isoformat(),
    }
    run = started("live_show", accounts["fellrunner.supply"], slot=slot, host="Ines")
    [sheet] = asked(run, "run_sheet")
    decide(sheet)
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    sheet_parts = (run.steps.get(key="plan").output or {})["run_sheet"]
    assert all(part["say"] in drafts_of(run)["plan"] for part in sheet_parts)
    recap = (run.steps.get(key="recap").output or {})["recap"]
    assert recap is not None
    assert f"{recap['units']:,} units in {recap['orders']:,} orders" in report_of(run)


def test_video_production_makes_what_was_chosen_and_posts_it(accounts: dict[str, TikTokAccount]) -> None:
    given = POST | {"topics": ["boots"], "n": 1, "duration_seconds": 9}
    run = started("video_production", accounts["fellrunner.mending"], **given)
    [idea] = asked(run, "video_idea")
    decide_edited(idea, hook="Laces that hold on ice", outline="Show a double knot.", topic="boots")
    run = to_rest(run)
    # Video and caption are both of the idea as it was edited.
    [order] = SandboxStudioJob.objects.all()
    assert order.prompt == "Show a double knot."
    draft = run.steps.get(key="draft").output or {}
    assert (draft["brief"]["hook"], draft["brief"]["outline"]) == (
        "Laces that hold on ice",
        "Show a double knot.",
    )
    [post] = asked(run, "post_video")
    shots = (run.steps.get(key="draft").output or {})["brief"]["shots"]
    film = (run.steps.get(key="film").output or {})["probe"]
    assert len(film["assembled_from"]) == len(shots) == 3
    assert film["duration_seconds"] == pytest.approx(9, abs=0.2)
    decide(post)
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    assert len(tiktok_ledger.posts(username="fellrunner.mending")) == 1
