"""What is done about a campaign of which parts are, or may be, there: none is made twice, and what there is is told."""

from dataclasses import asdict
from typing import Any

import pytest
from django.db import transaction

from agents.connections.services import connect
from agents.providers.tiktok.grants import SCOPES
from agents.sandbox.tiktok.records import Kind, plant
from agents.sandbox.tiktok.trade_records import ads_object
from agents.sandbox_models import SandboxRecord
from tests.factories.accounts import person
from tests.factories.acting import (
    CAMPAIGN,
    TRIALS,
    made_of_campaigns,
)
from tests.factories.campaigns import account_with_two_posts, approved, asked_for, there, until_over
from tests.factories.connections import access_ages, granted
from tests.factories.posting import (
    WatchedTikTok,
    effect_of,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    watched,
    work,
)
from tests.factories.stops import stop
from tests.factories.tiktok_world import BEGAN, VIDEO_ID
from tests.unit.workflows.effects.test_act_guards import WHERE, check
from tiktok_ops.accounts.roles import Role
from workflows.ads_kinds import CampaignCreation
from workflows.effects import acting, create_campaign, ledger
from workflows.effects.acting import Acting
from workflows.effects.models import Effect
from workflows.effects.parts import Part, is_made, parts_in
from workflows.effects.refusals import EffectRefused
from workflows.effects.registry import EFFECTS
from workflows.models import StopSwitch, WorkflowRun
from workflows.stop_switch import Target


@pytest.fixture(autouse=True)
def nothing_stopped(tiktok: Any) -> None:
    """Begin with no switch: the module's tests share a database."""
    StopSwitch.objects.all().delete()


def ask_nothing_shown(run: WorkflowRun, *kinds: Kind) -> WorkflowRun:
    """Let time pass while TikTok's lists do not show these."""
    rows = SandboxRecord.objects.filter(owner=run.account.handle, kind__in=kinds)
    hidden = list(rows)
    rows.delete()
    run = until_over(run)
    assert (effect_of(run).status, effect_of(run).claims) == ("unknown", 1)
    SandboxRecord.objects.bulk_create(hidden)
    return run


