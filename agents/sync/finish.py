"""The end of a sync: from when the account's data is, and who is told."""

from typing import Any

from django.db import transaction
from django.db.models import Min

from agents.sync.session import Session
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.services import record
from tiktok_ops.content.imports.listeners import tell_listeners
from tiktok_ops.content.models import SyncState

PART = "finish"
TIMED = ("profile", "posts", "comments")
"""The parts whose age is the age of the account's data; a shop and trends carry times of their own."""


def finish_sync(session: Session) -> dict[str, Any]:
    """Make the account's data "as of" its oldest part, put that on record, and tell whoever waits for new data."""
    with transaction.atomic():
        account = session.locked()
        states = SyncState.objects.filter(account=account)
        oldest = states.filter(part__in=TIMED).aggregate(at=Min("synced_at"))["at"]
        account.data_as_of = oldest or session.now
        account.data_source = TikTokAccount.Source.SYNC
        account.save(update_fields=["data_as_of", "data_source"])
        said = {state.part: state.said for state in states.exclude(part=PART)}
        record(
            "content.synced",
            by="sync",
            subject=account,
            workspace_id=account.workspace_id,
            data={"parts": said},
        )
        tell_listeners(account)
        return session.done(PART, {"data_as_of": account.data_as_of.isoformat()})
