"""Audit, trace and events only grow: the database refuses every other change, however it comes."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, NotSupportedError, connection, models, transaction

from agents.models import AgentRun, AgentStep, SandboxQuestion, SandboxRequest
from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.factories.figures import NOON
from tests.factories.guardrails import finding_on, policy_of
from tests.factories.pages import decision_on
from tests.factories.schedules import make_schedule
from tests.factories.workflows import WorkflowRunFactory
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.audit.services import record
from workflows.models import RunEvent, ScheduleFiring

pytestmark = pytest.mark.django_db


def make_step() -> AgentStep:
    """Return a traced call."""
    agent_run = AgentRun.objects.create(account=AccountFactory.create(), agent="made", as_of=NOON)
    return AgentStep.objects.create(agent_run=agent_run, kind="compute", name="made")


MAKERS: dict[str, Callable[[], models.Model]] = {
    "audit_auditevent": lambda: record("made.happened", by="test", subject="it", workspace_id=None),
    "agents_agentstep": make_step,
    "agents_guardrailpolicy": lambda: policy_of(WorkspaceFactory.create()),
    "agents_guardrailfinding": lambda: finding_on(AccountFactory.create()),
    "agents_sandboxrequest": lambda: SandboxRequest.objects.create(method="GET", path="/", outcome="ok"),
    "agents_sandboxquestion": lambda: SandboxQuestion.objects.create(
        operation="messages", request_id="req_1", model="claude-haiku-5-5", system_sha256="", user_sha256=""
    ),
    "approvals_decision": lambda: decision_on(AccountFactory.create()),
    "workflows_runevent": lambda: RunEvent.objects.create(
        run=WorkflowRunFactory.create(), seq=1, kind="made"
    ),
    "workflows_schedulefiring": lambda: ScheduleFiring.objects.create(
        schedule=make_schedule(), due_at=NOON, cause="time", refusal="It was refused."
    ),
}


def sql(statement: str) -> Callable[[models.Model], object]:
    """Return a change by SQL; `{}` stands for the table."""

    def change(row: models.Model) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(row._meta.db_table))

    return change


CHANGES: dict[str, Callable[[models.Model], object]] = {
    "save": lambda row: row.save(force_update=True),
    "update": lambda row: type(row)._default_manager.filter(pk=row.pk).update(id=row.pk),
    "delete": lambda row: row.delete(),
    "delete of all": lambda row: type(row)._default_manager.all().delete(),
    "raw delete": lambda row: type(row)._default_manager.all()._raw_delete("default"),
    "UPDATE": sql("UPDATE {} SET id = id"),
    "DELETE": sql("DELETE FROM {}"),
    "TRUNCATE": sql("TRUNCATE {}"),
    "TRUNCATE CASCADE": sql("TRUNCATE {} RESTART IDENTITY CASCADE"),
}


def test_list_tables_that_only_grow_has_those_the_design_names() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_rows'")
        rows = {table for (table,) in cursor.fetchall()}
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_table'")
        whole = {table for (table,) in cursor.fetchall()}
    assert rows == whole == set(MAKERS)
    assert AuditEvent._meta.db_table in rows


def is_pointed_at(table: str) -> bool:
    """Return whether rows of other tables point at this one's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass"
            " AND conrelid <> confrelid",
            [table],
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", MAKERS)
def test_change_a_row_that_is_on_record_is_refused(table: str, change: str) -> None:
    row = MAKERS[table]()
    connection.check_constraints()  # none is left for later: TRUNCATE would stumble over that first
    refusal: type[Exception] = IntegrityError
    sentence = f"{table} is append-only: (UPDATE|DELETE|TRUNCATE) refused"
    if change == "TRUNCATE" and is_pointed_at(table):
        # The foreign key says no before the trigger can; TRUNCATE CASCADE gets past the key, and meets the trigger.
        refusal, sentence = (
            NotSupportedError,
            "cannot truncate a table referenced in a foreign key constraint",
        )
    with pytest.raises(refusal, match=sentence), transaction.atomic():
        CHANGES[change](row)
    assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_delete_a_run_with_its_events_is_refused() -> None:
    event = RunEvent.objects.create(run=WorkflowRunFactory.create(), seq=1, kind="made")
    with (
        pytest.raises(IntegrityError, match="workflows_runevent is append-only: DELETE refused"),
        transaction.atomic(),
    ):
        event.run.delete()
    assert RunEvent.objects.filter(id=event.id).exists()
