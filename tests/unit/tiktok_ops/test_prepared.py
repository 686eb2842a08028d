from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError

from agents.models import AgentRun, AgentStep
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.prepared import Ago, Also, fetch, insert

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


def test_fetch_takes_more_values_than_psycopg_would_remember_a_statement_for() -> None:
    numbers = list(range(80))
    assert fetch(f"SELECT {', '.join(['%s::int'] * 80)}", numbers) == [tuple(numbers)]


def test_fetch_is_part_of_djangos_transaction() -> None:
    with transaction.atomic():
        fetch("INSERT INTO django_content_type (app_label, model) VALUES ('made', %s) RETURNING id", ["a"])
        transaction.set_rollback(True)
    assert fetch("SELECT FROM django_content_type WHERE app_label = %s", ["made"]) == []


def test_fetch_what_the_database_refuses_raises_as_django_does() -> None:
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic():
        fetch("SELECT %s FROM nowhere", [1])
    assert getattr(refusal.value.__cause__, "sqlstate", "") == "42P01"
    with pytest.raises(IntegrityError), transaction.atomic():
        fetch("INSERT INTO django_content_type (app_label, model) VALUES (%s, NULL) RETURNING id", ["made"])


def test_fetch_in_a_broken_transaction_is_refused() -> None:
    with transaction.atomic():
        with pytest.raises(ProgrammingError), transaction.atomic(savepoint=False):
            fetch("SELECT %s FROM nowhere", [1])
        with pytest.raises(TransactionManagementError):
            fetch("SELECT %s", [1])
        transaction.set_rollback(True)


def made_run() -> AgentRun:
    """Return a row with all a row may have: ids, texts, JSON, numbers, moments, what the database fills in."""
    return AgentRun(
        account=AccountFactory.create(),
        agent="made",
        as_of=NOON,
        input={"text": "Grüezi %s", "list": [1, None]},
        cost_usd=Decimal("0.123456"),
    )


def test_insert_writes_what_django_would_write() -> None:
    by_hand, by_django = made_run(), made_run()
    insert([by_hand])
    by_django.save(force_insert=True)
    rows = [AgentRun.objects.get(id=run.id) for run in (by_hand, by_django)]
    values = [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows
    ]
    for own in ("id", "account_id", "started_at"):
        assert all(found.pop(own) for found in values)
    assert values[0] == values[1]


def test_insert_rows_that_point_at_each_other_at_once() -> None:
    run = made_run()
    steps = [AgentStep(agent_run=run, kind=kind, name="made") for kind in AgentStep.Kind]
    insert([run, *steps])
    assert list(run.steps.values_list("kind", flat=True)) == [kind.value for kind in AgentStep.Kind]


def test_insert_a_moment_by_the_databases_clock() -> None:
    run = made_run()
    setattr(run, "started_at", Ago(3600))  # noqa: B010  # no datetime
    setattr(run, "finished_at", Ago())  # noqa: B010
    insert([run])
    run = AgentRun.objects.get()
    assert run.finished_at is not None
    assert (
        timedelta(minutes=59, seconds=59)
        < run.finished_at - run.started_at
        < timedelta(minutes=60, seconds=1)
    )


def test_insert_does_what_is_also_to_be_done_with_rows_and_without() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY SEQUENCE counted")
    count = Also("setval(%s::regclass, nextval(%s::regclass) + 1)", ("counted", "counted"))
    account = AccountFactory.create()
    insert([AgentRun(account=account, agent="made", as_of=NOON)], count)
    insert([], count)
    insert([])
    assert AgentRun.objects.filter(account=account).count() == 1
    assert fetch("SELECT last_value FROM counted", []) == [(4,)]


def test_insert_is_all_or_nothing() -> None:
    run = made_run()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([run, AgentStep(agent_run=run, kind="none", name="made")])
    assert not AgentRun.objects.exists()
