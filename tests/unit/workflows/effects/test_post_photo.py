"""Posting photos: pulled from us once, found again or never sent twice, whatever becomes of TikTok's answers."""

import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox_models import SandboxPost
from tests.dying import end_of
from tests.factories.approvals import request_of
from tests.factories.photos import TITLE, WORDS, approved_photos, asked_photos, photo_asset
from tests.factories.posting import (
    creator_of,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    time_passes,
    until_it_rests,
    work,
)
from tests.factories.tiktok import let_pass
from tests.factories.workflows import expire_lease
from tests.forms import times
from tiktok_ops.content.models import PolicyFlag
from tiktok_ops.crash_points import CrashPoint, passes
from workflows.effects.addresses import (
    NoPublicAddress,
    base_of,
)
from workflows.effects.models import Effect, PullAddress
from workflows.effects.registry import EFFECTS
from workflows.keeper import sweep
from workflows.models import WorkflowRun

LOST = times(long=["timeout_after", "reset_after", "server_error_after"], short=["timeout_after"])


def live(run: WorkflowRun) -> list[str]:
    """Return the ids of what is on the account."""
    return [post.post_id for post in posts(username=run.account.handle)]


def addresses(run: WorkflowRun) -> list[str]:
    """Return how the effect's addresses are, the first attempt's first."""
    return list(PullAddress.objects.filter(effect=effect_of(run)).values_list("status", flat=True))


def inits(run: WorkflowRun) -> int:
    return len(received(operation="photo_init", username=run.account.handle))


def test_post_photos_pulls_each_once_and_is_confirmed_by_tiktok(tiktok: Any) -> None:
    run = until_it_rests(work(approved_photos(count=3)))
    effect = effect_of(run)
    [post] = posts(username=run.account.handle)
    assert (run.status, effect.status, effect.confirmed_by) == ("succeeded", "confirmed", "provider")
    assert post.caption == WORDS
    assert post.settings["disable_comment"] is True
    assert len(post.chunk_digests) == 3
    assert effect.url == f"https://www.tiktok.com/@{run.account.handle}/photo/{post.post_id}"
    assert addresses(run) == ["fetched"]
    assert moves(run) == ["prepared", "sending", "sent", "confirmed"]


def test_photos_are_the_approved_bytes_in_the_approved_order(tiktok: Any) -> None:
    run = until_it_rests(work(approved_photos(count=2, cover_index=1)))
    [post] = posts(username=run.account.handle)
    asked = request_of(run)
    assert [one.encode() in bytes(asked.payload) for one in post.chunk_digests] == [True, True]
    assert bytes(asked.payload).index(post.chunk_digests[0].encode()) < bytes(asked.payload).index(
        post.chunk_digests[1].encode()
    )
    assert post.settings["photo_cover_index"] == 1


# Lost answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST)
def test_answer_that_is_lost_before_tiktok_pulled_takes_the_address_back_and_posts_once(
    tiktok: Any, fault: str
) -> None:
    account = direct_account()
    creator_of(account, pull_seconds=3600)
    tiktok.PROVIDERS = providers(photo_init={fault: 1})
    run = work(approved_photos(account))
    assert addresses(run) == ["revoked"]
    assert effect_of(run).cleared_by == "nothing_left"
    creator_of(account, pull_seconds=0)
    time_passes(run)
    let_pass(3600)  # now TikTok pulls for the first one, too
    run = until_it_rests(run)
    assert run.status == "succeeded"
    assert addresses(run) == ["revoked", "fetched"]
    assert inits(run) == 2
    assert len(live(run)) == 1
    failed = SandboxPost.objects.filter(creator__username=account.handle, fail_reason="photo_pull_failed")
    assert failed.count() == 1


@pytest.mark.parametrize("fault", [*LOST, "malformed"])
def test_answer_that_is_lost_after_tiktok_pulled_is_found_by_its_words_and_never_sent_again(
    tiktok: Any, fault: str
) -> None:
    tiktok.PROVIDERS = providers(photo_init={fault: 1})
    run = until_it_rests(work(approved_photos()))
    effect = effect_of(run)
    assert (run.status, effect.confirmed_by) == ("succeeded", "provider")
    assert [effect.post_id] == live(run)
    assert effect.evidence["found_by"].startswith("its words")
    assert inits(run) == 1


