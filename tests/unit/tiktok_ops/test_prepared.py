import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError

from tiktok_ops.prepared import fetch

pytestmark = pytest.mark.django_db


def plans() -> int:
    """Return how many statements the server keeps planned for this session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + 7%'"
        )
        return int(cursor.fetchone()[0])


def test_fetch_returns_all_rows_with_json_as_text() -> None:
    assert fetch("SELECT n, '{\"a\": 1}'::jsonb FROM generate_series(1, %s) AS n", [2]) == [
        (1, '{"a": 1}'),
        (2, '{"a": 1}'),
    ]


def test_fetch_the_same_statement_again_is_planned_once() -> None:
    assert [fetch("SELECT %s::int + 7", [n]) for n in range(3)] == [[(7,)], [(8,)], [(9,)]]
    assert plans() == 1


def test_fetch_is_part_of_djangos_transaction() -> None:
    with transaction.atomic():
        fetch("INSERT INTO status_transition VALUES ('made', %s, %s) RETURNING machine", ["a", "b"])
        transaction.set_rollback(True)
    assert fetch("SELECT FROM status_transition WHERE machine = %s", ["made"]) == []


def test_fetch_what_the_database_refuses_raises_as_django_does() -> None:
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic():
        fetch("SELECT %s FROM nowhere", [1])
    assert getattr(refusal.value.__cause__, "sqlstate", "") == "42P01"
    with pytest.raises(IntegrityError), transaction.atomic():
        fetch("INSERT INTO status_transition VALUES (%s, NULL, NULL) RETURNING machine", ["made"])


def test_fetch_in_a_broken_transaction_is_refused() -> None:
    with transaction.atomic():
        with pytest.raises(ProgrammingError), transaction.atomic(savepoint=False):
            fetch("SELECT %s FROM nowhere", [1])
        with pytest.raises(TransactionManagementError):
            fetch("SELECT %s", [1])
        transaction.set_rollback(True)
