"""What has to be so before a run that means to act: whose account, for which brand, on what data, in what money."""

from datetime import datetime, timedelta

from agents.providers.errors import ProviderError, ProviderMisconfigured
from agents.providers.tiktok.access import access_of
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS
from agents.providers.tiktok.provider import get_tiktok
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from workflows.nodes import PreflightNode
from workflows.outcomes import Failed, Outcome, Succeeded
from workflows.retrying import after_trouble
from workflows.work import Work


def preflight(work: Work) -> Outcome:
    """Let the run go on, or fail the step with the one sentence that says what is missing."""
    node = work.node
    if not isinstance(node, PreflightNode):
        raise TypeError(node)
    account = TikTokAccount.objects.select_related("brand").get(id=work.step.run.account_id)
    if missing := missing_of(account, most_days=node.most_days, now=database_now()):
        return Failed(missing)
    currency = None
    if node.spends:
        work.hold(2 * CALL_TIMEOUT_SECONDS)
        try:
            currency = _currency_of(account)
        except ProviderError as trouble:
            return after_trouble(node.retry, trouble, tries=work.step.tries)
        if wrong := wrong_currency(account, currency, given=work.given.get("currency")):
            return Failed(wrong)
    return Succeeded(
        output={
            "brand": account.brand.name if account.brand else None,
            "data_as_of": account.data_as_of.isoformat() if account.data_as_of else None,
            "currency": currency,
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


def wrong_currency(account: TikTokAccount, currency: str, *, given: object) -> str:
    """Return why money given in a currency (None: in the advertiser's) cannot be spent, in a sentence; "" if it can."""
    if not currency:
        return f"TikTok does not say in which currency the advertiser of {account} pays: look in TikTok Ads Manager."
    if given is not None and given != currency:
        return (
            f"The currency {given!r} is not that of the advertiser of {account}, who pays in {currency}: start again "
            f"with amounts in {currency}, or leave the currency out."
        )
    return ""


def _currency_of(account: TikTokAccount) -> str:
    """Return the currency of the account's advertiser, "" where TikTok does not tell. Raises `ProviderError`."""
    provider = get_tiktok()
    if provider.simulated != (account.mode == "sandbox"):
        here = "sandbox" if provider.simulated else "live"
        raise ProviderMisconfigured(
            f"{account} is of the mode {account.mode!r} and TIKTOK_MODE is {here!r}: set the one to the other's.",
            was_sent=False,
            may_have_acted=False,
        )
    access = access_of(account=account, mode=account.mode)
    advertiser = provider.ads.advertiser(token=access.token, advertiser_id=access.advertiser_id)
    return advertiser.currency if advertiser else ""
