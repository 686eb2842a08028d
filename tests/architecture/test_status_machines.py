"""Every status machine, taken from the code: the database has the same pairs and refuses all others."""

from collections.abc import Callable
from importlib import import_module
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from agents.models import AgentRun, BatchedQuestion, Breaker, MemoryItem, Reservation
from agents.transitions import BATCHED
from approvals.models import ApprovalRequest
from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.alerts import alert_in, answered
from tests.factories.approvals import asked_request
from tests.factories.connections import connection_row, why_of
from tests.factories.effects import make_effect, yes_to
from tests.factories.figures import NOON
from tests.factories.webhooks import message_of
from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory, companions
from tiktok_ops.content.models import ContentImport
from tiktok_ops.env import BASE_DIR
from tiktok_ops.transitions import TransitionTable, installed_pairs
from workflows.effects.models import Effect, PullAddress
from workflows.transitions import EFFECT, RUN, WEBHOOK


def machines() -> dict[str, TransitionTable]:
    """Return every status machine of every `transitions` module, by name."""
    files = [
        file
        for app in ("tiktok_ops", "agents", "approvals", "workflows")
        for file in (BASE_DIR / app).rglob("transitions.py")
    ]
    modules = [import_module(".".join(file.relative_to(BASE_DIR).with_suffix("").parts)) for file in files]
    found = [
        value for module in modules for value in vars(module).values() if isinstance(value, TransitionTable)
    ]
    return {machine.name: machine for machine in found}


MACHINES = machines()
PAIRS = [
    pytest.param(machine, source, target, id=f"{machine.name}: {source} to {target}")
    for machine in MACHINES.values()
    for source, target in product(machine.statuses, repeat=2)
]


def make_import(status: str) -> ContentImport:
    """Return an import in this status."""
    return ContentImport.objects.create(account=AccountFactory.create(), file_name="posts.csv", status=status)


def make_agent_run(status: str) -> AgentRun:
    """Return an agent run in this status."""
    output: dict[str, Any] | None = {} if status == "succeeded" else None
    account = AccountFactory.create()
    return AgentRun.objects.create(account=account, agent="made", as_of=NOON, status=status, output=output)


def make_request(status: str) -> ApprovalRequest:
    """Return an approval request in this status."""
    asked = asked_request(AccountFactory.create())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE approvals_approvalrequest SET status = %s WHERE id = %s", [status, asked.id])
        cursor.execute("SET LOCAL session_replication_role = origin")
    return asked


def make_effect_in(status: str) -> Effect:
    """Return an effect in this status."""
    decision = yes_to(asked_request(AccountFactory.create()))
    step = WorkflowStepFactory.create(status="waiting")
    return make_effect(decision, step, status=status, delivery=delivery_of(status))


def delivery_of(status: str) -> str:
    """Return how an effect in this status is delivered."""
    return "by_hand" if status == "handed_over" else "direct"


def make_batched(status: str) -> BatchedQuestion:
    """Return a question in a batch in this status."""
    return BatchedQuestion.objects.create(
        agent_run=make_agent_run("running"),
        step_id=uuid4(),
        number=1,
        custom_id=uuid4().hex,
        request={},
        status=status,
        **batched_companions(status),
    )


def batched_companions(status: str) -> dict[str, Any]:
    """Return what a question in a batch has beside this status."""
    return {
        "batch_id": "msgbatch_1" if status in {"submitted", "cancelling", "answered"} else "",
        "response": "{}" if status == "answered" else "",
        "tried_at": NOON if status == "submitting" else None,
        "finished_at": NOON if status in BATCHED.terminal else None,
    }


def make_breaker(status: str) -> Breaker:
    """Return a breaker in this status."""
    return Breaker.objects.create(alias="made", operation="it", status=status, **breaker_times(status))


def breaker_times(status: str) -> dict[str, Any]:
    """Return since when a breaker in this status is open, and until when."""
    return dict.fromkeys(("opened_at", "retry_at"), None if status == "closed" else NOON)


def make_reservation(status: str) -> Reservation:
    """Return a reservation in this status."""
    return Reservation.objects.create(
        account=AccountFactory.create(),
        agent_run_id=uuid4(),
        model="made",
        is_simulated=True,
        amount_usd=1,
        deadline_at=NOON,
        status=status,
        **settled(status),
    )


