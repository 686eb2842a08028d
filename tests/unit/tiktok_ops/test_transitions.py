import re
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.state import ProjectState
from hypothesis import given
from hypothesis import strategies as st

from tiktok_ops.transitions import TransitionRefused, TransitionTable, install, installed_pairs, table

LAMP = table("lamp", "made_lamp", {"new": "off", "off": "on broken", "on": "off broken", "broken": ""})
LAMP_TODAY = table("lamp", "made_lamp", {"new": "off", "off": "on", "on": "off broken", "broken": ""})


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def apply(machine: TransitionTable, *, backwards: bool = False) -> None:
    """Run the machine's migration operation, forwards or backwards."""
    operation, state = install(machine), ProjectState()
    with connection.schema_editor(atomic=False) as editor:
        run = operation.database_backwards if backwards else operation.database_forwards
        run("made", editor, state, state)


@pytest.fixture
def lamps(db: None) -> Iterator[None]:
    """A table of one lamp that is off, under its machine."""
    execute("CREATE TABLE made_lamp (status text, name text); INSERT INTO made_lamp VALUES ('off', 'desk')")
    apply(LAMP)
    yield
    execute("DROP TABLE made_lamp")


def test_make_table_from_words_knows_statuses_and_ends() -> None:
    assert LAMP.statuses == ("new", "off", "on", "broken")
    assert LAMP.terminal == {"broken"}
    assert LAMP.pairs == [("new", "off"), ("off", "broken"), ("off", "on"), ("on", "broken"), ("on", "off")]


def test_make_table_that_leads_nowhere_names_the_status() -> None:
    with pytest.raises(ValueError, match=re.escape("The door machine leads to 'ajar', which is not one of")):
        table("door", "made_door", {"open": "shut", "shut": "open ajar"})


def test_check_allowed_move_passes() -> None:
    LAMP.check("off", "on")


@pytest.mark.parametrize(
    ("source", "target"), [("on", "new"), ("broken", "off"), ("off", "off"), ("?", "on")]
)
def test_check_forbidden_move_is_refused_in_one_sentence(source: str, target: str) -> None:
    with pytest.raises(TransitionRefused) as refusal:
        LAMP.check(source, target)
    assert str(refusal.value) == f"A lamp that is {source!r} cannot become {target!r}."


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=2),
        st.lists(st.text("abcdef", min_size=1, max_size=2), max_size=4),
        max_size=6,
    )
)
def test_make_table_of_anything_allows_just_the_pairs_it_lists(edges: dict[str, list[str]]) -> None:
    known = {source: [target for target in targets if target in edges] for source, targets in edges.items()}
    made = table("made", "made", {source: " ".join(targets) for source, targets in known.items()})
    allowed = [(one, other) for one in made.statuses for other in made.statuses if made.allows(one, other)]
    assert sorted(allowed) == made.pairs
    assert made.terminal == {source for source, targets in known.items() if not targets}


@pytest.mark.usefixtures("lamps")
def test_install_machine_lets_allowed_moves_pass_and_refuses_others() -> None:
    execute("UPDATE made_lamp SET status = 'on'")
    execute("UPDATE made_lamp SET status = 'broken'")
    with (
        pytest.raises(IntegrityError, match="A lamp that is 'broken' cannot become 'on'"),
        transaction.atomic(),
    ):
        execute("UPDATE made_lamp SET status = 'on'")


@pytest.mark.usefixtures("lamps")
def test_install_machine_minds_nothing_but_changes_of_status() -> None:
    execute("UPDATE made_lamp SET status = 'off', name = 'floor'")
    execute("INSERT INTO made_lamp VALUES ('broken', 'old')")


@pytest.mark.usefixtures("lamps")
def test_install_changed_machine_replaces_the_one_before() -> None:
    apply(LAMP_TODAY)
    assert installed_pairs(LAMP) == LAMP_TODAY.pairs != LAMP.pairs
    with (
        pytest.raises(IntegrityError, match="A lamp that is 'off' cannot become 'broken'"),
        transaction.atomic(),
    ):
        execute("UPDATE made_lamp SET status = 'broken'")


@pytest.mark.usefixtures("lamps")
def test_install_machine_backwards_takes_its_trigger_away() -> None:
    apply(LAMP, backwards=True)
    execute("UPDATE made_lamp SET status = 'new'")


@pytest.mark.usefixtures("lamps")
def test_read_installed_pairs_of_one_machine_leaves_out_the_others() -> None:
    assert installed_pairs(LAMP) == LAMP.pairs
    assert installed_pairs(table("unknown", "nowhere", {"a": ""})) == []
