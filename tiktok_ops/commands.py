"""The base of our management commands: a refusal is one sentence on standard error and exit code 2."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.utils import OperationalError, ProgrammingError

from tiktok_ops.errors import Refused

EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130
UNDEFINED_TABLE = "42P01"


def refusal_of(error: Exception) -> str | None:
    """Return the sentence for an error a person can mend, or None for a bug of ours."""
    if isinstance(error, Refused | CommandError):
        return str(error)
    if isinstance(error, OperationalError):
        return f"The database cannot be reached: {_first_line(error)}"
    if isinstance(error, ProgrammingError) and getattr(error.__cause__, "sqlstate", "") == UNDEFINED_TABLE:
        return "The database has no tables yet: run `make setup` (or `python manage.py migrate`) first."
    return None


def _first_line(error: Exception) -> str:
    """Return what libpq says first; what follows are hints over several lines."""
    return str(error).strip().partition("\n")[0]


class SentenceCommand(BaseCommand):
    """A management command whose refusals are sentences, never tracebacks."""

    requires_system_checks: tuple[str, ...] = ()

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, turning refusals into a sentence on standard error and exit code 2."""
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
            sys.exit(EXIT_INTERRUPTED)
        except Exception as error:
            sentence = refusal_of(error)
            if sentence is None:
                raise
            self.stderr.write(sentence)
            sys.exit(EXIT_REFUSED)
