"""`manage.py worker`: run this host's workers until stopped."""

from typing import Any

from django.core.management.base import CommandParser

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.signals import Stop
from tiktok_ops.starting import check_start
from workflows.checks import WORK
from workflows.supervisor import Supervisor


class Command(SentenceCommand):
    """Starts and supervises this host's django-q clusters."""

    requires_system_checks = (WORK,)
    help = "Run this host's workers until stopped (SIGTERM lets running steps finish)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one option."""
        parser.add_argument("--until-idle", action="store_true", help="stop when nothing is left to do")

    def handle(self, *args: Any, until_idle: bool, **options: Any) -> None:
        """Run until a signal says stop; refuse to start with what `check_start` refuses."""
        check_start()
        Supervisor(Stop().on_signals(), until_idle=until_idle).run()
