"""Whether a live account is in the reach of something that is a brand's or a workspace's."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q
from django.db.models.lookups import IsNull

from tiktok_ops.accounts.api.views import live_accounts
from tiktok_ops.rest.scoping import Caller


def has_live(caller: Caller, columns: Mapping[str, str]) -> Exists:
    """Return whether the caller sees a live account of the outer row's workspace that the row is about.

    `columns` maps each column that may narrow it down to the account's own; an empty one does not.
    """
    accounts = live_accounts(caller).filter(workspace=OuterRef("workspace"))
    for column, own in columns.items():
        accounts = accounts.filter(Q(IsNull(OuterRef(column), True)) | Q(**{own: OuterRef(column)}))
    return Exists(accounts)
