"""Batches of posts that ask somebody, and of runs in any status."""

from collections.abc import Sequence
from typing import Any

from tests.factories.accounts import AccountFactory
from tests.factories.workflows import WorkflowRunFactory
from tiktok_ops.accounts.models import TikTokAccount
from workflows.batches import Item, start_batch
from workflows.models import Batch

BY = "a test"


def audits(*accounts: TikTokAccount, **changes: Any) -> Batch:
    """Return a batch of a profile audit of each account; nothing of it is done."""
    items = [Item(account.id) for account in accounts]
    return start_batch("profile_audit", **{"items": items, "name": "Spring", "by": BY, **changes})


def batch_of(
    account: TikTokAccount | None = None, statuses: Sequence[str] = ("queued",), **changes: Any
) -> Batch:
    """Return a batch as it lies in the database, with a run in each status."""
    account = account or AccountFactory.create()
    values = {"name": "Made", "workflow": "made", "mode": account.mode, "brand": account.brand} | changes
    batch = Batch.objects.create(workspace=account.workspace, **values)
    for status in statuses:
        WorkflowRunFactory.create(account=account, status=status, batch=batch)
    return batch
