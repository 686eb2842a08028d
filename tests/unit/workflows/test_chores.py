"""The keeper asks once whether there is anything to do, and does what there is."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models.functions import Length
from django.test.utils import CaptureQueriesContext

from tests.unit.workflows.rows import step_in
from workflows.chores import Chore, due_of
from workflows.keeper import CHORES, sweep

pytestmark = pytest.mark.django_db


def chore(name: str) -> Chore:
    """Return something to do where a group has this name."""
    return Chore(name, lambda: Group.objects.annotate(long=Length("name")).filter(name=name), lambda: None)


BOTH = (chore("50 % of a"), chore("b"))


def test_ask_which_chores_are_due_names_those_a_row_waits_for() -> None:
    assert due_of(BOTH) == []
    Group.objects.create(name="b")
    assert due_of(BOTH) == [BOTH[1]]
    Group.objects.create(name="50 % of a")
    assert due_of(BOTH) == list(BOTH)


def test_round_of_a_system_at_rest_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as asked:
        sweep()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("ready and due", ["steps nobody is at"]),
        ("running, lease over", ["steps nobody is at"]),
        ("ready later", []),
        ("running", []),
        ("waiting", []),
        ("pending", []),
        ("succeeded", []),
    ],
)
def test_steps_are_a_chore_once_somebody_should_be_at_them(condition: str, names: list[str]) -> None:
    step_in(condition)
    assert [found.name for found in due_of(CHORES)] == names


def test_chores_have_names_of_their_own() -> None:
    assert len({found.name for found in CHORES}) == len(CHORES)