@pytest.mark.parametrize(
    "changes",
    times(
        long=[{"title": "", "description": "", "caption": ""}, {"privacy_level": "SELF_ONLY"}],
        short=[{"title": "", "description": "", "caption": ""}],
    ),
)
def test_answer_that_is_lost_of_what_cannot_be_found_waits_for_a_person(
    tiktok: Any, changes: dict[str, Any]
) -> None:
    tiktok.PROVIDERS = providers(photo_init={"timeout_after": 1})
    run = work(approved_photos(**changes))
    for _ in range(4):
        time_passes(run)
    assert effect_of(run).status == "unknown"
    assert "they are not sent again" in post_step(run).error
    assert (inits(run), len(live(run))) == (1, 1)


def test_two_posts_of_the_same_words_are_for_a_person_to_tell_apart(tiktok: Any) -> None:
    account = direct_account()
    tiktok.PROVIDERS = providers(photo_init={"timeout_after": (1, 2)}, moderation_seconds=60)
    first, second = work(approved_photos(account)), work(approved_photos(account))
    let_pass(60)
    for run in (first, second):
        time_passes(run)
        assert effect_of(run).status == "unknown"
    assert (inits(first), len(live(first))) == (2, 2)


def test_post_found_for_one_effect_is_never_another_ones(tiktok: Any) -> None:
    account = direct_account()
    until_it_rests(work(approved_photos(account)))
    tiktok.PROVIDERS = providers(photo_init={"timeout_after": (2,)})
    second = until_it_rests(work(approved_photos(account)))
    assert second.status == "succeeded"
    assert len(set(Effect.objects.filter(account=account).values_list("post_id", flat=True))) == 2


