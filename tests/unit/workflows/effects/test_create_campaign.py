"""A campaign is made of parts, each once: what leaves, what comes between two of them, and what is said then."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from agents.sandbox.tiktok.records import Kind
from agents.sandbox_models import SandboxRecord
from approvals.amending import EditRefused, approve_edited
from approvals.models import ApprovalRequest, Decision
from tests.factories.acting import (
    CAMPAIGN,
    TRIALS,
    asked_act,
    made_of_campaigns,
)
from tests.factories.approvals import request_of
from tests.factories.campaigns import (
    CREATES,
    POSTS,
    SECOND,
    account_with_two_posts,
    approved,
    asked_for,
    there,
    until_over,
)
from tests.factories.posting import (
    decider_of,
    effect_of,
    moves,
    post_step,
    providers,
    take_over,
    taken_work,
    watched,
    work,
)
from tests.factories.stops import stop
from tests.factories.tiktok_world import VIDEO_ID
from tests.forms import times
from tests.unit.workflows.effects.test_act_guards import WHERE
from tiktok_ops.accounts.models import TikTokAccount
from workflows.ads_kinds import CampaignCreation
from workflows.effects import acting, ledger
from workflows.effects.parts import Part, in_words
from workflows.effects.registry import EFFECTS
from workflows.effects.underway import TooLate
from workflows.models import StopSwitch, WorkflowRun
from workflows.outcomes import TryAgain, Waits
from workflows.protocol import finish
from workflows.stop_switch import Target, release


class Died(BaseException):
    """The worker is gone, in the middle of what it did."""


def die() -> None:
    """Die, as a killed worker does: nothing of ours gets to say anything more."""
    raise Died


@pytest.fixture(autouse=True)
def nothing_stopped(tiktok: Any) -> None:
    """Begin with no switch: the module's tests share a database."""
    StopSwitch.objects.all().delete()


def test_create_campaign_makes_all_of_what_was_approved_once_and_all_of_it_switched_off() -> None:
    run = work(
        approved(
            location_ids=["2921044"],
            age_groups=["AGE_18_24", "AGE_25_34"],
            gender="GENDER_FEMALE",
            days=3,
            starts_at="2027-01-01T09:00:00+01:00",
        )
    )
    assert (run.status, moves(run)) == ("succeeded", ["prepared", "sending", "sent", "confirmed"])
    made = made_of_campaigns(run.account.handle)
    [campaign], [group], ads = made["campaign"], made["adgroup"], made["ad"]
    assert [one["operation_status"] for one in (campaign, group, *ads)] == ["DISABLE"] * 4
    assert (campaign["campaign_name"], campaign["budget"]) == (CAMPAIGN, 50)
    assert {
        name: group[name] for name in ("adgroup_name", "budget", "location_ids", "age_groups", "gender")
    } == {
        "adgroup_name": "Tea drinkers",
        "budget": 50,
        "location_ids": ["2921044"],
        "age_groups": ["AGE_18_24", "AGE_25_34"],
        "gender": "GENDER_FEMALE",
    }
    assert (group["optimization_goal"], group["billing_event"]) == ("ENGAGED_VIEW", "CPV")
    first, last = (datetime.fromisoformat(group[f"schedule_{end}_time"]) for end in ("start", "end"))
    assert (str(first), last - first) == ("2027-01-01 08:00:00", timedelta(days=3))
    assert [(one["tiktok_item_id"], one["ad_text"]) for one in ads] == [
        (post, "Cold brew, three ways") for post in POSTS
    ]
    assert {one["adgroup_id"] for one in ads} == {group["adgroup_id"]}
    evidence = effect_of(run).evidence
    assert evidence["is_switched_off"]
    assert (evidence["adgroup"], evidence["ads"]) == (group["adgroup_id"], [one["ad_id"] for one in ads])
    assert [asked_for(one) for one in CREATES] == [1, 1, 2]


AROUND = [(when, operation) for operation in CREATES for when in ("before", "after")]


