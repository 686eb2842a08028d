"""Requests a made workflow asks, and the people who decide on them."""

from typing import Any
from uuid import uuid4

from approvals.models import ApprovalRequest
from approvals.services import Asking, open_request
from tests.factories.accounts import AccountFactory
from tests.factories.workflows import workflow_of
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.content.models import Asset
from workflows.catalogue import store_definition
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.nodes import GateNode, ReportNode
from workflows.services import start_run

BRIEF = ("asset", "asset_sha256", "caption", "privacy_level", "is_branded_content")
GIVEN: dict[str, Any] = {
    "asset": "01920000-0000-7000-8000-000000000001",
    "asset_sha256": "a" * 64,
    "caption": "A lamp, switched on #lamp",
    "privacy_level": "PUBLIC_TO_EVERYONE",
}


def gate_node(key: str = "gate", *depends_on: str, **changes: Any) -> GateNode:
    """Return a node that asks for a post, all of it from the brief."""
    inputs = {name: f"brief.{name}" for name in BRIEF}
    return GateNode(
        key=key, label="Publish?", approval="post_video", inputs=inputs, depends_on=depends_on, **changes
    )


def given_on(account: TikTokAccount, **changes: Any) -> dict[str, Any]:
    """Return the input of a post whose video is an asset of the account's workspace."""
    given = {**GIVEN, **changes}
    elsewhere = Asset.objects.exclude(workspace=account.workspace_id).filter(id=given["asset"])
    wanted = uuid4() if elsewhere.exists() else given["asset"]
    asset, _ = Asset.objects.get_or_create(
        workspace_id=account.workspace_id,
        sha256=given["asset_sha256"],
        defaults={"id": wanted, "media_type": "video/mp4", "bytes": 5},
    )
    return given | {"asset": str(asset.id)}


def asked_run(
    account: TikTokAccount | None = None, *, by: User | ApiKey | str = "a test", **changes: Any
) -> WorkflowRun:
    """Return a run that waits at its gate; behind the gate there is a report. `changes` are of the gate."""
    account = account or AccountFactory.create()
    given = given_on(account, **changes.pop("given", {}))
    report = ReportNode(key="report", label="Report", report="profile_audit", depends_on=("gate",))
    workflow = workflow_of(gate_node(**changes), report, slug="asking")
    store_definition(workflow, by="a test")
    run = start_run("asking", account_id=account.id, by=by, given=given)
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def request_of(run: WorkflowRun) -> ApprovalRequest:
    """Return the newest approval a run asked for."""
    return ApprovalRequest.objects.filter(run_id=run.id).order_by("-version")[0]


def asked_request(account: TikTokAccount, **changes: Any) -> ApprovalRequest:
    """Return a request without a run behind it: it can be shown, not decided."""
    payload = {
        "account": str(account.id),
        "handle": account.handle,
        "mode": account.mode,
        "delivery": account.delivery,
        **given_on(account, **changes),
    }
    asking = Asking(run_id=uuid4(), step_id=uuid4(), requested_by=None)
    return open_request(kind="post_video", account=account, payload=payload, facts={}, asking=asking)
