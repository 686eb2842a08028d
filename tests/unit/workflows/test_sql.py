import pytest
from django.db import connection

from workflows import sql

pytestmark = pytest.mark.django_db

NAMES = {
    "workflow_begin",
    "workflow_claim",
    "workflow_close",
    "workflow_count_off",
    "workflow_due",
    "workflow_event",
    "workflow_exhausted",
    "workflow_finish",
    "workflow_go_on",
    "workflow_is_heard",
    "workflow_news",
    "workflow_release",
    "workflow_renew",
    "workflow_resume",
    "workflow_run_is_sound",
    "workflow_say",
    "workflow_take",
    "workflow_unsound",
    "workflow_work",
    "workflow_to_ring",
    "workflow_wait",
    "workflow_settle",
    "workflow_starts",
    "workflow_step_is_sound",
    "workflow_wake",
    "workflow_waking",
}


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_compare_functions_finds_every_file_installed_as_written() -> None:
    assert sql.expected().keys() == sql.installed().keys() == NAMES
    assert sql.outdated() == []


def test_compare_functions_notices_one_that_was_changed() -> None:
    execute(
        "CREATE OR REPLACE FUNCTION workflow_release(p_step uuid, p_claim integer) RETURNS boolean "
        "LANGUAGE sql AS $$ SELECT true $$"
    )
    assert sql.outdated() == ["workflow_release"]


def test_compare_functions_notices_one_that_is_gone() -> None:
    execute("DROP FUNCTION workflow_settle(uuid, text)")
    execute("DROP FUNCTION workflow_renew(uuid, integer, double precision)")
    assert sql.outdated() == ["workflow_renew", "workflow_settle"]


def test_digest_does_not_mind_space_at_the_ends() -> None:
    assert sql.digest_of("\n  SELECT 1;\n") == sql.digest_of("SELECT 1;")
    assert sql.digest_of("SELECT 1;") != sql.digest_of("SELECT  1;")


def test_install_functions_again_changes_nothing() -> None:
    for file in sql.FILES:
        execute(file.read_text())
    assert sql.outdated() == []


def test_check_current_names_what_is_outdated_and_the_remedy() -> None:
    sql.check_current()
    execute("DROP FUNCTION workflow_renew(uuid, integer, double precision)")
    with pytest.raises(sql.FunctionsOutdated, match=r"\(workflow_renew\): run `make setup`"):
        sql.check_current()
