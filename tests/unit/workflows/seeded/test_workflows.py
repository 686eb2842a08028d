"""The seeded workflows that act, on accounts of a made world in the sandbox, from their start to their report."""

import json
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from agents.circles import CIRCLES
from agents.registry import AGENTS
from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox.tiktok.records import Kind
from agents.sandbox.world.model import FactKind, World
from agents.sandbox_models import SandboxRecord, SandboxStudioJob
from tests.factories.posting import work
from tests.unit.workflows.seeded.runs import (
    POST,
    asked,
    decide,
    decide_edited,
    drafts_of,
    report_of,
    started,
    steps,
    to_rest,
)
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.models import Creator
from workflows.executors import context_of
from workflows.models import Effect, WorkflowRun
from workflows.services import start_run
from workflows.validation import InputRefused


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
    draft = run.steps.get(key="draft").output or {}
    assert (draft["brief"]["hook"], draft["brief"]["outline"]) == (
        "Laces that hold on ice",
        "Show a double knot.",
    )
    [post] = asked(run, "post_video")
    shots = draft["brief"]["shots"]
    orders = SandboxStudioJob.objects.order_by("key")
    assert all(shot["line"] in order.prompt for shot, order in zip(shots, orders, strict=True)), shots
    film = (run.steps.get(key="film").output or {})["probe"]
    assert len(film["assembled_from"]) == len(shots) == 3
    assert film["duration_seconds"] == pytest.approx(9, abs=0.2)
    decide(post)
    run = to_rest(run)
    assert run.status == "succeeded", steps(run)
    assert len(tiktok_ledger.posts(username="fellrunner.mending")) == 1
