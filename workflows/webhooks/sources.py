"""Who may tell us something. To add a source: its module here, a line in `SOURCES`, its secrets in settings."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from tiktok_ops.errors import NotThere
from tiktok_ops.registries import registry
from workflows.webhooks import studio, tiktok
from workflows.webhooks.handled import Handled
from workflows.webhooks.models import WebhookMessage

TIKTOK_REPEATS_SECONDS = 72 * 3600
"""TikTok repeats a webhook for up to 72 hours and does not say whether it signs it anew each time."""


class SourceUnknown(NotThere):
    """Nobody we listen to is called that."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source: the header that carries its signature, how long it repeats what it signed once, and what to do.

    `handle` reads a stored message and does what follows from it, in one transaction with the message's end.
    """

    name: str
    header: str
    repeats_seconds: int
    handle: Callable[[WebhookMessage], Handled]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What it may sign with; several while one is being changed."""
        return settings.WEBHOOK_SECRETS.get(self.name, ())


SOURCES = registry(
    [
        Source("studio", "Studio-Signature", 0, studio.handle),
        Source("tiktok", "TikTok-Signature", TIKTOK_REPEATS_SECONDS, tiktok.handle),
    ],
    name=lambda source: source.name,
    called="sources of webhooks",
)


def find_source(name: str) -> Source:
    """Return the source; raises `SourceUnknown` where there is none of that name, or it has no secret."""
    source = SOURCES.get(name)
    if source is None or not any(source.secrets):
        raise SourceUnknown
    return source
