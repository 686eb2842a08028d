"""`manage.py write_docs`: write the pages of `docs/` that are made from the code."""

from argparse import ArgumentParser
from typing import Any

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.errors import Refused
from workflows.state_docs import FILE, render


class Command(SentenceCommand):
    """Writes them, or with `--check` refuses when they are not what the code says."""

    help = "Write the pages of docs/ that are made from the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the one option."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit code 2 when one is out of date"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write or compare."""
        text = render()
        if not check:
            FILE.write_text(text)
        elif not FILE.exists() or FILE.read_text() != text:
            raise Refused("docs/reference/states.md is out of date: run `python manage.py write_docs`.")
