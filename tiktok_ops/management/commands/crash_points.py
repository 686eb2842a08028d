"""`manage.py crash_points`: where a process can be made to die, for tests of what then comes of its work."""

import json
from argparse import ArgumentParser
from typing import Any

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.crash_points import CrashPoint


class Command(SentenceCommand):
    """Lists the crash points that `CRASH_AT` can name."""

    help = "List the crash points CRASH_AT=POINT[:N] can name, and the moment each is. Never in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the one option."""
        parser.add_argument("--json", action="store_true", help="print them as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them."""
        if options["json"]:
            points = [
                {"point": point.value, "moment": point.moment, "subject": point.subject}
                for point in CrashPoint
            ]
            self.stdout.write(json.dumps(points, indent=2))
            return
        width = max(len(point) for point in CrashPoint)
        for point in CrashPoint:
            self.stdout.write(f"{point:<{width}}  {point.moment} (once for each {point.subject})")
