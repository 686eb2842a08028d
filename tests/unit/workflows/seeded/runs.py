"""Runs of the shipped workflows, worked on until they rest, and what people decide in them."""

import json
from typing import Any

from approvals.amending import approve_edited
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.posting import decider_of, time_passes, work
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact
from workflows.models import WorkflowRun
from workflows.services import start_run

POST = {"duration_seconds": 5, "privacy_level": "SELF_ONLY"}


def started(slug: str, account: TikTokAccount, **given: Any) -> WorkflowRun:
    return work(start_run(slug, account_id=account.id, by="a test", given=given))


def to_rest(run: WorkflowRun) -> WorkflowRun:
    """Let time pass until the run is over or all that is left of it waits for people."""
    for _ in range(25):
        run = time_passes(work(run))
        moving = run.steps.filter(status__in=["ready", "running"]) | run.steps.filter(
            status="waiting", wake_at__isnull=False
        )
        if run.finished_at or not moving.exists():
            return run
    raise AssertionError(steps(run))


def asked(run: WorkflowRun, kind: str = "") -> list[ApprovalRequest]:
    found = ApprovalRequest.objects.filter(run_id=run.id, status="open").order_by("created_at")
    return list(found.filter(kind=kind) if kind else found)


def decide(request: ApprovalRequest, verb: str = "approve") -> None:
    said: dict[str, Any] = {
        "request_id": request.id,
        "by": decider_of(request),
        "channel": Decision.Channel.ADMIN,
        "seen_sha256": request.payload_sha256,
    }
    if verb == "approve":
        approve(**said)
    else:
        reject(**said, comment="Not this one.")


def decide_edited(request: ApprovalRequest, **changes: Any) -> None:
    approve_edited(
        request_id=request.id,
        by=decider_of(request),
        channel=Decision.Channel.ADMIN,
        seen_sha256=request.payload_sha256,
        payload=json.loads(bytes(request.payload)) | changes,
        comment="As we say it.",
    )


def steps(run: WorkflowRun) -> list[Any]:
    return list(run.steps.exclude(status="succeeded").values("key", "item", "status", "error"))


def drafts_of(run: WorkflowRun) -> dict[str, str]:
    """Return the texts of the drafts the run's steps kept, by key; of a loop's steps one."""
    keys = dict(run.steps.values_list("id", "key"))
    kept = Artifact.objects.filter(run_id=run.id, kind="draft")
    return {keys[step_id]: text for step_id, text in kept.values_list("step_id", "text")}


def check_campaign_drafts(run: WorkflowRun) -> None:
    """Hold what a campaign's run kept as drafts against what its agents put out."""
    drafts = drafts_of(run)
    listing = (run.steps.filter(key="listings").latest("round").output or {})["listings"][0]
    assert all(one["title"] in drafts["listings"] for one in listing["variants"])
    assert drafts["listings"].index(listing["recommended"]["title"]) == len(f"{listing['id']}\n\n")
    ads = (run.steps.filter(key="ads").latest("round").output or {})["campaigns"]
    assert all(one["hook"] in drafts["ads"] for one in ads)


def report_of(run: WorkflowRun) -> str:
    return Artifact.objects.get(run_id=run.id, kind="report").text
