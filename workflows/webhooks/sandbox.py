"""The sandbox studio's callbacks: the keeper is its clock, and our own inbox takes them as it takes any other."""

from contextlib import suppress

from django.conf import settings

from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode, mode_of
from agents.providers.studio.jobs import ALIAS
from agents.sandbox.studio.callbacks import deliver_due
from workflows.webhooks.inbox import Reception, receive
from workflows.webhooks.sources import SOURCES


def deliver_sandbox_callbacks() -> int:
    """Have the sandbox studio send the callbacks that are due; return how many were taken.

    Nothing where the studio is not the sandbox's, or nobody could verify what it signs.
    """
    secrets = settings.WEBHOOK_SECRETS[ALIAS]
    with suppress(ProviderMisconfigured):
        if secrets and mode_of(ALIAS) is Mode.SANDBOX:
            return deliver_due(secret=secrets[0], post=_into_our_inbox)
    return 0


def _into_our_inbox(url: str, header: str, body: bytes) -> int:
    """Take a callback in as `views.hook` does, without a network between; return the HTTP status it would answer."""
    reception = receive(source=SOURCES[ALIAS], header=header, raw=body)
    return 401 if reception is Reception.REFUSED else 200
