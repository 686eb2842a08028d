"""A video in two chunks: what TikTok has is not sent twice, and the last chunk only goes if all of it was approved."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox_models import SandboxPost
from tests.factories.posting import (
    approved_post,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    sql,
    take_over,
    taken_work,
    time_passes,
    until_it_rests,
    video_asset,
    watched,
    work,
)
from tests.factories.tiktok import let_pass, video_of
from tests.factories.workflows import expire_lease
from tiktok_ops.content.models import Asset
from workflows.effects import ledger, sending
from workflows.effects.next_look import OVERDUE
from workflows.effects.registry import EFFECTS
from workflows.models import WorkflowRun
from workflows.outcomes import LeaseLost, Waits

CHUNK_BYTES = 5_242_880
BIG = video_of(11_000_000)


@pytest.fixture
def big(tiktok: Any) -> WorkflowRun:
    """Return an approved post of a video that goes in two chunks."""
    tiktok.TIKTOK_CHUNK_BYTES = CHUNK_BYTES
    account = direct_account()
    return approved_post(account, asset=video_asset(account, BIG))


def check_whole_once(run: WorkflowRun) -> None:
    """Check that TikTok has the very video, once, in two chunks."""
    [post] = tiktok_ledger.posts()
    assert (post.video_size_bytes, len(post.chunk_digests)) == (len(BIG), 2)
    sent = [
        one.bytes_received for one in tiktok_ledger.received(operation="upload") if one.outcome[:2] == "20"
    ]
    assert sent == [CHUNK_BYTES, len(BIG) - CHUNK_BYTES]
    assert (run.status, effect_of(run).status, effect_of(run).upload_secret) == (
        "succeeded",
        "confirmed",
        None,
    )


def file_of(run: WorkflowRun) -> Path:
    """Return where the video lies."""
    return Path(Asset.objects.get(id=run.input["asset"]).file.path)


def test_send_of_a_big_video_goes_in_chunks_and_is_one_post(big: WorkflowRun) -> None:
    check_whole_once(until_it_rests(work(big)))
    assert moves(big) == ["prepared", "sending", "sent", "confirmed"]


@pytest.mark.parametrize("chunk", [1, 2])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "timeout_after", "malformed"])
def test_send_broken_at_a_chunk_goes_on_from_what_tiktok_has(
    tiktok: Any, big: WorkflowRun, fault: str, chunk: int
) -> None:
    tiktok.PROVIDERS = providers(upload={fault: [chunk]})

    check_whole_once(until_it_rests(work(big)))

    assert effect_of(big).claims == 1
    assert SandboxPost.objects.count() == 1


def test_send_whose_chunk_size_was_changed_meanwhile_keeps_the_one_announced(
    tiktok: Any, big: WorkflowRun
) -> None:
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    work(big)
    tiktok.TIKTOK_CHUNK_BYTES = 64_000_000

    check_whole_once(until_it_rests(big))


def test_worker_that_died_between_two_chunks_is_followed_by_one_that_sends_the_rest(
    tiktok: Any, big: WorkflowRun
) -> None:
    taken = taken_work(big)
    tiktok.PROVIDERS = watched("after", "upload", lambda: take_over(big))
    with pytest.raises(LeaseLost):
        EFFECTS["post_video"].perform(taken)
    assert (effect_of(big).status, tiktok_ledger.posts()) == ("sending", ())

    expire_lease(post_step(big))

    check_whole_once(until_it_rests(work(big)))
    assert moves(big) == ["prepared", "sending", "unknown", "sending", "sent", "confirmed"]


def test_worker_held_up_between_hold_and_chunk_adds_nothing_to_what_another_sent(
    tiktok: Any, big: WorkflowRun
) -> None:
    taken = taken_work(big)

    def another_does_it_all() -> None:
        expire_lease(post_step(big))
        until_it_rests(work(big))

    tiktok.PROVIDERS = watched("before", "upload", another_does_it_all)
    with pytest.raises(LeaseLost):
        EFFECTS["post_video"].perform(taken)

    big.refresh_from_db()
    check_whole_once(big)


def test_file_changed_between_two_chunks_never_gets_its_last_one(tiktok: Any, big: WorkflowRun) -> None:
    path = file_of(big)

    def change_the_end() -> None:
        with path.open("r+b") as file:
            file.seek(len(BIG) - 10)
            file.write(b"0123456789")

    tiktok.PROVIDERS = watched("after", "upload", change_the_end)
    run = until_it_rests(work(big))

    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert effect_of(run).error.endswith("was changed while it was being sent; upload it again.")


def test_file_changed_before_the_rest_is_sent_ends_the_post(tiktok: Any, big: WorkflowRun) -> None:
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    work(big)
    file_of(big).write_bytes(b"another video")

    run = time_passes(big)

    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert "was changed after it was kept" in effect_of(run).error


def test_file_shortened_while_it_is_sent_stops_the_upload(tiktok: Any, big: WorkflowRun) -> None:
    path = file_of(big)
    tiktok.PROVIDERS = watched("after", "upload", lambda: path.write_bytes(BIG[: CHUNK_BYTES + 5]))

    work(big)

    assert tiktok_ledger.posts() == ()
    assert effect_of(big).status == "failed"


def test_upload_that_takes_longer_than_a_turn_goes_on_in_the_next(
    tiktok: Any, big: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "UPLOAD_TIMEOUT_SECONDS", 281.0)  # so that a turn is over before it began
    taken = taken_work(big)

    outcome = EFFECTS["post_video"].perform(taken)

    assert isinstance(outcome, Waits)
    assert (outcome.seconds, effect_of(big).status) == (0, "unknown")
    assert outcome.why.startswith(
        "The upload takes longer than one turn of a worker; it goes on where it is."
    )
    expire_lease(post_step(big))
    check_whole_once(until_it_rests(work(big)))


def test_upload_address_that_ran_out_is_proof_and_it_is_begun_again(tiktok: Any, big: WorkflowRun) -> None:
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    work(big)
    first = effect_of(big).provider_ref
    let_pass(3601)

    run = until_it_rests(big)

    [post] = tiktok_ledger.posts()
    assert post.publish_id != first
    assert (run.status, effect_of(run).claims) == ("succeeded", 2)
    assert moves(run)[3:5] == ["prepared", "sending"]


def test_upload_address_that_cannot_be_opened_is_waited_out_and_begun_again(
    tiktok: Any, big: WorkflowRun
) -> None:
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    work(big)
    tiktok.VAULT_KEYS = (("newer", "n" * 40),)
    run = time_passes(big)
    assert effect_of(run).status == "unknown"
    assert "is not configured: add it to VAULT_KEYS" in effect_of(run).error
    let_pass(3601)

    run = until_it_rests(run)

    assert (run.status, len(tiktok_ledger.posts())) == ("succeeded", 1)


def test_upload_address_is_not_readable_in_the_database_and_gone_when_it_is_sent(
    tiktok: Any, big: WorkflowRun
) -> None:
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    work(big)
    effect = effect_of(big)
    address = ledger.upload_url_of(effect)
    assert address.startswith("https://")
    assert address.encode() not in bytes(effect.upload_secret or b"")
    told = str(list(big.events.values())) + effect.error
    assert "upload_token" not in told

    until_it_rests(big)

    assert effect_of(big).upload_secret is None


def test_last_chunk_tiktok_does_not_call_the_last_leaves_it_unknown_and_looks(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_post()
    monkeypatch.setattr(PostingWriter, "upload_chunk", lambda self, **given: False)
    work(run)
    assert effect_of(run).error == "TikTok took every byte and did not say that this was all."
    monkeypatch.undo()

    assert until_it_rests(run).status == "succeeded"
    assert moves(run) == ["prepared", "sending", "unknown", "sending", "sent", "confirmed"]
    assert len(tiktok_ledger.posts()) == 1


def test_publish_id_tiktok_does_not_know_stays_sent_until_a_day_has_passed(tiktok: Any) -> None:
    run = work(approved_post())
    sql("UPDATE workflows_effect SET provider_ref = 'v_pub_file~lost' WHERE step_id = %s", post_step(run).id)
    run = time_passes(run)
    assert effect_of(run).status == "sent"
    assert "TikTok knows no post under this id" in post_step(run).error

    age = timezone.now() - OVERDUE - timedelta(minutes=1)
    sql("UPDATE workflows_effect SET status_since = %s WHERE step_id = %s", age, post_step(run).id)
    run = time_passes(run)

    assert effect_of(run).status == "unknown"
    assert effect_of(run).error == "TikTok has said nothing final within 24 hours; look in the app."
    assert len(tiktok_ledger.received(operation="init")) == 1


def test_post_tiktok_works_on_for_a_day_is_called_unknown_and_confirmed_when_it_is_out(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(publish_seconds=3 * 86_400)
    run = work(approved_post())
    age = timezone.now() - OVERDUE
    sql("UPDATE workflows_effect SET status_since = %s WHERE step_id = %s", age, post_step(run).id)
    assert effect_of(time_passes(run)).status == "unknown"
    assert effect_of(time_passes(run)).status == "unknown"

    let_pass(3 * 86_400)

    assert until_it_rests(run).status == "succeeded"
    assert moves(run) == ["prepared", "sending", "sent", "unknown", "confirmed"]


def test_link_of_a_public_post_is_awaited_for_five_minutes(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(moderation_seconds=3600)
    run = time_passes(work(approved_post()))
    assert (effect_of(run).status, effect_of(run).url, run.status) == ("confirmed", "", "waiting")
    assert post_step(run).error == "It is published; TikTok names its link once moderation is through."

    age = timezone.now() - timedelta(minutes=6)
    sql("UPDATE workflows_effect SET status_since = %s WHERE step_id = %s", age, post_step(run).id)
    run = time_passes(run)

    assert (run.status, post_step(run).status) == ("succeeded", "succeeded")
    assert (post_step(run).output or {})["url"] == ""


def test_link_that_becomes_known_later_is_kept(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(moderation_seconds=200)
    run = time_passes(work(approved_post()))
    let_pass(200)

    run = until_it_rests(run)

    [post] = tiktok_ledger.posts()
    assert effect_of(run).url == f"https://www.tiktok.com/@{run.account.handle}/video/{post.post_id}"
    assert (post_step(run).output or {})["post_id"] == post.post_id


def test_private_post_has_no_link_to_wait_for(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post(privacy_level="SELF_ONLY")))

    assert (run.status, effect_of(run).url, effect_of(run).looks) == ("succeeded", "", 0)


@pytest.mark.parametrize("word", ["FAILED", "PROCESSING_UPLOAD", "nothing"])
def test_post_that_was_out_stays_confirmed_whatever_tiktok_says_later(tiktok: Any, word: str) -> None:
    tiktok.PROVIDERS = providers(
        moderation_seconds=3600, status={"unreachable": [2] if word == "nothing" else 0}
    )
    run = time_passes(work(approved_post()))
    later = {
        "FAILED": "cancelled_at = clock_timestamp()",
        "PROCESSING_UPLOAD": "published_at = clock_timestamp() + interval '1 hour'",
        "nothing": "fail_reason = ''",
    }
    sql(f"UPDATE agents_sandboxpost SET {later[word]}")

    run = time_passes(run)

    assert (effect_of(run).status, post_step(run).status) == ("confirmed", "waiting")
    age = timezone.now() - timedelta(minutes=6)
    sql("UPDATE workflows_effect SET status_since = %s WHERE step_id = %s", age, post_step(run).id)
    assert time_passes(run).status == "succeeded"
