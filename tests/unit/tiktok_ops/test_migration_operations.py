from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations import RunSQL
from django.db.migrations.state import ProjectState

from tiktok_ops.migration_operations import append_only, install_sql, same_workspace, workspace_key


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def apply(operation: RunSQL, *, backwards: bool = False) -> None:
    """Run a migration operation, forwards or backwards."""
    state = ProjectState()
    with connection.schema_editor(atomic=False) as editor:
        run = operation.database_backwards if backwards else operation.database_forwards
        run("made", editor, state, state)


@pytest.fixture
def shelves(db: None) -> Iterator[None]:
    """Two tables: shelves of workspaces, and boxes that stand on them."""
    execute(
        """
        CREATE TABLE made_shelf (id int PRIMARY KEY, workspace_id int NOT NULL);
        CREATE TABLE made_box (id int PRIMARY KEY, workspace_id int NOT NULL, shelf_id int);
        INSERT INTO made_shelf VALUES (1, 10), (2, 20);
        """
    )
    yield
    execute("SET CONSTRAINTS ALL IMMEDIATE; DROP TABLE made_box, made_shelf")


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize(
    "change", ["UPDATE made_shelf SET workspace_id = 30", "DELETE FROM made_shelf", "TRUNCATE made_shelf"]
)
def test_make_append_only_refuses_every_change_but_a_new_row(change: str) -> None:
    apply(append_only("made_shelf"))
    execute("INSERT INTO made_shelf VALUES (3, 30)")
    sentence = f"made_shelf is append-only: {change.split()[0]} refused"
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        execute(change)


@pytest.mark.usefixtures("shelves")
def test_make_append_only_backwards_allows_changes_again() -> None:
    apply(append_only("made_shelf"))
    apply(append_only("made_shelf"), backwards=True)
    execute("UPDATE made_shelf SET workspace_id = 30")
    execute("DELETE FROM made_shelf")
    execute("TRUNCATE made_shelf")


@pytest.mark.usefixtures("shelves")
def test_demand_same_workspace_takes_rows_of_it_and_rows_without_one() -> None:
    apply(workspace_key("made_shelf"))
    apply(same_workspace("made_box", "shelf", "made_shelf"))
    execute("INSERT INTO made_box VALUES (1, 10, 1), (2, 20, NULL); SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("shelves")
def test_demand_same_workspace_refuses_a_row_that_points_into_another() -> None:
    apply(workspace_key("made_shelf"))
    apply(same_workspace("made_box", "shelf", "made_shelf"))
    with pytest.raises(IntegrityError, match="made_box_shelf_same_workspace"), transaction.atomic():
        execute("INSERT INTO made_box VALUES (1, 10, 2); SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("shelves")
def test_demand_same_workspace_backwards_demands_nothing() -> None:
    for operation in (workspace_key("made_shelf"), same_workspace("made_box", "shelf", "made_shelf")):
        apply(operation)
    for operation in (same_workspace("made_box", "shelf", "made_shelf"), workspace_key("made_shelf")):
        apply(operation, backwards=True)
    execute("INSERT INTO made_box VALUES (1, 10, 2); SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
def test_install_sql_runs_the_files_in_order_and_may_do_so_again(tmp_path: Path) -> None:
    one, two = tmp_path / "one.sql", tmp_path / "two.sql"
    one.write_text("CREATE OR REPLACE FUNCTION made_one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;")
    two.write_text(
        "CREATE OR REPLACE FUNCTION made_two() RETURNS int LANGUAGE sql AS $$ SELECT made_one() + 1 $$;"
    )
    operation = install_sql(one, two)
    apply(operation)
    apply(operation)
    apply(operation, backwards=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT made_two()")
        assert cursor.fetchone() == (2,)
