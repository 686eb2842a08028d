#!/usr/bin/env python
"""The command line: `python manage.py help` lists the commands."""

import gc
import os
import sys

import django
from django.core.management import execute_from_command_line

from tiktok_ops.commands import EXIT_REFUSED, refusal_of
from tiktok_ops.network import guard_from_environment


def main() -> None:
    """Run a command; a wrong setting or an unreachable database is one sentence and exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
    guard_from_environment()
    try:
        load()
        execute_from_command_line(sys.argv)
    except Exception as error:
        sentence = refusal_of(error)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.exit(EXIT_REFUSED)


def load() -> None:
    """Load the project without looking for garbage: what a start loads stays, and forks go on sharing it."""
    gc.disable()
    django.setup()
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main()
