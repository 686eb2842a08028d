"""Posting while TikTok is left alone: nothing is believed of what was sent, and each post goes out once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Breaker
from agents.providers.tiktok.wire import Wire
from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.breakers import let_cool_down, open_breaker
from tests.factories.posting import (
    approved_post,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    time_passes,
    until_it_rests,
    video_asset,
    work,
)
from tests.factories.tiktok import video_of
from workflows.models import WorkflowRun

CHUNK_BYTES = 5_242_880


def check_posted_once(run: WorkflowRun) -> None:
    """Check that the post is out, once."""
    assert (run.status, effect_of(run).status) == ("succeeded", "confirmed")
    [post] = tiktok_ledger.posts()
    assert post.publish_id == effect_of(run).provider_ref


@pytest.mark.parametrize("operation", ["init", "creator_info"])
def test_post_is_not_begun_while_tiktok_is_left_alone(tiktok: Any, operation: str) -> None:
    run = approved_post()
    open_breaker(operation, alias="tiktok")
    for _ in range(3):
        time_passes(run)
    effect, step = effect_of(run), post_step(run)
    assert (effect.status, effect.claims, moves(run)) == ("prepared", 0, ["prepared"])
    assert (step.status, step.tries) == ("ready", 0)
    assert tiktok_ledger.received() == ()

    let_cool_down()

    check_posted_once(until_it_rests(run))


def test_announcing_that_is_shut_once_a_post_began_is_taken_back_as_nothing_was_sent(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_post()
    open_breaker("init", alias="tiktok")
    monkeypatch.setattr(Wire, "check_open", lambda self, operation: None)  # it opened a moment later
    work(run)
    effect = effect_of(run)
    assert (effect.status, effect.provider_ref, moves(run)) == (
        "prepared",
        "",
        ["prepared", "sending", "prepared"],
    )
    assert tiktok_ledger.received(operation="init", with_unheard=True) == ()
    assert (post_step(run).status, post_step(run).tries) == ("ready", 0)

    let_cool_down()

    check_posted_once(until_it_rests(run))


def test_announcing_that_fails_over_and_over_opens_it_and_posts_once_in_the_end(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(init={"server_error_after": 6})
    runs = [approved_post(), approved_post(), approved_post()]
    for _ in range(2):
        for run in runs:
            time_passes(run)
    let_cool_down()
    time_passes(runs[0])  # probes, in vain
    opened = Breaker.objects.get(operation="init")
    assert (opened.status, opened.reopenings) == ("open", 1)
    assert len(tiktok_ledger.received(operation="init", with_unheard=True)) == 6
    assert {effect_of(run).status for run in runs} == {"prepared"}
    assert {post_step(run).status for run in runs} == {"ready"}  # nothing is parked

    let_cool_down()
    for run in runs:
        assert until_it_rests(run).status == "succeeded"
    assert len(tiktok_ledger.posts()) == 3


def test_upload_shut_between_two_chunks_is_unknown_and_goes_on_where_tiktok_is(tiktok: Any) -> None:
    tiktok.TIKTOK_CHUNK_BYTES = CHUNK_BYTES
    account = direct_account()
    run = approved_post(account, asset=video_asset(account, video_of(11_000_000)))
    tiktok.PROVIDERS = providers(upload={"reset_before": [2]})
    Breaker.objects.create(alias="tiktok", operation="upload", failures=4, failed_at=timezone.now())

    work(run)

    # The first chunk was taken, so the row of failures was over; the second one began another.
    assert Breaker.objects.get(operation="upload").failures == 1
    assert effect_of(run).status == "unknown"
    Breaker.objects.all().delete()
    open_breaker("upload", alias="tiktok")
    time_passes(run)
    assert effect_of(run).status == "unknown"
    assert "left alone" in effect_of(run).error
    assert len(tiktok_ledger.received(operation="upload")) == 1

    let_cool_down()

    check_posted_once(until_it_rests(run))
    sent = [one.bytes_received for one in tiktok_ledger.received(operation="upload")]
    assert sent == [CHUNK_BYTES, 11_000_000 - CHUNK_BYTES]


def test_status_that_is_shut_leaves_a_sent_post_sent_until_it_can_be_asked(tiktok: Any) -> None:
    run = work(approved_post())
    assert effect_of(run).status == "sent"
    open_breaker("status", alias="tiktok", retry_at=timezone.now() + timedelta(minutes=10))
    time_passes(run)
    assert effect_of(run).status == "sent"
    assert "TikTok could not be asked what became of it" in post_step(run).error
    let_cool_down()
    check_posted_once(until_it_rests(run))
