"""What has to be so before a run that means to act: whose account it is, for which brand, on what data."""

from datetime import datetime, timedelta

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from workflows.nodes import PreflightNode
from workflows.outcomes import Failed, Outcome, Succeeded
from workflows.work import Work


def preflight(work: Work) -> Outcome:
    """Let the run go on, or fail the step with the one sentence that says what is missing."""
    node = work.node
    if not isinstance(node, PreflightNode):
        raise TypeError(node)
    account = TikTokAccount.objects.select_related("brand").get(id=work.step.run.account_id)
    missing = missing_of(account, most_days=node.most_days, now=database_now())
    if missing:
        return Failed(missing)
    return Succeeded(
        output={
            "brand": account.brand.name if account.brand else None,
            "data_as_of": account.data_as_of.isoformat() if account.data_as_of else None,
        }
    )


def missing_of(account: TikTokAccount, *, most_days: int, now: datetime) -> str:
    """Return what keeps the account from being worked for, in a sentence; "" where nothing does."""
    if account.ownership != TikTokAccount.Ownership.OWN:
        return f"{account} belongs to somebody else: choose an account of your own."
    if account.brand is None:
        return f"{account} has no brand: link one on the account's page, then try this step again."
    if account.data_as_of is None:
        return f"{account} has no data yet: sync the account or import a file, then try this step again."
    if now - account.data_as_of > timedelta(days=most_days):
        return (
            f"The data of {account} is as of {account.data_as_of:%Y-%m-%d}, more than {most_days} days ago: sync the "
            "account or import a newer file, then try this step again."
        )
    return ""
