"""`manage.py sandbox_tiktok --port N`: a TikTok on this machine, over HTTP, for any client."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from pydantic import ValidationError

from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.grants import SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET
from agents.sandbox.tiktok.server import SandboxServer
from agents.sandbox.tiktok.shop_gate import SANDBOX_APP_KEY, SANDBOX_APP_SECRET
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.errors import Refused
from tiktok_ops.network import is_loopback
from tiktok_ops.signals import Stop

HIGHEST_PORT = 65535


class SandboxRefused(Refused):
    """The sandbox TikTok cannot be served."""


class Command(SentenceCommand):
    """Serves the sandbox TikTok until stopped; its state and its ledger are in the database."""

    help = (
        "Serve the sandbox TikTok over HTTP, until stopped: all of its APIs at one address. Point a client at it by "
        "TIKTOK_MODE=live and TIKTOK_BASE_URL=http://127.0.0.1:PORT. Faults are those of TIKTOK_FAULTS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where it listens, and whom it tells."""
        parser.add_argument("--port", type=int, required=True, metavar="N", help="0 takes any that is free")
        parser.add_argument("--host", default="127.0.0.1", help="this machine itself, unless told")
        parser.add_argument(
            "--webhooks-to", default="", metavar="URL", help="where webhooks are sent, signed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen until a signal says stop."""
        server = _server(options)
        stop = Stop().on_signals()
        server.start()
        self.stdout.write(f"The sandbox TikTok listens on {server.origin}")
        self.stdout.write(
            f"TIKTOK_CLIENT_KEY={SANDBOX_CLIENT_KEY} TIKTOK_CLIENT_SECRET={SANDBOX_CLIENT_SECRET}"
        )
        self.stdout.write(
            f"TIKTOK_SHOP_APP_KEY={SANDBOX_APP_KEY} TIKTOK_SHOP_APP_SECRET={SANDBOX_APP_SECRET}"
        )
        self.stdout.flush()
        while not stop.wait(60):
            pass
        server.stop()


def _server(options: dict[str, Any]) -> SandboxServer:
    """Return the server, which listens already; raises `SandboxRefused`."""
    host, port = options["host"], options["port"]
    if settings.IS_PRODUCTION:
        raise SandboxRefused(
            "This is production: the sandbox TikTok is served in development and for tests only."
        )
    if not 0 <= port <= HIGHEST_PORT:
        raise SandboxRefused(
            f"The port is {port}: give one from 1 to {HIGHEST_PORT}, or 0 for any that is free."
        )
    if options["webhooks_to"] and not options["webhooks_to"].startswith(("http://", "https://")):
        raise SandboxRefused(
            f"--webhooks-to is {options['webhooks_to']!r}: give an address, as http://127.0.0.1:8000/hooks/tiktok/."
        )
    try:
        faults = TikTokFaults.model_validate(settings.PROVIDERS["tiktok"]["OPTIONS"].get("faults", {}))
        return SandboxServer(host=host, port=port, faults=faults, webhooks_to=options["webhooks_to"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SandboxRefused(f"TIKTOK_FAULTS is wrong at {first['loc']}: {first['msg']}.") from None
    except OSError as error:
        here = "" if is_loopback(host) else " Does this machine have that address?"
        raise SandboxRefused(
            f"Nobody can listen on {host}:{port} ({error.strerror or error}): choose another port.{here}"
        ) from None
