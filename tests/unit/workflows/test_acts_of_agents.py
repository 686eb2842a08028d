"""What agents put out becomes what people are asked for, item by item, and what is done once they agree."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok.records import Kind, plant
from agents.sandbox_models import SandboxRecord
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.accounts import person
from tests.factories.acting import account_with_world
from tests.factories.posting import providers, work
from tests.factories.tiktok_world import PRODUCT_ID, VIDEO_ID, a_comment
from tests.factories.workflows import workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Comment, OrderLine, Post, Product
from workflows.catalogue import store_definition
from workflows.models import WorkflowRun
from workflows.nodes import ActionNode, AgentNode, GateNode, Workflow
from workflows.services import start_run

REPLIES = workflow_of(
    AgentNode(key="triage", label="Sort", agent="comment_triage"),
    GateNode(
        key="gate",
        label="Reply?",
        approval="reply_comment",
        depends_on=("triage",),
        for_each="triage.output.items",
        when={"none_of": [{"path": "item.suggested_reply", "op": "empty"}]},
        inputs={"video_id": "item.video_id", "comment_id": "item.id", "text": "item.suggested_reply"},
        facts={"class": "item.comment_class", "urgency": "item.urgency"},
    ),
    ActionNode(
        key="reply",
        label="Reply",
        effect="reply_comment",
        gate="gate",
        depends_on=("gate",),
        for_each="triage.output.items",
    ),
    slug="replies",
)
STOCK = workflow_of(
    AgentNode(key="stock", label="Look", agent="inventory_sync"),
    GateNode(
        key="gate",
        label="Set?",
        approval="set_stock",
        depends_on=("stock",),
        for_each="stock.output.low_stock",
        inputs={
            "product_id": "item.product_id",
            "replaces_quantity": "item.stock",
            "quantity": "brief.quantity",
        },
    ),
    ActionNode(
        key="set",
        label="Set",
        effect="set_stock",
        gate="gate",
        depends_on=("gate",),
        for_each="stock.output.low_stock",
    ),
    slug="stock",
)


@pytest.fixture(autouse=True)
def tiktok_at_once(committed_db: str, settings: Any) -> None:
    """Have a sandbox TikTok to act on."""
    settings.PROVIDERS = providers()


def started(workflow: Workflow, account: TikTokAccount, **given: Any) -> WorkflowRun:
    """Return a run of the workflow with all done that is due."""
    store_definition(workflow, by="a test")
    return work(start_run(workflow.slug, account_id=account.id, by="a test", given=given))


def decide_on(asked: ApprovalRequest, verb: str) -> None:
    """Decide as an approver of the workspace."""
    by = person(asked.workspace, Role.APPROVER)
    said: dict[str, Any] = {
        "request_id": asked.id,
        "by": by,
        "channel": Decision.Channel.ADMIN,
        "seen_sha256": asked.payload_sha256,
    }
    if verb == "approve":
        approve(**said)
    else:
        reject(**said, comment="Not like this.")


def test_triage_of_comments_asks_for_each_reply_and_sends_the_approved_ones() -> None:
    account = account_with_world()
    Comment.objects.all().delete()
    texts = {"11": "Where can I buy this?", "12": "How long does it have to steep?", "13": "first"}
    plant([a_comment(account.handle, comment_id=key, text=text) for key, text in texts.items()])
    for key, text in texts.items():
        Comment.objects.create(
            account=account,
            post=Post.objects.get(account=account, video_id=VIDEO_ID),
            comment_id=key,
            author="teafan88",
            text=text,
            created_at=timezone.now() - timedelta(hours=1),
        )
    run = started(REPLIES, account)
    asked = {json.loads(bytes(one.payload))["comment_id"]: one for one in ApprovalRequest.objects.all()}
    assert set(asked) == {"11", "12"}, list(run.steps.values("key", "item", "status", "error"))
    decide_on(asked["11"], "approve")
    decide_on(asked["12"], "reject")
    run = work(run)
    assert run.status == "succeeded", list(run.steps.values("key", "item", "status", "error"))
    [reply] = SandboxRecord.objects.filter(kind=Kind.COMMENT, owner=account.handle, data__owner=True)
    sent = json.loads(bytes(asked["11"].payload))["text"]
    assert (reply.data["parent_comment_id"], reply.data["text"]) == ("11", sent)


def test_inventory_that_runs_low_asks_for_its_stock_and_sets_it() -> None:
    account = account_with_world()
    product = Product.objects.get(account=account, product_id=PRODUCT_ID)
    now = timezone.now()
    for number in range(30):
        OrderLine.objects.create(
            account=account,
            product=product,
            order_id=str(number),
            quantity=10,
            ordered_at=now - timedelta(days=number % 20, hours=2),
        )
    run = started(STOCK, account, quantity=120)
    [asked] = ApprovalRequest.objects.all()
    assert json.loads(bytes(asked.payload))["replaces_quantity"] == 40
    decide_on(asked, "approve")
    run = work(run)
    assert run.status == "succeeded", list(run.steps.values("key", "item", "status", "error"))
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, owner=account.handle)
    assert row.data["skus"][0]["inventory"][0]["quantity"] == 120
