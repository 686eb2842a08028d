"""The two workflows that post, from their input to TikTok's ledger, in this process."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.approvals import request_of
from tests.factories.posting import (
    asked_post,
    decide,
    direct_account,
    effect_of,
    post_step,
    providers,
    until_it_rests,
    work,
)
from tests.factories.workflows import statuses
from tiktok_ops.content.models import Asset
from workflows.models import WorkflowRun
from workflows.services import start_run


@pytest.fixture(autouse=True)
def tiktok_at_once(committed_db: str, settings: Any, tmp_path: Path) -> None:
    """Have a sandbox TikTok that publishes at once, and media of this test's own."""
    settings.MEDIA_ROOT = tmp_path
    settings.PROVIDERS = providers()


def drafted() -> WorkflowRun:
    """Return a run of `post_draft` that waits at its gate."""
    given = {"topics": ["lamps"], "duration_seconds": 5, "privacy_level": "SELF_ONLY"}
    return work(start_run("post_draft", account_id=direct_account().id, by="a test", given=given))


def test_draft_a_post_goes_from_an_idea_to_one_post_of_the_rendered_video() -> None:
    run = drafted()
    assert statuses(run) == {
        **dict.fromkeys(("ideas", "draft", "video", "compliance", "review"), "succeeded"),
        "gate": "waiting",
        "post": "pending",
    }, list(run.steps.values("key", "error"))
    payload = json.loads(bytes(request_of(run).payload))
    video = Asset.objects.get(id=payload["asset"])
    assert (payload["privacy_level"], payload["asset_sha256"]) == ("SELF_ONLY", video.sha256)
    assert (payload["allow_comment"], payload["allow_duet"], payload["allow_stitch"]) == (False,) * 3
    assert set(request_of(run).facts) == {"findings", "compliance_score", "blocked"}

    decide(run)
    run = until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    content = Path(video.file.path).read_bytes()
    assert (run.status, effect_of(run).status) == ("succeeded", "confirmed")
    assert post.caption == payload["caption"] == (run.steps.get(key="draft").output or {})["caption"]
    assert post.chunk_digests == (hashlib.sha256(content).hexdigest(),)
    assert post.settings["is_aigc"] == payload["is_ai_generated"]


def test_draft_that_is_rejected_posts_nothing() -> None:
    run = drafted()

    decide(run, "reject")
    run = work(run)

    assert (statuses(run)["gate"], statuses(run)["post"], run.status) == ("skipped", "skipped", "succeeded")
    assert tiktok_ledger.received() == ()


def test_own_post_shows_what_compliance_found_and_posts_the_very_bytes() -> None:
    run = asked_post(is_ai_generated=True, allow_duet=True)
    request = request_of(run)
    found = run.steps.get(key="compliance").output or {}
    assert request.facts == {
        "findings": found["findings"],
        "compliance_score": found["score"],
        "blocked": found["blocked"],
    }

    decide(run)
    until_it_rests(work(run))

    [post] = tiktok_ledger.posts()
    assert (post.settings["is_aigc"], post.settings["disable_duet"]) == (True, False)
    assert set(post_step(run).output or {}) == {"effect", "status", "publish_id", "post_id", "url"}
