#!/usr/bin/env python
"""The command line: `python manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

from tiktok_ops.commands import EXIT_REFUSED, refusal_of
from tiktok_ops.network import guard_from_environment


def main() -> None:
    """Run a command; a wrong setting or an unreachable database is one sentence and exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
    guard_from_environment()
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        sentence = refusal_of(error)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
