"""What the sandboxes tell us: the keeper is their clock, and our own inbox takes it as it takes any other."""

from contextlib import suppress

from django.conf import settings

from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode, mode_of
from agents.providers.studio.jobs import ALIAS as STUDIO
from agents.sandbox.studio.callbacks import deliver_due
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.notices import deliver_due as deliver_notices
from agents.sandbox.tiktok.pulling import pull_due
from workflows.webhooks.inbox import Reception, receive
from workflows.webhooks.sources import SOURCES

TIKTOK = "tiktok"


def deliver_sandbox_callbacks() -> int:
    """Have the sandbox studio send the callbacks that are due; return how many were taken.

    Nothing where the studio is not the sandbox's, or nobody could verify what it signs.
    """
    secrets = settings.WEBHOOK_SECRETS[STUDIO]
    if secrets and _is_sandbox(STUDIO):
        return deliver_due(secret=secrets[0], post=_studio_post)
    return 0


def deliver_sandbox_webhooks() -> int:
    """Have the sandbox TikTok send the webhooks that are due; return how many were taken.

    Nothing where TikTok is not the sandbox's, or the app has no key or nobody could verify what is signed.
    """
    secrets = settings.WEBHOOK_SECRETS[TIKTOK]
    if secrets and settings.TIKTOK_CLIENT_KEY and _is_sandbox(TIKTOK):
        return deliver_notices(client_key=settings.TIKTOK_CLIENT_KEY, secret=secrets[0], post=_tiktok_post)
    return 0


def pull_for_sandbox() -> int:
    """Have the sandbox TikTok pull the photos that are due; return how many posts came of it."""
    if not _is_sandbox(TIKTOK):
        return 0
    options = settings.PROVIDERS[TIKTOK].get("OPTIONS", {})
    return pull_due(TikTokFaults.model_validate(options.get("faults", {})))


def _is_sandbox(alias: str) -> bool:
    with suppress(ProviderMisconfigured):
        return mode_of(alias) is Mode.SANDBOX
    return False


def _studio_post(url: str, header: str, body: bytes) -> int:
    return _into_our_inbox(STUDIO, header, body)


def _tiktok_post(header: str, body: bytes) -> int:
    return _into_our_inbox(TIKTOK, header, body)


def _into_our_inbox(source: str, header: str, body: bytes) -> int:
    """Take a message in as `views.hook` does, without a network between; return the HTTP status it would answer."""
    reception = receive(source=SOURCES[source], header=header, raw=body)
    return 401 if reception is Reception.REFUSED else 200
