"""`manage.py keeper`: sweep until stopped."""

from typing import Any

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.signals import Stop
from tiktok_ops.starting import check_start
from workflows.keeper import Keeper


class Command(SentenceCommand):
    """Rings what is due and parks what is exhausted; one keeper leads, others stand by."""

    help = "Ring what is due and park what is exhausted, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal says stop."""
        check_start()
        Keeper().run(Stop().on_signals())