def settled(status: str) -> dict[str, Any]:
    """Return what a reservation in this status cost, and since when that is known."""
    cost, moment = (None, None) if status == "held" else (1, NOON)
    return {"cost_usd": cost, "settled_at": moment}


def make_memory(status: str) -> MemoryItem:
    """Return something that is remembered, in this status."""
    account = AccountFactory.create()
    return MemoryItem.objects.create(
        workspace=account.workspace,
        scope="brand",
        brand=account.brand,
        kind="fact",
        text="It is a lamp.",
        status=status,
        **decided(status),
    )


def decided(status: str) -> dict[str, Any]:
    """Return who decided on something remembered in this status, and when."""
    by, moment = (None, None) if status == "proposed" else (UserFactory.create().id, NOON)
    return {"decided_by_id": by, "decided_at": moment}


MAKERS: dict[str, Callable[[str], models.Model]] = {
    "run": lambda status: WorkflowRunFactory.create(status=status),
    "step": lambda status: WorkflowStepFactory.create(status=status),
    "import": make_import,
    "agent run": make_agent_run,
    "approval request": make_request,
    "effect": make_effect_in,
    "breaker": make_breaker,
    "pull address": lambda status: PullAddress.objects.create(
        effect=make_effect_in("sending"), attempt=1, token_digest="0" * 64, status=status
    ),
    "connection": lambda status: connection_row(status=status),
    "batched question": make_batched,
    "webhook": lambda status: message_of(
        status=status, note="So it was.", finished_at=None if status == "received" else NOON
    ),
    "alert": alert_in,
    "reservation": make_reservation,
    "memory item": make_memory,
}
"""How to make a row of each machine in a status; a new machine needs a line here to be tested."""


def with_status(machine: TransitionTable, status: str) -> dict[str, Any]:
    """Return the status with what other columns must have beside it, so that only the machine can refuse."""
    if machine.name == "step":
        return {"status": status, **companions(status)}
    if machine is RUN:
        return {"status": status, "finished_at": timezone.now() if status in RUN.terminal else None}
    if machine.name == "agent run":
        return {"status": status, "output": {} if status == "succeeded" else None}
    if machine is EFFECT:
        return {
            "status": status,
            "delivery": delivery_of(status),
            "error": "It could not be done." if status in {"held", "failed"} else "",
            "provider_ref": "v_pub_file~1" if status in {"sent", "confirmed"} else "",
            "confirmed_by": "provider" if status == "confirmed" else "",
            "finished_at": timezone.now() if status in EFFECT.terminal else None,
        }
    if machine is WEBHOOK:
        finished_at = None if status == "received" else NOON
        return {"status": status, "note": "So it was.", "finished_at": finished_at}
    if machine.name == "alert":
        return {"status": status, **answered(status)}
    if machine.name == "reservation":
        return {"status": status, **settled(status)}
    if machine.name == "memory item":
        return {"status": status, **decided(status)}
    if machine is BATCHED:
        return {"status": status, **batched_companions(status)}
    if machine.name == "breaker":
        return {"status": status, **breaker_times(status)}
    if machine.name == "connection":
        return {"status": status, "why": why_of(status)}
    return {"status": status}


def by_update(row: models.Model, values: dict[str, Any]) -> None:
    """Write the values by the ORM's `update`."""
    type(row)._default_manager.filter(pk=row.pk).update(**values)


def by_save(row: models.Model, values: dict[str, Any]) -> None:
    """Write the values by the ORM's `save`."""
    changed = type(row)._default_manager.get(pk=row.pk)
    for name, value in values.items():
        setattr(changed, name, value)
    changed.save()


def by_sql(row: models.Model, values: dict[str, Any]) -> None:
    """Write the values by plain SQL."""
    fields = {field.attname: field for field in type(row)._meta.concrete_fields}
    columns = ", ".join(f"{name} = %s" for name in values)
    prepared = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", [*prepared, row.pk])


