"""`manage.py startagent NAME`: write a new agent that works, its test, and its line in the registry."""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents.skeleton.write import USUAL_PURPOSE, write_agent
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.env import BASE_DIR


class Command(SentenceCommand):
    """Writes the files and says what to do next."""

    help = "Write a new agent to begin from: a module that works, its test, its line in the registry."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("name", help="its permanent name, for example hashtag_coach")
        parser.add_argument("--purpose", default=USUAL_PURPOSE, help="what it is for, in one short sentence")

    def handle(self, *args: Any, name: str, purpose: str, **options: Any) -> None:
        """Write, and name the files. Raises `SkeletonRefused`."""
        files = write_agent(name, root=BASE_DIR, purpose=purpose)
        _format(files)
        for file in files:
            self.stdout.write(f"wrote {file.relative_to(BASE_DIR)}")
        self.stdout.write(
            "Next: change what it computes, run `python manage.py write_docs`, and give it a node in a workflow "
            "(docs/adding-an-agent.md)."
        )


def _format(files: Sequence[Path]) -> None:
    """Break lines as the project does, where its formatter is there: how long they are goes by the name."""
    if find_spec("ruff") is not None:
        command = [sys.executable, "-m", "ruff", "format", "--quiet", *map(str, files)]
        subprocess.run(command, cwd=BASE_DIR, check=True, timeout=60)
