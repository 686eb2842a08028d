"""Starting a run for whoever asks: which account they mean, and whether they may."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.exceptions import PermissionDenied

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused
from tiktok_ops.rest.scoping import Caller
from workflows.models import WorkflowRun
from workflows.services import start_run


class AccountAmbiguous(Refused):
    """This handle is of accounts in more than one workspace."""


def start_for(
    caller: Caller,
    *,
    workflow: str,
    account: str,
    given: dict[str, Any],
    is_dry_run: bool = False,
    cap_usd: Decimal | None = None,
) -> WorkflowRun:
    """Start the workflow on the account, written as its id or handle; in the caller's transaction.

    Raises what `account_for` and `start_run` raise.
    """
    chosen = account_for(caller, account)
    return start_run(
        workflow,
        account_id=chosen.id,
        by=caller.who,
        given=given,
        is_dry_run=is_dry_run,
        cap_usd=cap_usd,
    )


def account_for(caller: Caller, written: str) -> TikTokAccount:
    """Return the account the caller may start runs on, written as its id or handle, locked.

    Raises `Http404` for an account that does not exist for the caller, `PermissionDenied` for a person
    whose role does not run workflows on it, and `AccountAmbiguous`.
    """
    chosen = _find(caller, written, Capability.RUN)
    if chosen is None:
        if _find(caller, written, Capability.READ) is None:
            raise Http404
        raise PermissionDenied(
            f"Your role does not start runs on the account {written!r}: ask an operator or the owner."
        )
    return chosen


def _find(caller: Caller, written: str, capability: Capability) -> TikTokAccount | None:
    """Return the account, locked: what makes it reachable holds until the run has started."""
    accounts = caller.sees(TikTokAccount.objects.all(), mode_path="mode", capability=capability)
    found = list(accounts.filter(**_meaning(written)).select_for_update(of=("self",))[:2])
    if len(found) > 1:
        raise AccountAmbiguous(f"The account {written!r} is in more than one workspace: give its id instead.")
    return found[0] if found else None


def _meaning(written: str) -> dict[str, Any]:
    """Return what to look for: a handle has at most 24 characters, so that no id is one."""
    try:
        return {"id": UUID(written)}
    except ValueError:
        return {"handle__iexact": written.strip().removeprefix("@")}
