"""`manage.py demo`: from an empty database to an audited account and a post of it, on real workers."""

import sys
from typing import Any

from tiktok_ops.commands import SentenceCommand
from workflows.demo.show import Demo


class Command(SentenceCommand):
    """Shows the main job to its end and exits 0 with nothing left running."""

    help = "Import sample posts, audit them, draft, approve and post one; nothing is left running."

    def handle(self, *args: Any, **options: Any) -> None:
        """Show the demo."""
        Demo(sys.stdout).show()
