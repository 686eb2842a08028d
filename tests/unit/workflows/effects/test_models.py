"""What the database refuses of effects, one test for each rule."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from approvals.models import Decision
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.effects import effect_on
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.transitions import EFFECT

pytestmark = pytest.mark.django_db


def update(effect: Effect, **values: Any) -> None:
    """Change the effect, with every rule of the database checked now."""
    with transaction.atomic():
        Effect.objects.filter(id=effect.id).update(**values)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


VIOLATIONS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "effect_was_approved": ("prepared", {}, {"verb": "reject"}),
    "effect_by_hand_is_not_sent": ("prepared", {"delivery": "by_hand"}, {"status": "sending"}),
    "effect_handed_over_by_hand": ("prepared", {}, {"status": "handed_over"}),
    "effect_sent_has_reference": ("sending", {}, {"status": "sent", "provider_ref": ""}),
    "effect_failure_has_reason": (
        "prepared",
        {},
        {"status": "failed", "error": "", "finished_at": timezone.now()},
    ),
    "effect_confirmed_by_somebody": (
        "sent",
        {},
        {"status": "confirmed", "confirmed_by": "", "finished_at": timezone.now()},
    ),
    "effect_provider_names_reference": (
        "sent",
        {},
        {
            "status": "confirmed",
            "confirmed_by": "provider",
            "provider_ref": "",
            "finished_at": timezone.now(),
        },
    ),
    "effect_person_gives_link": (
        "sent",
        {},
        {"status": "confirmed", "confirmed_by": "person", "url": "", "finished_at": timezone.now()},
    ),
    "effect_finished_when_over": ("prepared", {}, {"finished_at": timezone.now()}),
    "effect_keeps_no_secret_longer": ("prepared", {}, {"upload_secret": b"secret"}),
    "effect_begins_again_on_a_word": ("unknown", {"claims": 1}, {"status": "prepared", "cleared_by": ""}),
    "effect_person_allows_attempt": ("unknown", {"claims": 1}, {"cleared_by": "person"}),
    "effect_attempt_has_reason": ("unknown", {}, {"attempt_allowed_at": timezone.now()}),
}
"""For each constraint: a status and fields to begin with, and the change that violates it and no other."""


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violate_a_rule_of_effects_is_refused_by_the_database(name: str) -> None:
    status, fields, change = VIOLATIONS[name]
    effect = effect_on(status=status, **fields)

    with pytest.raises(IntegrityError, match=name):
        update(effect, **change)


def test_status_that_is_none_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError, match="effect_status_known"):
        effect_on(status="lost")


def test_every_constraint_of_effects_is_violated_by_a_test() -> None:
    constraints = {constraint.name for constraint in Effect._meta.constraints}

    assert constraints == {*VIOLATIONS, "effect_status_known"}


@pytest.mark.parametrize("status", ["failed", "confirmed"])
def test_effect_that_is_over_without_a_time_is_refused(status: str) -> None:
    effect = effect_on(status="sent")
    word = {"confirmed_by": "provider"} if status == "confirmed" else {"error": "No."}

    with pytest.raises(IntegrityError, match="effect_finished_when_over"):
        update(effect, status=status, **word)


def test_person_without_a_link_or_without_a_name_cannot_confirm() -> None:
    effect = effect_on(status="sent")
    over = {"status": "confirmed", "confirmed_by": "person", "finished_at": timezone.now()}

    for change in ({"url": "https://x"}, {"settled_by": person(effect.workspace, Role.OPERATOR)}):
        with pytest.raises(IntegrityError, match="effect_person_gives_link"):
            update(effect, **over, **change)


@pytest.mark.parametrize(
    "column", ["step", "kind", "idempotency_key", "account", "workspace", "mode", "created_at"]
)
def test_what_an_effect_is_cannot_be_changed(column: str) -> None:
    effect, other = effect_on(), effect_on()
    values: dict[str, Any] = {
        "step": other.step,
        "account": other.account,
        "workspace": other.workspace,
        "created_at": timezone.now(),
    }

    with pytest.raises(IntegrityError, match="frozen"):
        update(effect, **{column: values.get(column, "other")})


def sealed_by(effect: Effect, decision: Decision) -> dict[str, Any]:
    """Return the change that puts the effect under this decision."""
    return {
        "decision": decision,
        "request": decision.request,
        "payload_sha256": decision.payload_sha256,
    }


def test_effect_under_a_rejection_is_refused() -> None:
    effect = effect_on()
    run = asked_run(effect.account, given={"caption": "Another"})
    request = request_of(run)
    # Not by the service: what is to be refused here is a row, whoever wrote it.
    no = Decision.objects.create(
        request=request,
        verb="reject",
        decided_by=person(effect.workspace, Role.APPROVER),
        channel="admin",
        comment="No.",
        payload=bytes(request.payload),
        payload_sha256=request.payload_sha256,
        seal="0" * 64,
        seal_key_id="1",
        decided_at=timezone.now(),
    )

    with pytest.raises(IntegrityError, match="workflows_effect_sealed_bytes"):
        update(effect, **sealed_by(effect, no))


@pytest.mark.parametrize("left_out", ["decision", "request", "payload_sha256"])
def test_effect_under_parts_of_another_approval_is_refused(left_out: str) -> None:
    effect = effect_on()
    other = effect_on(given={"caption": "Another"})
    theirs = sealed_by(other, other.decision)
    Effect.objects.filter(id=other.id).delete()

    with pytest.raises(IntegrityError, match="workflows_effect_sealed_bytes"):
        update(effect, **{name: value for name, value in theirs.items() if name != left_out})


def test_two_effects_under_one_decision_are_refused() -> None:
    effect, other = effect_on(), effect_on()

    with pytest.raises(IntegrityError, match="decision_id"):
        update(other, **sealed_by(effect, effect.decision))


def test_effect_in_another_workspace_than_its_account_is_refused() -> None:
    effect = effect_on()
    values = {field.attname: getattr(effect, field.attname) for field in Effect._meta.concrete_fields}
    Effect.objects.filter(id=effect.id).delete()
    elsewhere: Workspace = AccountFactory.create().workspace

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="workflows_effect_account_same_workspace"):
        Effect.objects.create(**{**values, "workspace_id": elsewhere.id})


def test_status_machine_of_effects_never_sends_twice_without_going_back_to_prepared_or_unknown() -> None:
    assert {source for source, target in EFFECT.pairs if target == "sending"} == {"prepared", "unknown"}
    assert EFFECT.terminal == {"confirmed", "failed"}


def test_effect_is_called_what_was_decided_on() -> None:
    effect = effect_on(status="sending")
    assert str(effect) == effect.request.title != ""


# Another attempt ------------------------------------------------------------------------------------


def leave(by: User) -> dict[str, Any]:
    """Return the change by which this person lets an unknown effect begin once more."""
    return {
        "status": "prepared",
        "cleared_by": "person",
        "attempt_allowed_by": by,
        "attempt_allowed_at": timezone.now(),
        "attempt_reason": "It is not there.",
    }


def unknown_effect() -> Effect:
    """Return an effect that was sent once, nobody knows with what end."""
    return effect_on(status="unknown", claims=1)


@pytest.mark.parametrize("status", ["unknown", "sending", "sent"])
def test_effect_that_begins_again_without_being_prepared_anew_is_refused(status: str) -> None:
    effect = effect_on(status=status, claims=1)

    with pytest.raises(IntegrityError, match="from prepared only"):
        update(effect, claims=2)
    with pytest.raises(IntegrityError, match="from prepared only"):
        update(effect, status="sending" if status == "unknown" else "unknown", claims=2)


def test_effect_whose_second_attempt_nobody_allowed_is_refused() -> None:
    effect = unknown_effect()

    with pytest.raises(IntegrityError, match="effect_begins_again_on_a_word"):
        update(effect, status="prepared")
    with pytest.raises(IntegrityError, match="effect_person_allows_attempt"):
        update(effect, status="prepared", cleared_by="person")
    with pytest.raises(IntegrityError, match="effect_person_allows_attempt"):
        update(effect, status="prepared", cleared_by="nobody")


@pytest.mark.parametrize("left_out", ["attempt_allowed_at", "attempt_reason"])
def test_attempt_allowed_without_a_time_or_a_reason_is_refused(left_out: str) -> None:
    effect = unknown_effect()
    given = leave(person(effect.workspace, Role.APPROVER))

    with pytest.raises(IntegrityError, match="effect_attempt_has_reason"):
        update(effect, **{name: value for name, value in given.items() if name != left_out})


def test_attempt_allowed_by_who_approved_the_effect_is_refused() -> None:
    effect = unknown_effect()

    with pytest.raises(IntegrityError, match="by another than who approved it"):
        update(effect, **leave(effect.decision.decided_by))


def test_attempt_allowed_twice_is_refused() -> None:
    effect = unknown_effect()
    update(effect, **leave(person(effect.workspace, Role.APPROVER)))
    update(effect, status="sending", claims=2, cleared_by="")
    update(effect, status="unknown")

    with pytest.raises(IntegrityError, match="once only"):
        update(effect, status="prepared", cleared_by="person")
    with pytest.raises(IntegrityError, match="once only"):
        update(effect, **leave(person(effect.workspace, Role.APPROVER)))
    with pytest.raises(IntegrityError, match="once only"):
        update(effect, attempt_allowed_by=None, attempt_allowed_at=None, attempt_reason="")
