"""What changed about the account, its rights or its video between the approval and the post."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.approvals import request_of
from tests.factories.posting import (
    approved_post,
    asked_post,
    creator_of,
    decide,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    until_it_rests,
    video_asset,
    work,
)
from tests.factories.workflows import expire_lease
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Asset
from workflows.effects.registry import EFFECTS
from workflows.models import WorkflowRun


def change(run: WorkflowRun, **fields: Any) -> None:
    """Change the run's account, as its page does."""
    TikTokAccount.objects.filter(id=run.account_id).update(**fields)


def asset_of(run: WorkflowRun) -> Asset:
    """Return the video the run posts."""
    asset: Asset = Asset.objects.get(id=run.input["asset"])
    return asset


def check_asked_again(run: WorkflowRun, sentence: str) -> dict[str, Any]:
    """Check that nothing went out and that a person is asked, with the difference; return what they are asked."""
    effect, request = effect_of(run), request_of(run)
    assert tiktok_ledger.posts() == ()
    assert (effect.status, request.version, request.status) == ("held", 2, "open")
    assert request.facts["why_again"] == effect.error == sentence
    before = request.supersedes
    assert before is not None
    assert before.status == "superseded"
    payload: dict[str, Any] = json.loads(bytes(request.payload))
    return payload


def check_ended(run: WorkflowRun, part: str) -> None:
    """Check that nothing went out and that the run says why."""
    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status, post_step(run).status) == ("failed", "failed", "failed")
    assert part in effect_of(run).error
    assert post_step(run).error == effect_of(run).error


def test_post_of_an_account_renamed_meanwhile_is_asked_anew_and_posted_under_the_new_name(
    tiktok: Any,
) -> None:
    run = approved_post()
    old = run.account.handle
    change(run, handle="renamed")

    payload = check_asked_again(
        work(run), f"Since it was approved, this changed: handle was {old!r} and is 'renamed'."
    )
    assert payload["handle"] == "renamed"
    decide(run)
    until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    assert post.username == "renamed"


def test_post_now_delivered_by_hand_is_asked_anew_and_handed_over(tiktok: Any) -> None:
    run = approved_post()
    change(run, delivery="by_hand")

    payload = check_asked_again(
        work(run), "Since it was approved, this changed: delivery was 'direct' and is 'by_hand'."
    )
    assert payload["delivery"] == "by_hand"
    # What TikTok allowed a minute ago does not concern somebody who posts by hand.
    sql("UPDATE workflows_effect SET creator = creator || '{\"max_duration_seconds\": 1}'")
    decide(run)
    run = work(run)

    effect = effect_of(run)
    assert (effect.status, effect.delivery, tiktok_ledger.posts()) == ("handed_over", "by_hand", ())
    assert (post_step(run).status, post_step(run).wake_at) == ("waiting", None)


def test_post_now_delivered_by_us_is_asked_anew_and_sent(tiktok: Any) -> None:
    run = approved_post(direct_account(delivery="by_hand"))
    change(run, delivery="direct")
    check_asked_again(
        work(run), "Since it was approved, this changed: delivery was 'by_hand' and is 'direct'."
    )

    decide(run)

    assert until_it_rests(work(run)).status == "succeeded"
    assert moves(run) == ["prepared", "held", "prepared", "sending", "sent", "confirmed"]
    assert len(tiktok_ledger.posts()) == 1


@pytest.mark.parametrize("name", ["comment", "duet", "stitch"])
def test_setting_the_creator_switched_off_is_asked_anew_without_it(tiktok: Any, name: str) -> None:
    run = approved_post(allow_comment=True, allow_duet=True, allow_stitch=True)
    creator_of(run.account, **{f"{name}_disabled": True})

    payload = check_asked_again(
        work(run), f"Since it was approved, this changed: allow_{name} was True and is False."
    )
    assert payload[f"allow_{name}"] is False
    decide(run)
    until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    settings = {key: post.settings[f"disable_{key}"] for key in ("comment", "duet", "stitch")}
    assert settings == {"comment": False, "duet": False, "stitch": False} | {name: True}


def test_setting_switched_off_that_was_never_on_changes_nothing(tiktok: Any) -> None:
    run = approved_post()
    creator_of(run.account, comment_disabled=True, duet_disabled=True, stitch_disabled=True)

    assert until_it_rests(work(run)).status == "succeeded"


def test_every_setting_reaches_tiktok_as_approved(tiktok: Any) -> None:
    creator = direct_account()
    creator_of(creator, privacy_level_options=["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS"])
    run = approved_post(
        creator,
        privacy_level="MUTUAL_FOLLOW_FRIENDS",
        allow_comment=True,
        allow_stitch=True,
        is_brand_organic=True,
        is_branded_content=True,
        is_ai_generated=True,
    )

    until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    assert post.settings | {"title": ""} == {
        "title": "",
        "privacy_level": "MUTUAL_FOLLOW_FRIENDS",
        "disable_comment": False,
        "disable_duet": True,
        "disable_stitch": False,
        "brand_content_toggle": True,
        "brand_organic_toggle": True,
        "is_aigc": True,
        "video_cover_timestamp_ms": 0,
    }


def test_privacy_level_tiktok_no_longer_offers_ends_the_post(tiktok: Any) -> None:
    run = approved_post()
    creator_of(run.account, privacy_level_options=["SELF_ONLY"])

    check_ended(
        work(run),
        f"TikTok now offers @{run.account.handle} SELF_ONLY: start the post again with one of these.",
    )


