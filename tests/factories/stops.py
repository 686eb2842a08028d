"""Stop switches, on or released."""

from typing import Any

from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import StopSwitch
from workflows.stop_switch import Target, engage

WHY = "The wrong caption went out."


def stop(target: Target | None = None, *, by: Any = "a test", reason: str = WHY) -> StopSwitch:
    """Return an engaged switch, by default for everything."""
    return engage(target=target or Target(), reason=reason, by=by)


def stop_of(account: TikTokAccount) -> StopSwitch:
    """Return an engaged switch for the account, as it stands in the database."""
    return StopSwitch.objects.create(
        scope="account", workspace=account.workspace, account=account, reason=WHY, engaged_by="user:ana"
    )
