"""The audit trail only grows, and shares the transaction of the change."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories.accounts import UserFactory
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.audit.services import record


def recorded() -> AuditEvent:
    """Return one audit row."""
    return record("thing.happened", by="a test", subject="a thing", workspace_id=None, data={"n": 1})


@pytest.mark.django_db
def test_record_names_a_person_by_their_user_name() -> None:
    person = UserFactory.create(username="ana")

    event = record("thing.happened", by=person, subject="a thing", workspace_id=None)

    event.refresh_from_db()
    assert (event.actor, event.verb, event.subject, event.data) == (
        "user:ana", "thing.happened", "a thing", {},
    )  # fmt: skip
    assert event.xid > 0


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["happened", "Thing.happened", "thing.happened.twice", ""])
def test_record_with_a_verb_that_is_not_dotted_is_refused(verb: str) -> None:
    with pytest.raises(ValueError, match="is not dotted"):
        record(verb, by="a test", subject="a thing", workspace_id=None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET actor = 'nobody'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
    ],
)
def test_change_of_an_audit_row_by_sql_is_refused(statement: str) -> None:
    recorded()

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEvent.objects.get().actor == "a test"


@pytest.mark.django_db
def test_change_of_an_audit_row_by_the_orm_is_refused() -> None:
    event = recorded()
    event.actor = "nobody"

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()


def test_record_outside_a_transaction_is_refused(committed_db: str) -> None:
    with pytest.raises(RuntimeError, match="must share the transaction"):
        recorded()

    assert not AuditEvent.objects.exists()