def test_video_longer_than_tiktok_takes_now_ends_the_post(tiktok: Any) -> None:
    run = approved_post()
    creator_of(run.account, max_duration_seconds=5)

    check_ended(work(run), "The video is 6 seconds long, and TikTok takes 5 seconds")


@pytest.mark.parametrize(
    "code", ["spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "reached_active_user_cap"]
)
def test_creator_who_may_not_post_now_ends_the_post_with_tiktoks_word(tiktok: Any, code: str) -> None:
    run = approved_post()
    creator_of(run.account, posting_refusal=code)

    check_ended(work(run), f"TikTok refused ({code}")


def test_unaudited_app_that_posts_publicly_ends_the_post(tiktok: Any) -> None:
    run = approved_post()
    creator_of(run.account, posting_refusal="unaudited_client_can_only_post_to_private_accounts")

    check_ended(work(run), "have TikTok audit the app")
    assert moves(run) == ["prepared", "sending", "prepared", "failed"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ownership": "third_party"}, "belongs to somebody else: nothing is posted there"),
        ({"mode": "live"}, "was switched from 'sandbox' to 'live' after this was approved"),
        ({"delivery": "inbox"}, "inbox, which is not possible yet"),
    ],
)
def test_account_nothing_may_be_posted_on_any_more_ends_the_post(
    tiktok: Any, fields: dict[str, str], sentence: str
) -> None:
    run = approved_post()
    change(run, **fields)

    check_ended(work(run), sentence)


@pytest.mark.parametrize("delivery", ["direct", "by_hand"])
def test_right_to_the_video_that_ended_meanwhile_ends_the_post(tiktok: Any, delivery: str) -> None:
    run = approved_post(direct_account(delivery=delivery))
    Asset.objects.filter(id=asset_of(run).id).update(rights_expire_at=timezone.now() - timedelta(minutes=1))

    check_ended(work(run), "The right to use the video ended on ")


def test_right_to_the_video_that_ends_later_is_enough(tiktok: Any) -> None:
    run = approved_post()
    Asset.objects.filter(id=asset_of(run).id).update(rights_expire_at=timezone.now() + timedelta(minutes=1))

    assert until_it_rests(work(run)).status == "succeeded"


def test_file_changed_on_disk_ends_the_post(tiktok: Any) -> None:
    run = approved_post()
    Path(asset_of(run).file.path).write_bytes(b"another video")

    check_ended(work(run), "was changed after it was kept")
    assert tiktok_ledger.received() == ()


def test_file_gone_from_disk_ends_the_post(tiktok: Any) -> None:
    run = approved_post()
    Path(asset_of(run).file.path).unlink()

    check_ended(work(run), "is not there any more; upload it again.")


def test_asset_and_file_exchanged_together_end_the_post(tiktok: Any) -> None:
    run = approved_post()
    other = video_asset(run.account, b"another video")
    asset = asset_of(run)
    with triggers_off("content_asset"):
        sql("UPDATE content_asset SET sha256 = %s WHERE id = %s", "f" * 64, other.id)
        sql(
            "UPDATE content_asset SET file = %s, sha256 = %s, bytes = %s WHERE id = %s",
            *(other.file.name, other.sha256, other.bytes, asset.id),
        )

    check_ended(work(run), f"should be {run.input['asset_sha256'][:12]!r}; start the post again.")


@pytest.mark.parametrize("size", [-1, 1])
def test_size_of_the_asset_changed_sends_nothing_that_goes_live(tiktok: Any, size: int) -> None:
    run = approved_post()
    with triggers_off("content_asset"):
        sql("UPDATE content_asset SET bytes = bytes + %s WHERE id = %s", size, asset_of(run).id)

    work(run)

    assert tiktok_ledger.posts() == ()
    assert effect_of(run).status in {"failed", "unknown"}


def test_video_given_to_another_workspace_meanwhile_is_not_posted(tiktok: Any) -> None:
    run = approved_post()
    elsewhere = direct_account().workspace_id
    with triggers_off("content_asset"):
        sql("UPDATE content_asset SET workspace_id = %s WHERE id = %s", elsewhere, asset_of(run).id)

    check_ended(work(run), "The workspace has no such video")


def test_video_removed_meanwhile_is_not_posted(tiktok: Any) -> None:
    run = approved_post()
    asset_of(run).delete()

    check_ended(work(run), "The workspace has no such video")


def test_account_switched_after_leave_was_given_is_still_the_one_approved(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(upload={"unreachable": 1})
    run = approved_post()
    handle = run.account.handle
    EFFECTS["post_video"].perform(taken_work(run))
    change(run, handle="renamed_late")
    expire_lease(post_step(run))

    run = until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    assert post.username == handle
    assert f"/@{handle}/video/" in effect_of(run).url


def test_delivery_to_the_inbox_cannot_even_be_asked_for(tiktok: Any) -> None:
    run = asked_post(direct_account(delivery="inbox"))

    assert run.status == "failed"
    assert "delivery is 'inbox', which does not do" in run.steps.get(key="gate").error


def test_post_begun_again_is_checked_again(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(fail_reason="internal")
    run = time_passes(work(approved_post()))
    assert effect_of(run).status == "prepared"
    change(run, delivery="by_hand")

    run = time_passes(run)

    assert effect_of(run).status == "held"
    assert [one.status for one in (request_of(run).supersedes, request_of(run)) if one] == [
        "released",
        "open",
    ]