def status_after(
    write: Callable[[models.Model, dict[str, Any]], None], row: models.Model, values: dict[str, Any]
) -> str:
    """Return the row's status after the write, or the sentence it was refused with; either way undo it."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                write(row, values)
            found = str(type(row)._default_manager.values_list("status", flat=True).get(pk=row.pk))
        except IntegrityError as refusal:
            found = str(refusal).partition("\n")[0]
        transaction.set_rollback(True)
    return found


def test_find_machines_finds_those_there_are() -> None:
    assert sorted(MACHINES) == sorted(MAKERS)
    assert {machine.name for machine in MACHINES.values() if not machine.terminal} == {
        "breaker",
        "connection",
    }  # go round


@pytest.mark.parametrize(
    ("name", "source", "forbidden"),
    [
        ("approval request", "rejected", "open approved released"),  # a no stays a no
        ("approval request", "open", "released"),  # nobody said yes
        ("step", "pending", "running waiting succeeded failed"),  # what it waits for has not ended
        ("step", "ready", "pending waiting succeeded failed"),  # nobody claimed it
        ("step", "running", "pending"),
        ("run", "queued", "waiting succeeded"),  # nobody worked on it
        ("run", "running", "queued"),
        ("run", "paused", "succeeded failed"),  # a person resumes it first
        ("effect", "prepared", "sent unknown confirmed"),  # nothing left that could be there
        ("effect", "sending", "confirmed held handed_over"),  # TikTok said nothing yet
        ("effect", "sent", "sending held handed_over"),  # never sent twice
        ("effect", "unknown", "held handed_over"),  # it may be out: nobody is asked to post it
        ("effect", "held", "sending sent confirmed handed_over"),  # nobody said yes again
        ("effect", "handed_over", "prepared sending sent unknown held"),  # it is in a person's hands
        ("import", "queued", "succeeded"),
        ("import", "running", "queued"),
        ("alert", "resolved", "open acknowledged"),  # should it happen again, that is another
        ("pull address", "fetched", "active revoked"),  # what TikTok has it has
        ("pull address", "revoked", "active fetched spent"),  # nothing is given out any more
        ("connection", "disconnected", "reconnect"),  # nobody waits for what people ended
        ("batched question", "prepared", "submitted answered"),  # what leaves is written down first
        (
            "batched question",
            "submitted",
            "prepared submitting cancelled",
        ),  # it is out, and paid or cancelled
        ("breaker", "closed", "half_open"),  # nothing is probed that did not fail
    ],
)
def test_forbid_moves_that_would_skip_what_must_come_between(name: str, source: str, forbidden: str) -> None:
    assert [target for target in forbidden.split() if MACHINES[name].allows(source, target)] == []


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("step", "succeeded failed skipped cancelled"),
        ("run", "succeeded failed cancelled"),
        ("import", "succeeded failed cancelled"),
        ("agent run", "succeeded failed"),
        ("effect", "confirmed failed"),
        ("webhook", "processed ignored not_understood failed"),
        ("alert", "resolved"),
        ("batched question", "answered failed cancelled"),
    ],
)
def test_end_for_good_in_the_states_the_design_names(name: str, ends: str) -> None:
    assert MACHINES[name].terminal == set(ends.split())


@pytest.mark.django_db
@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_install_machine_puts_the_same_pairs_into_the_database(machine: TransitionTable) -> None:
    assert installed_pairs(machine) == machine.pairs


@pytest.mark.django_db
@pytest.mark.parametrize(("machine", "source", "target"), PAIRS)
def test_move_status_passes_where_the_table_says_so_and_nowhere_else(
    machine: TransitionTable, source: str, target: str
) -> None:
    row = MAKERS[machine.name](source)
    allowed = machine.allows(source, target) or source == target
    expected = target if allowed else f"A {machine.name} that is '{source}' cannot become '{target}'."
    found = [status_after(write, row, with_status(machine, target)) for write in (by_update, by_save, by_sql)]
    assert found == [expected] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("name", MAKERS)
def test_write_status_no_machine_knows_is_refused(name: str) -> None:
    machine = MACHINES[name]
    row = MAKERS[name](machine.statuses[0])
    assert "cannot become 'lost'" in status_after(by_sql, row, {"status": "lost"})
    with pytest.raises(IntegrityError, match="status_known"), transaction.atomic():
        MAKERS[name]("lost")
