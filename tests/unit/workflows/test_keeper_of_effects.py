"""What the keeper does about effects: honest words where a step ended without its own, and nobody sleeps through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.factories.effects import effect_on
from tests.factories.workflows import companions
from tiktok_ops.audit.models import AuditEvent
from workflows.effects.ledger import STRANDED, strand
from workflows.effects.models import Effect
from workflows.keeper import Keeper, look_after_stranded, sweep, wake_waiting
from workflows.models import WorkflowStep
from workflows.transitions import EFFECT, STEP

REFERENCE = "v_pub_file~v2-1.7300000000000000000"


def effect_whose_step(step_status: str, *, status: str, **changes: Any) -> Effect:
    """Return an effect in a status whose step is in another."""
    effect = effect_on(status=status, **changes)
    values = {"status": step_status, **companions(step_status), "claims": 1}
    WorkflowStep.objects.filter(id=effect.step_id).update(**values)
    return effect


def kinds(effect: Effect) -> list[str]:
    """Return what the run's events say of effects."""
    found = effect.step.run.events.filter(kind__startswith="effect.").values_list("kind", flat=True)
    return list(found)


@pytest.mark.django_db
@pytest.mark.parametrize("step_status", sorted(STEP.terminal))
@pytest.mark.parametrize(
    ("status", "reference", "said"),
    [
        ("prepared", "", "failed"),
        ("sending", "", "failed"),
        ("sending", REFERENCE, "unknown"),
        ("sent", REFERENCE, "unknown"),
    ],
)
def test_look_after_an_effect_whose_step_ended_says_what_is_known(
    step_status: str, status: str, reference: str, said: str
) -> None:
    changes = {"provider_ref": reference} if status == "sending" else {}
    effect = effect_whose_step(step_status, status=status, **changes)

    sweep()

    effect.refresh_from_db()
    assert (effect.status, kinds(effect)) == (said, [f"effect.{said}"])
    assert effect.error
    assert (effect.finished_at is not None) is (said == "failed")
    audited = AuditEvent.objects.get(verb=f"effect.{said}", subject=f"effect {effect.id}")
    assert audited.actor == "keeper"
    sweep()
    assert len(kinds(effect)) == 1


@pytest.mark.django_db
def test_look_after_an_effect_that_was_not_begun_keeps_the_steps_own_reason() -> None:
    effect = effect_whose_step("failed", status="prepared")

    sweep()

    effect.refresh_from_db()
    assert effect.error == "It could not be done."


@pytest.mark.django_db
@pytest.mark.parametrize("step_status", sorted(STEP.terminal))
@pytest.mark.parametrize("status", sorted(set(EFFECT.statuses) - STRANDED))
def test_look_after_an_effect_that_is_where_it_may_stay_changes_nothing(
    status: str, step_status: str
) -> None:
    effect = effect_whose_step(step_status, status=status)

    sweep()
    assert not strand(effect)

    effect.refresh_from_db()
    assert (effect.status, kinds(effect)) == (status, [])


@pytest.mark.django_db
@pytest.mark.parametrize("step_status", ["ready", "running", "waiting"])
@pytest.mark.parametrize("status", sorted(STRANDED))
def test_strand_an_effect_whose_step_goes_on_changes_nothing(status: str, step_status: str) -> None:
    effect = effect_whose_step(step_status, status=status)

    assert not strand(effect)

    effect.refresh_from_db()
    assert effect.status == status


@pytest.mark.django_db
@pytest.mark.parametrize("status", EFFECT.statuses)
def test_look_after_a_step_that_waits_for_nothing_wakes_it_unless_a_person_has_it(status: str) -> None:
    effect = effect_on(status=status)

    sweep()

    woken = WorkflowStep.objects.get(id=effect.step_id).status == "ready"
    assert woken is (status not in {"held", "handed_over"})


@pytest.mark.django_db
def test_look_after_a_step_that_waits_for_a_time_lets_it_sleep() -> None:
    effect = effect_on(status="sent")
    WorkflowStep.objects.filter(id=effect.step_id).update(wake_at=timezone.now() + timedelta(hours=1))

    sweep()

    assert WorkflowStep.objects.get(id=effect.step_id).status == "waiting"


@pytest.mark.django_db
def test_sweep_looks_after_effects_and_wakes_what_waited() -> None:
    stranded, waited = effect_whose_step("failed", status="prepared"), effect_on(status="sent")
    WorkflowStep.objects.filter(id=waited.step_id).update(wake_at=timezone.now() - timedelta(seconds=1))

    sweep()

    stranded.refresh_from_db()
    assert stranded.status == "failed"
    assert WorkflowStep.objects.get(id=waited.step_id).status == "ready"


def test_two_keepers_at_once_say_and_wake_everything_once(committed_db: str) -> None:
    stranded = effect_whose_step("failed", status="prepared")
    waited = effect_on(status="sent")
    WorkflowStep.objects.filter(id=waited.step_id).update(wake_at=timezone.now() - timedelta(seconds=1))

    def one(_: int) -> int:
        try:
            look_after_stranded()
            return wake_waiting()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(one, range(2))) == 1

    assert kinds(stranded) == ["effect.failed"]
    ready = waited.step.run.events.filter(kind="step.ready", data__key="post")
    assert ready.count() == 1


def test_keeper_that_does_not_lead_leaves_effects_alone(committed_db: str) -> None:
    leader, other = Keeper(), Keeper()
    leader.tick()
    stranded = effect_whose_step("failed", status="prepared")
    try:
        other.tick()
        stranded.refresh_from_db()
        assert stranded.status == "prepared"
        leader.tick()
        stranded.refresh_from_db()
        assert stranded.status == "failed"
    finally:
        leader.leave()
        other.leave()