def test_account_that_cannot_be_looked_at_lets_the_post_wait(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(photo_init={"timeout_after": 1}, video_list={"server_error_before": 1})
    run = work(approved_photos())
    assert effect_of(run).status == "unknown"
    assert until_it_rests(run).status == "succeeded"


def test_call_that_never_left_is_made_again_under_a_new_address(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(photo_init={"unreachable": 1})
    run = until_it_rests(work(approved_photos()))
    assert run.status == "succeeded"
    assert addresses(run) == ["revoked", "fetched"]
    assert len(live(run)) == 1


# TikTok's word ---------------------------------------------------------------------------------------


def test_pull_that_failed_for_good_is_begun_again(tiktok: Any) -> None:
    account = direct_account()
    creator_of(account, pull_seconds=3600)
    run = work(approved_photos(account))
    address = PullAddress.objects.get(effect=effect_of(run))
    PullAddress.objects.filter(id=address.id).update(status="revoked")
    creator_of(account, pull_seconds=0)
    let_pass(3600)
    run = until_it_rests(run)
    assert run.status == "succeeded"
    assert addresses(run) == ["revoked", "fetched"]
    assert len(live(run)) == 1


def test_failure_that_may_not_be_tried_again_ends_it(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(fail_reason="spam_risk")
    run = until_it_rests(work(approved_photos()))
    assert run.status == "failed"
    assert effect_of(run).error == "TikTok did not publish it: spam_risk."
    assert PolicyFlag.objects.get(account=run.account).about == effect_of(run).provider_ref


def test_domain_that_is_not_verified_ends_it_with_what_to_do(tiktok: Any) -> None:
    account = direct_account()
    creator_of(account, posting_refusal="")
    tiktok.PUBLIC_URL = "ftp://ops.example"
    run = work(approved_photos(account))
    assert run.status == "failed"
    assert "verify the address's domain in TikTok's developer portal" in effect_of(run).error


def test_post_that_is_out_stays_so_while_its_link_is_pending(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(moderation_seconds=60)
    run = work(approved_photos())
    time_passes(run)
    assert effect_of(run).status == "confirmed"
    SandboxPost.objects.update(cancelled_at="2026-01-01T00:00:00Z")
    time_passes(run)
    assert effect_of(run).status == "confirmed"
    assert "TikTok now says FAILED" in post_step(run).error


def test_post_still_being_pulled_is_asked_about_again(tiktok: Any) -> None:
    account = direct_account()
    creator_of(account, pull_seconds=60)
    run = work(approved_photos(account))
    time_passes(run)
    assert effect_of(run).status == "sent"
    let_pass(60)
    sweep()  # the keeper is TikTok's clock
    assert len(live(run)) == 1
    assert until_it_rests(run).status == "succeeded"


# Before ----------------------------------------------------------------------------------------------


def test_photo_that_was_changed_on_disk_is_not_posted(tiktok: Any) -> None:
    account = direct_account()
    photo = photo_asset(account, "changed")
    run = approved_photos(account, photos=[{"asset": str(photo.id), "sha256": photo.sha256}])
    Path(photo.file.path).write_bytes(b"something else")
    work(run)
    assert "was changed after it was kept" in effect_of(run).error
    assert live(run) == []


def test_photo_changed_after_leave_was_given_is_not_given_out(tiktok: Any) -> None:
    account = direct_account()
    photo = photo_asset(account, "changed later")
    creator_of(account, pull_seconds=60)
    run = work(approved_photos(account, photos=[{"asset": str(photo.id), "sha256": photo.sha256}]))
    Path(photo.file.path).write_bytes(b"something else")
    let_pass(60)
    time_passes(run)
    assert live(run) == []


@pytest.mark.parametrize("level", ["comment_disabled", "privacy_level_options"])
def test_settings_tiktok_does_not_take_any_more_are_asked_anew_or_refused(tiktok: Any, level: str) -> None:
    account = direct_account()
    run = approved_photos(account, allow_comment=True)
    creator_of(account, **{level: True if level == "comment_disabled" else ["SELF_ONLY"]})
    work(run)
    expected = "held" if level == "comment_disabled" else "failed"
    assert effect_of(run).status == expected
    assert live(run) == []


def test_right_to_use_a_photo_that_ended_stops_it(tiktok: Any) -> None:
    account = direct_account()
    photo = photo_asset(account, "ended")
    run = approved_photos(account, photos=[{"asset": str(photo.id), "sha256": photo.sha256}])
    type(photo).objects.filter(id=photo.id).update(rights_expire_at="2026-01-01T00:00:00Z")
    work(run)
    assert "The right to use the photo ended on 2026-01-01" in effect_of(run).error


def test_photo_the_workspace_lost_ends_it(tiktok: Any) -> None:
    account = direct_account()
    run = approved_photos(account)
    foreign = direct_account()
    type(photo_asset(account)).objects.filter(workspace=account.workspace).update(workspace=foreign.workspace)
    work(run)
    assert "The workspace has not all of these photos" in effect_of(run).error


def test_live_post_without_a_public_address_says_what_to_set(tiktok: Any) -> None:
    with pytest.raises(NoPublicAddress, match="PUBLIC_URL is empty: set it"):
        base_of("live")
    tiktok.PUBLIC_URL = "https://ops.example"
    assert base_of("live") == base_of("sandbox") == "https://ops.example"


def test_hand_photos_to_a_person_waits_with_all_of_them(tiktok: Any) -> None:
    run = work(approved_photos(direct_account(delivery="by_hand")))
    assert effect_of(run).status == "handed_over"
    assert "the photos, the words and the settings" in post_step(run).error
    assert inits(run) == 0


# Deaths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    [
        CrashPoint.BEFORE_SENDING,
        CrashPoint.IN_SENDING,
        CrashPoint.AFTER_OFFER,
        CrashPoint.AFTER_INIT,
        CrashPoint.BEFORE_CONFIRMED,
    ],
)
def test_death_at_each_moment_posts_exactly_once(tiktok: Any, point: CrashPoint) -> None:
    for _ in range(times(long=20, short=1)):
        run = approved_photos()
        step = post_step(run)
        tiktok.CRASH_AT = {point.value: 1}
        ends = []
        while (end := end_of(partial(to_its_end, run))) == -signal.SIGKILL:
            ends.append(end)
            expire_lease(post_step(run))
        tiktok.CRASH_AT = {}
        assert ends == [-signal.SIGKILL], f"{point} was not passed"
        run = until_it_rests(work(run))
        for file in passes(point, step.id):
            file.unlink()
        assert run.status == "succeeded", post_step(run).error
        assert len(live(run)) == 1
        assert [effect_of(run).post_id] == live(run)


def to_its_end(run: WorkflowRun) -> None:
    """Do all there is to do in the run."""
    until_it_rests(work(run))


def test_kind_of_effect_is_registered_as_a_post() -> None:
    assert EFFECTS["post_photo"].is_post
    assert not EFFECTS["post_photo"].leaves_by_reference


def test_ask_for_photos_shows_what_is_asked(tiktok: Any) -> None:
    asked = request_of(asked_photos(count=2))
    assert asked.kind == "post_photo"
    assert asked.title.endswith(f": {TITLE} for one corner #lamp")