@pytest.mark.parametrize(("when", "operation"), AROUND)
def test_die_around_a_part_finds_what_is_there_and_makes_the_rest(
    when: str, operation: str, tiktok: Any
) -> None:
    run = approved()
    tiktok.PROVIDERS = watched(when, operation, die)
    with pytest.raises(Died):
        EFFECTS["create_campaign"].perform(taken_work(run))
    before = there(run)
    assert effect_of(run).status == "sending"
    taken = take_over(run)
    outcome = EFFECTS["create_campaign"].perform(taken)
    assert isinstance(outcome, Waits)
    assert effect_of(run).status == "unknown"
    finish(taken.claim, outcome, go_on=False)
    run = until_over(run)
    assert asked_for("campaign_create") == asked_for("adgroup_create") == 1
    if (when, operation) == ("before", "ad_create"):  # nobody can tell that nothing left
        assert (effect_of(run).status, there(run)) == ("unknown", before)
        assert asked_for("ad_create") == 0
        return
    assert (run.status, there(run)) == ("succeeded", (1, 1, POSTS)), (before, moves(run))
    assert asked_for("ad_create") == 2


@pytest.mark.parametrize("operation", CREATES)
@pytest.mark.parametrize(
    "fault", times(long=["reset_after", "reset_before", "malformed"], short=["reset_after"])
)
def test_lose_the_answer_about_a_part_leaves_one_of_each(operation: str, fault: str, tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(**{operation: {fault: 1}})
    run = until_over(work(approved()))
    if (operation, fault) == ("ad_create", "reset_before"):
        assert (effect_of(run).status, there(run)) == ("unknown", (1, 1, []))
        return
    assert (run.status, there(run)) == ("succeeded", (1, 1, POSTS)), moves(run)


def test_slowed_down_between_two_parts_goes_on_where_it_was(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(adgroup_create={"rate_limited": 1})
    run = work(approved())
    effect = effect_of(run)
    assert (effect.status, effect.cleared_by, there(run)) == ("prepared", "provider", (1, 0, []))
    assert until_over(run).status == "succeeded"
    assert there(run) == (1, 1, POSTS)
    assert [asked_for(one) for one in CREATES] == [1, 2, 2]


def forget(account: TikTokAccount, post: str) -> Callable[[], Any]:
    """Return what takes a post off TikTok."""
    return lambda: SandboxRecord.objects.filter(kind=Kind.VIDEO, owner=account.handle, key=post).delete()


def test_refuse_an_ad_says_what_exists_and_what_does_not(tiktok: Any) -> None:
    account = account_with_two_posts()
    tiktok.PROVIDERS = watched("before", "adgroup_create", forget(account, SECOND))
    run = work(approved(account))
    effect = effect_of(run)
    made = made_of_campaigns(account.handle)
    assert (run.status, effect.status, there(run)) == ("failed", "failed", (1, 1, [VIDEO_ID]))
    assert "is not a post of this identity" in effect.error
    assert effect.error.endswith(
        f"TikTok has the campaign {CAMPAIGN!r} ({made['campaign'][0]['campaign_id']}), its ad group 'Tea drinkers' "
        f"({made['adgroup'][0]['adgroup_id']}), the ad of post {VIDEO_ID} ({made['ad'][0]['ad_id']}). "
        f"It does not have the ad of post {SECOND}."
    )
    assert post_step(run).error == effect.error


def test_stop_between_two_parts_waits_and_goes_on_after_the_release(tiktok: Any) -> None:
    run = approved()
    switches: list[Any] = []
    tiktok.PROVIDERS = watched(
        "after", "campaign_create", lambda: switches.append(stop(Target(account=run.account)))
    )
    run = work(run)
    effect = effect_of(run)
    assert (effect.status, effect.cleared_by, there(run)) == ("prepared", "provider", (1, 0, []))
    release(stop_id=switches[0].id, by="a test")
    run = work(run)
    assert (run.status, there(run)) == ("succeeded", (1, 1, POSTS))
    assert [asked_for(one) for one in CREATES] == [1, 1, 2]


def test_call_off_between_two_parts_says_what_there_is(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(adgroup_create={"rate_limited": 1})
    run = work(approved())
    effect = effect_of(run)
    with transaction.atomic():
        ledger.call_off(post_step(run), by="a test", why="Called off.")
    effect.refresh_from_db()
    assert effect.status == "failed"
    assert effect.error.startswith("Called off. TikTok has the campaign ")
    assert f"It does not have its ad group 'Tea drinkers', the ad of post {VIDEO_ID}" in effect.error


def test_be_held_up_between_two_parts_asks_for_leave_again(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved()
    tiktok.PROVIDERS = watched(
        "after", "campaign_create", lambda: monkeypatch.setattr(acting, "START_WITHIN_SECONDS", -1.0)
    )
    outcome = EFFECTS["create_campaign"].perform(taken_work(run))
    assert isinstance(outcome, TryAgain)
    assert outcome.error == str(TooLate())
    assert (effect_of(run).status, there(run)) == ("prepared", (1, 0, []))


def test_take_a_campaign_of_that_name_made_before_for_somebody_elses(tiktok: Any) -> None:
    account = account_with_two_posts()
    work(approved(account))
    run = work(approved(account))
    assert (run.status, there(run)) == ("failed", (1, 1, POSTS))
    assert (
        effect_of(run).error
        == f"The advertiser has a campaign called {CAMPAIGN!r} already: choose another name."
    )


def test_compare_what_a_campaign_was_begun_as_but_for_whose_it_is() -> None:
    given = WHERE | TRIALS["create_campaign"].given
    wanted = CampaignCreation.model_validate(given)
    assert wanted.as_made == CampaignCreation.model_validate(given | {"handle": "lumen.new"}).as_made
    assert wanted.as_made != CampaignCreation.model_validate(given | {"hook": "Other"}).as_made


def edited(run: WorkflowRun, **changes: Any) -> Decision:
    """Approve what the run asks for with these changes."""
    request = request_of(run)
    payload = CampaignCreation.model_validate_json(bytes(request.payload)).model_dump(mode="json")
    return approve_edited(
        request_id=request.id,
        by=decider_of(request),
        channel=Decision.Channel.ADMIN,
        seen_sha256=request.payload_sha256,
        payload=payload | changes,
    )


def test_edit_at_the_gate_sends_what_was_edited_and_no_post_that_was_taken_out() -> None:
    run = asked_act("create_campaign", account_with_two_posts(), posts=POSTS)
    edited(run, posts=[SECOND], hook="Cold brew at home", daily_budget="60.00")
    run = work(run)
    made = made_of_campaigns(run.account.handle)
    assert (run.status, there(run)) == ("succeeded", (1, 1, [SECOND]))
    assert made["ad"][0]["ad_text"] == "Cold brew at home"
    assert made["campaign"][0]["budget"] == made["adgroup"][0]["budget"] == 60


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": "REACH"}, "do not fit REACH: give 'REACH' and 'CPM'"),
        ({"posts": []}, "posts"),
        ({"daily_budget": "49.99"}, "below 50 USD, the least TikTok takes"),
    ],
)
def test_edit_at_the_gate_that_cannot_leave_is_refused(changes: dict[str, Any], said: str) -> None:
    run = asked_act("create_campaign", account_with_two_posts(), posts=POSTS)
    with pytest.raises(EditRefused, match=said):
        edited(run, **changes)
    assert ApprovalRequest.objects.get(run_id=run.id).status == "open"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], ""),
        ([Part("a", "the campaign"), Part("b", "its ad group")], ""),
        (
            [Part("a", "the campaign", asked=True), Part("b", "its ad group")],
            "TikTok may have the campaign. It does not have its ad group.",
        ),
        ([Part("a", "the campaign", asked=True, id="1")], "TikTok has the campaign (1)."),
        (
            [
                Part("a", "the campaign", asked=True, id="1"),
                Part("b", "its ad group", asked=True),
                Part("c", "the ad"),
            ],
            "TikTok has the campaign (1). It may have its ad group. It does not have the ad.",
        ),
    ],
)
def test_say_what_is_there_and_what_is_not(parts: list[Part], said: str) -> None:
    assert in_words(parts) == said
