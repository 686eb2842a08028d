"""What of connections becomes an alert: an account nobody can post to until its owner says yes again."""

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve_about

CONNECTION_LOST = "connection_lost"


def raise_for_lost(account: TikTokAccount, mode: str, *, why: str) -> None:
    """Raise the alert for an account that has to be connected again, in the transaction that says so."""
    raise_alert(
        kind=CONNECTION_LOST,
        about=account,
        part=mode,
        of=account,
        severity=Alert.Severity.CRITICAL,
        sentence=f"{account} has to be connected to TikTok again: {why}",
        what_to_do="Choose 'Connect to TikTok' on the account's page. What waits for it goes on by itself then; "
        "approvals keep, and nothing is sent twice.",
    )


def resolve_for_connected(account: TikTokAccount, mode: str, *, by: User | str) -> None:
    """Resolve it: the account is connected again, or nobody wants it to be."""
    resolve_about(kind=CONNECTION_LOST, about=account, part=mode, by=by)
