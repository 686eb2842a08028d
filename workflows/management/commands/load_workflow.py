"""`manage.py load_workflow FILE`: store a workflow written as JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from tiktok_ops.commands import SentenceCommand
from workflows.catalogue import load_definition
from workflows.validation import DefinitionRefused


class Command(SentenceCommand):
    """Checks a definition and stores it as the newest version of its slug."""

    help = "Check a workflow written as JSON and store it as the newest version of its slug."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file."""
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Load the file."""
        stored = load_definition(_read(file), by="command line")
        self.stdout.write(f"Stored {stored}.")


def _read(file: Path) -> Any:
    """Return the file's JSON. Raises `DefinitionRefused`."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise DefinitionRefused(f"The file {str(file)!r} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DefinitionRefused(f"The file {str(file)!r} is not JSON: {error}.") from None
