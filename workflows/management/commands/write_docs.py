"""`manage.py write_docs`: write the pages of `docs/` that are made from the code."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from agents.catalogue.pages import FOLDER, pages
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.env import BASE_DIR
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
        """Write or compare; a page of an agent that is gone goes too."""
        made = {FILE: render(), **pages(FOLDER)}
        left_over = sorted(set(FOLDER.glob("*.md")) - made.keys())
        if check:
            _check(made, left_over)
            return
        for file, text in made.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for file in left_over:
            file.unlink()


def _check(made: dict[Path, str], left_over: list[Path]) -> None:
    """Raise `Refused`, naming the first page that is not what the code says."""
    changed = [file for file, text in made.items() if not file.exists() or file.read_text("utf-8") != text]
    for file in [*changed, *left_over]:
        name = file.relative_to(BASE_DIR) if file.is_relative_to(BASE_DIR) else file
        raise Refused(f"{name} is out of date: run `python manage.py write_docs`.")
