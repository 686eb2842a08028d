"""`manage.py breakers list | reset`: which of a provider's operations are left alone for now."""

import json
from typing import Any

from django.core.management.base import CommandParser

from agents.models import Breaker
from agents.services import BreakerRefused, reset_breaker
from tiktok_ops.cells import visible
from tiktok_ops.commands import SentenceCommand

ACTOR = "manage.py breakers"


class Command(SentenceCommand):
    """Shows and resets circuit breakers."""

    help = "Show circuit breakers, or close one as if nothing had failed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two things the command does."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="list | reset")
        shown = actions.add_parser("list", help="show every operation that ever failed")
        reset = actions.add_parser("reset", help="close a breaker; the provider is asked again at once")
        reset.add_argument("provider", metavar="PROVIDER", help="as in claude, tiktok")
        reset.add_argument("operation", metavar="OPERATION", help="as `breakers list` shows it")
        for one in (shown, reset):
            one.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        if options["action"] == "list":
            breakers = list(Breaker.objects.all())
        else:
            breakers = [_reset(options["provider"], options["operation"])]
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(breaker) for breaker in breakers], indent=2))
            return
        for breaker in breakers:
            self.stdout.write(_line(breaker))
        if not breakers:
            self.stdout.write("No provider has failed yet.")


def _reset(provider: str, operation: str) -> Breaker:
    breaker = Breaker.objects.filter(alias=provider, operation=operation).first()
    if breaker is None:
        raise BreakerRefused(
            f"There is no breaker {provider!r} {operation!r}: `manage.py breakers list` shows them."
        )
    return reset_breaker(breaker_id=breaker.id, by=ACTOR)


def _line(breaker: Breaker) -> str:
    parts = [f"{breaker.alias:<10}", f"{breaker.operation:<14}", f"{breaker.status.replace('_', ' '):<9}"]
    if breaker.failures:
        parts.append(f"{breaker.failures} failures in a row")
    if breaker.retry_at:
        parts.append(f"asked again from {breaker.retry_at:%Y-%m-%d %H:%M:%S} UTC")
    if breaker.last_error:
        parts.append(f"said last: {visible(breaker.last_error)}")
    return "  ".join(parts)


def _as_json(breaker: Breaker) -> dict[str, Any]:
    times = {
        name: moment.isoformat() if moment else None
        for name, moment in [
            ("opened_at", breaker.opened_at),
            ("retry_at", breaker.retry_at),
            ("failed_at", breaker.failed_at),
        ]
    }
    return {
        "provider": breaker.alias,
        "operation": breaker.operation,
        "status": breaker.status,
        "failures": breaker.failures,
        "successes": breaker.successes,
        "reopenings": breaker.reopenings,
        **times,
        "last_error": breaker.last_error,
    }