@pytest.mark.parametrize("hidden", [(Kind.CAMPAIGN,), (Kind.ADGROUP,), (Kind.AD,)])
def test_lists_that_lag_make_no_second_ad(hidden: tuple[Kind, ...], tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(ad_create={"reset_after": 1})
    run = ask_nothing_shown(work(approved(posts=[VIDEO_ID])), *hidden)
    assert asked_for("ad_create") == 1
    run = until_over(run)
    assert (run.status, there(run)) == ("succeeded", (1, 1, [VIDEO_ID]))


def test_keep_the_id_of_an_ad_while_its_campaign_and_group_are_not_shown(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(ad_create={"reset_after": 1})
    run = ask_nothing_shown(work(approved(posts=[VIDEO_ID])), Kind.CAMPAIGN, Kind.ADGROUP)
    made = made_of_campaigns(run.account.handle)
    assert parts_in(effect_of(run).creator)[-1].id == made["ad"][0]["ad_id"]


def test_stop_while_the_access_is_renewed_for_a_part_does_not_make_it(tiktok: Any) -> None:
    account = account_with_two_posts()
    grant = granted(account.handle, scopes=(*SCOPES, "ads.read", "ads.manage"))
    connection = connect(
        account=account, mode=account.mode, grant=grant, by=person(account.workspace, Role.OWNER)
    )
    run = approved(account)
    tiktok.PROVIDERS = watched("after", "campaign_create", lambda: access_ages(connection, 3700))
    WatchedTikTok.happens["after", "token"] = lambda: stop(Target(account=account))
    run = work(run)
    assert not WatchedTikTok.happens  # it was renewed
    assert (effect_of(run).status, there(run)) == ("prepared", (1, 0, []))
    assert asked_for("adgroup_create") == 0


def test_call_off_what_may_be_there_says_so_and_it_counts_as_spent(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(campaign_create={"reset_before": 1})
    run = work(approved())
    while effect_of(run).status == "unknown":
        run = time_passes(run)
    effect = effect_of(run)
    assert (effect.status, effect.error) == ("prepared", acting.NOT_DONE)
    with transaction.atomic():
        ledger.call_off(post_step(run), by="a test", why="Called off.")
    effect.refresh_from_db()
    assert effect.error.startswith(
        f"Called off. TikTok may have the campaign {CAMPAIGN!r}. It does not have "
    )
    assert is_made(effect)


def test_miss_a_part_that_was_made_makes_no_other(tiktok: Any) -> None:
    account = account_with_two_posts()
    taken = taken_work(approved(account))
    EFFECTS["create_campaign"].perform(taken)
    effect = Effect.objects.get(account=account)
    deed = create_campaign.CreateCampaign(CampaignCreation)
    wanted = CampaignCreation.model_validate_json(bytes(effect.decision.payload))
    under = Acting(work=taken, effect=effect, payload=b"", wanted=wanted)
    found = deed.find(under)
    assert found is not None
    plant([ads_object(Kind.AD, account.handle, another_ad(found.evidence["adgroup"]), at=BEGAN)])
    assert deed.find(under) == found  # whose ad that is does not matter
    rows = SandboxRecord.objects.filter(owner=account.handle)
    for kind in (Kind.AD, Kind.ADGROUP, Kind.CAMPAIGN):
        rows.filter(kind=kind).delete()
        assert deed.find(under) is None
        assert not deed.is_undone(under)  # every part was answered: none is made a second time


def another_ad(group_id: str) -> dict[str, Any]:
    """Return an ad of another post, as somebody made it in TikTok Ads Manager."""
    return {
        "adgroup_id": group_id,
        "ad_name": "By hand",
        "tiktok_item_id": "1",
        "operation_status": "DISABLE",
    }


def facts_of(run: WorkflowRun) -> dict[str, Any]:
    """Return what is kept of TikTok's side of the run's effect."""
    return dict(effect_of(run).creator or {})


def days_pass(run: WorkflowRun) -> None:
    """Let the effect have been looked at, and its start be chosen, long before, the start before the look."""
    effect = effect_of(run)
    long_ago = {"starts_at": "2026-01-01 00:00:00", "looked_at": "2026-01-01 00:00:01"}
    Effect.objects.filter(id=effect.id).update(creator=facts_of(run) | long_ago)


def starts_of(run: WorkflowRun) -> list[str]:
    """Return when TikTok's ad groups of the account start."""
    return [one["schedule_start_time"] for one in made_of_campaigns(run.account.handle)["adgroup"]]


def test_ad_group_that_was_not_asked_for_starts_when_it_is(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(adgroup_create={"rate_limited": 1})
    run = work(approved())
    days_pass(run)
    run = until_over(run)
    facts = facts_of(run)
    assert (run.status, starts_of(run)) == ("succeeded", [facts["starts_at"]])
    assert facts["starts_at"] == facts["looked_at"] > "2026-01-01 00:00:00"


@pytest.mark.parametrize("given", [{}, {"starts_at": "2027-01-01T09:00:00+01:00"}])
def test_ad_group_that_was_asked_for_keeps_its_start_though_it_is_past(
    given: dict[str, Any], tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(ad_create={"rate_limited": 1})
    run = work(approved(**given))
    days_pass(run)
    run = until_over(run)
    assert run.status == "succeeded"
    assert facts_of(run)["starts_at"] == "2026-01-01 00:00:00"


def test_start_that_passes_before_the_ad_group_is_asked_for_is_refused() -> None:
    given = TRIALS["create_campaign"].given | {"starts_at": "2026-11-01T09:00:00+02:00"}
    facts = {
        "currency": "USD",
        "as_made": CampaignCreation.model_validate(WHERE | given).as_made,
        "starts_at": "2026-11-01 07:00:00",
        "looked_at": "2026-11-01 07:00:01",
        "parts": [
            asdict(Part("campaign", "the campaign", asked=True)),
            asdict(Part("adgroup", "its ad group")),
        ],
    }
    with pytest.raises(EffectRefused, match="which is past: start it again with a later moment"):
        check(CampaignCreation, given, facts)


def test_ad_group_that_never_comes_is_asked_for_so_often_after_the_campaign_came(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(adgroup_create={"reset_before": 99})
    run = work(approved())
    for _ in range(6 * acting.MOST_SENDS):
        with triggers_off("agents_breaker"):
            sql("DELETE FROM agents_breaker")
        run = time_passes(run)
    assert (effect_of(run).status, there(run)) == ("unknown", (1, 0, []))
    # The first beginning brought the campaign.
    assert effect_of(run).claims == asked_for("adgroup_create") == acting.MOST_SENDS + 1
    assert post_step(run).error.startswith(
        "It was sent 5 times without coming further. TikTok has the campaign "
    )
    assert "It may have its ad group" in post_step(run).error


def test_beginnings_at_which_nothing_left_do_not_count(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(adgroup_create={"rate_limited": 2})
    run = time_passes(work(approved()))
    effect = effect_of(run)
    assert (effect.status, effect.claims, facts_of(run)["not_counted"]) == ("prepared", 2, 2)


def made_at_the_same_moment(run: WorkflowRun, kept: str) -> None:
    """Plant the campaign of a run that looked before there was one of the name; its id is `kept` there."""
    effect = ledger.effect_of(taken_work(run), kind="create_campaign")
    data = {"campaign_name": CAMPAIGN, "operation_status": "DISABLE"}
    made = ads_object(Kind.CAMPAIGN, run.account.handle, data, at=BEGAN)
    plant([made])
    part = Part("campaign", "the campaign", asked=True, id=made.key)
    known = {"provider_ref": made.key} if kept == "provider_ref" else {"creator": {"parts": [asdict(part)]}}
    Effect.objects.filter(id=effect.id).update(**known)


@pytest.mark.parametrize("kept", ["provider_ref", "parts"])
def test_campaign_of_the_name_that_another_effect_made_is_not_taken_for_ones_own(
    kept: str, tiktok: Any
) -> None:
    account = account_with_two_posts()
    lost = approved(account)
    tiktok.PROVIDERS = providers(campaign_create={"reset_before": 1})
    lost = work(lost)
    [part, *_] = parts_in(effect_of(lost).creator)
    assert (effect_of(lost).status, part.asked, part.id) == ("unknown", True, "")
    other = approved(account)
    made_at_the_same_moment(other, kept)
    lost = until_over(lost)
    mine = parts_in(effect_of(lost).creator)[0].id
    assert (lost.status, mine) == ("failed", "")
    assert "another campaign has this name" in effect_of(lost).error
