"""Posting a video, from the approved bytes to TikTok's word: the promise, then what can go wrong."""

from typing import Any

import pytest

from agents.sandbox.tiktok import ledger as tiktok
from tests.factories.posting import (
    CAPTION,
    approved_post,
    digest_of_video,
    effect_of,
    moves,
    providers,
    time_passes,
    work,
)
from workflows.models import WorkflowRun


@pytest.fixture(autouse=True)
def tiktok_at_once(committed_db: str, settings: Any) -> None:
    """Have a sandbox TikTok that publishes at once."""
    settings.PROVIDERS = providers()


def outcome(run: WorkflowRun) -> dict[str, Any]:
    """Return what the run's post step came to."""
    return run.steps.get(key="post").output or {}


def test_post_approved_video_reaches_tiktok_once_with_the_approved_bytes() -> None:
    run = time_passes(work(approved_post()))
    assert run.status == "succeeded", list(run.steps.values("key", "status", "error"))
    [post] = tiktok.posts()
    assert (post.caption, post.privacy_level) == (CAPTION, "PUBLIC_TO_EVERYONE")
    assert post.chunk_digests == (digest_of_video(),)
    effect = effect_of(run)
    assert moves(run) == ["prepared", "sending", "sent", "confirmed"]
    assert (effect.confirmed_by, effect.post_id, effect.provider_ref) == (
        "provider",
        post.post_id,
        post.publish_id,
    )
    assert outcome(run)["url"] == f"https://www.tiktok.com/@{run.account.handle}/video/{post.post_id}"
