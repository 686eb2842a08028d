"""What was approved and is not live in the end becomes one alert about it; what people take back becomes none."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories.acting import account_with_world, approved_act, made_of_campaigns, scopes_without
from tests.factories.approvals import request_of
from tests.factories.posting import (
    approved_post,
    decide,
    effect_of,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    until_it_rests,
    watched,
    work,
)
from tiktok_ops.alerts.models import Alert
from workflows.control import cancel_run, retry_step
from workflows.effects.post_video import act
from workflows.keeper import sweep
from workflows.models import WorkflowRun
from workflows.protocol import finish

TAMPER = "UPDATE approvals_{} SET payload = %s WHERE {} = %s"


@pytest.fixture(autouse=True)
def no_alerts(tiktok: Any) -> None:
    """Begin with none: the module's tests share a database."""
    Alert.objects.all().delete()


def refused(settings: Any) -> WorkflowRun:
    """TikTok's moderation fails it."""
    settings.PROVIDERS = providers(fail_reason="spam_risk_text")
    return until_it_rests(work(approved_post()))


def refused_five_times(settings: Any) -> WorkflowRun:
    """TikTok fails it each time, and lets it be tried again."""
    settings.PROVIDERS = providers(fail_reason="internal")
    return until_it_rests(work(approved_post()))


def without_tries(settings: Any) -> WorkflowRun:
    """TikTok is away whenever it is asked, until the tries are used up."""
    settings.PROVIDERS = providers(creator_info={"unreachable": 9})
    return until_it_rests(work(approved_post()))


def not_permitted(settings: Any) -> WorkflowRun:
    """The account lacks the permission."""
    account = account_with_world()
    scopes_without(account, "comment.list.manage")
    return until_it_rests(work(approved_act("reply_comment", account)))


def no_post_any_more(settings: Any) -> WorkflowRun:
    """What was asked for is no post any more, and cannot be asked again."""
    run = approved_post()
    with triggers_off("approvals_approvalrequest"):
        sql(TAMPER.format("approvalrequest", "id"), b"{}", request_of(run).id)
    return work(run)


def unreadable(settings: Any) -> WorkflowRun:
    """What was approved cannot be read."""
    run = approved_post()
    with triggers_off("approvals_decision"):
        sql(TAMPER.format("decision", "request_id"), b"{}", request_of(run).id)
    return work(run)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (refused, "TikTok did not publish it: spam_risk_text."),
        (refused_five_times, "TikTok did not publish it (internal), 5 times."),
        (without_tries, "Gave up after 3 tries: "),
        (not_permitted, "ask the account's owner for that permission"),
        (no_post_any_more, "It can no longer be read as what it was: start it again."),
        (unreadable, "What was approved cannot be read as a post any more: start it again."),
    ],
)
def test_effect_that_fails_raises_one_alert_about_it(
    tiktok: Any, how: Callable[[Any], WorkflowRun], why: str
) -> None:
    run = how(tiktok)
    sweep()

    effect, alert = effect_of(run), Alert.objects.get()
    assert (run.status, effect.status) == ("failed", "failed")
    assert (alert.kind, alert.subject_id, alert.account, alert.times) == (
        "effect_failed", effect.id, effect.account, 1,
    )  # fmt: skip
    assert alert.sentence.startswith(f"This was approved and did not go out: {effect.request.title}: ")
    assert why in alert.sentence
    assert "try the step again on the run's page" in alert.what_to_do


def test_half_made_campaign_is_told_with_what_there_is_and_how_to_go_on(tiktok: Any) -> None:
    account = account_with_world()
    tiktok.PROVIDERS = watched("after", "campaign_create", lambda: scopes_without(account, "ads.manage"))
    run = work(approved_act("create_campaign", account))
    alert = Alert.objects.get()
    [campaign] = made_of_campaigns(run.account.handle)["campaign"]
    assert alert.what_to_do.startswith(
        f"TikTok has the campaign {campaign['campaign_name']!r} ({campaign['campaign_id']}). It does not have its ad "
    )
    assert "finish it, or delete it, in TikTok Ads Manager" in alert.what_to_do
    assert "give another name when it is asked for" in alert.what_to_do
    assert "Nothing of it is live" not in alert.what_to_do


def test_campaign_of_which_nothing_was_made_is_told_as_not_live(tiktok: Any) -> None:
    account = account_with_world()
    scopes_without(account, "ads.manage")
    work(approved_act("create_campaign", account))
    assert Alert.objects.get().what_to_do.startswith("Nothing of it is live.")


def test_try_again_resolves_the_alert_and_failing_again_opens_another(tiktok: Any) -> None:
    run = refused(tiktok)
    run = work(retry_step(step_id=post_step(run).id, by="ana"))
    assert Alert.objects.get().status == "resolved"
    decide(run)
    time_passes(work(run))
    assert sorted(Alert.objects.values_list("kind", "status")) == [
        ("effect_failed", "open"),
        ("effect_failed", "resolved"),
    ]


def test_reject_what_was_held_raises_none(tiktok: Any) -> None:
    run = approved_post()
    with triggers_off("approvals_decision"):
        sql("UPDATE approvals_decision SET seal = %s WHERE request_id = %s", "0" * 64, request_of(run).id)
    run = work(run)
    assert effect_of(run).status == "held"
    decide(run, "reject")
    run = until_it_rests(run)
    assert (effect_of(run).status, Alert.objects.count()) == ("failed", 0)


def test_cancel_what_was_approved_raises_none(tiktok: Any) -> None:
    run = cancel_run(run_id=approved_post().id, by="ana")
    sweep()
    assert (run.status, Alert.objects.count()) == ("cancelled", 0)


def test_cancel_while_a_worker_has_it_raises_none(tiktok: Any) -> None:
    run = approved_post()
    taken = taken_work(run)
    cancel_run(run_id=run.id, by="ana")
    outcome = act(taken)
    finish(taken.claim, outcome, go_on=False)
    sweep()
    run.refresh_from_db()
    assert (run.status, effect_of(run).status, Alert.objects.count()) == ("cancelled", "failed", 0)
