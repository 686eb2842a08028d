"""An account that is connected is kept up to date from then on, until somebody decides otherwise."""

from django.db import transaction
from django.db.models.functions import Now

from agents.connections.models import TikTokConnection
from tiktok_ops.accounts.models import TikTokAccount
from workflows.schedules.models import Schedule
from workflows.schedules.services import create_schedule
from workflows.schedules.timing import Kind

SYNC = "sync_account"
NAME = "Keep up to date"
EVERY = "6 hours"


def keep_up_to_date(account: TikTokAccount) -> None:
    """Sync the account now and every six hours, in the name of whoever connected it.

    Only where there never was a schedule that syncs it: one that was changed, paused or removed is a person's word.
    An account whose posts come from a file is not synced, and gets none.
    """
    with transaction.atomic():
        locked = TikTokAccount.objects.select_for_update().get(id=account.id)
        is_decided = Schedule.objects.filter(account=locked, workflow=SYNC).exists()
        if is_decided or locked.data_source == TikTokAccount.Source.FILE:
            return
        connection = TikTokConnection.objects.filter(account=locked).latest("connected_at")
        schedule = create_schedule(
            name=NAME,
            account_id=locked.id,
            workflow=SYNC,
            kind=Kind.INTERVAL,
            expression=EVERY,
            by=connection.connected_by,
        )
        Schedule.objects.filter(id=schedule.id).update(next_due_at=Now())
