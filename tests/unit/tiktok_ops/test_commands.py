import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import DataError, OperationalError, ProgrammingError

from tiktok_ops.commands import EXIT_INTERRUPTED, EXIT_REFUSED, SentenceCommand, refusal_of
from tiktok_ops.errors import Refused


def command(act: Callable[[], object]) -> SentenceCommand:
    """Return a command that does `act`."""

    class Acting(SentenceCommand):
        """Acts."""

        def handle(self, *args: Any, **options: Any) -> str | None:
            act()
            return "Done."

    return Acting()


def raising(error: BaseException) -> Callable[[], object]:
    """Return an act that fails."""

    def act() -> None:
        raise error

    return act


def run(act: Callable[[], object]) -> tuple[str, str, object]:
    """Run the command and return what it wrote to both outputs, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    try:
        call_command(command(act), stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    return out.getvalue(), err.getvalue(), code


def test_run_command_that_succeeds_prints_its_result() -> None:
    assert run(lambda: None) == ("Done.\n", "", 0)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refused("There is no account 'x'."), "There is no account 'x'."),
        (CommandError("Error: the argument is missing."), "Error: the argument is missing."),
        (OperationalError("connection refused\n"), "The database cannot be reached: connection refused"),
    ],
)
def test_run_command_that_is_refused_writes_one_sentence_and_exits_2(error: Exception, sentence: str) -> None:
    assert run(raising(error)) == ("", f"{sentence}\n", EXIT_REFUSED)


def test_run_command_that_is_interrupted_says_so_and_exits_130() -> None:
    assert run(raising(KeyboardInterrupt())) == ("", "Stopped.\n", EXIT_INTERRUPTED)


@pytest.mark.parametrize("error", [RuntimeError("our bug"), DataError("wrong"), ProgrammingError("syntax")])
def test_run_command_with_a_bug_lets_it_through(error: Exception) -> None:
    assert refusal_of(error) is None
    with pytest.raises(type(error)):
        run(raising(error))


@pytest.mark.django_db
def test_run_command_without_tables_says_how_to_make_them() -> None:
    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM there_is_no_such_table")

    assert run(act) == (
        "",
        "The database has no tables yet: run `make setup` (or `python manage.py migrate`) first.\n",
        EXIT_REFUSED,
    )


@pytest.mark.django_db
def test_run_command_with_wrong_sql_lets_the_bug_through() -> None:
    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELEKT 1")

    with pytest.raises(ProgrammingError):
        run(act)
