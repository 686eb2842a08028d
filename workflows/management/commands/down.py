"""`manage.py down`: stop everything, the embedded database included."""

from typing import Any

from tiktok_ops import stack
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.postgres.server import EmbeddedServer


class Command(SentenceCommand):
    """Stops what `make up` started, and the embedded server whoever uses it."""

    help = "Stop web, worker and keeper, and the embedded database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Stop, and say what was stopped."""
        were_up = stack.stop()
        was_running = EmbeddedServer.default().stop()
        self.stdout.write("Stopped." if were_up or was_running else "Nothing was running.")
