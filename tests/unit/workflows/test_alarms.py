"""What becomes an alert, in the transaction of what it tells of, and what resolves it again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.providers.errors import ProviderUnavailable
from agents.services import reset_breaker
from tests.factories.accounts import UserFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.breakers import DOWN, breaker, call, fail, let_cool_down
from tests.factories.effects import effect_on, since
from tests.factories.workflows import WorkflowRunFactory, companions, make_due, run_of, workflow_of
from tests.unit.workflows.test_engine import acting, advance, node, raising, step_of
from tests.unit.workflows.test_keeper import poisoned
from tests.unit.workflows.test_supervisor import NotedCluster
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import acknowledge, resolve
from tiktok_ops.errors import Refused
from tiktok_ops.signals import Stop
from workflows import protocol
from workflows.alarms import label_of, raise_for_step
from workflows.control import retry_step
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.keeper import park_exhausted, raise_for_lost_effects, sweep
from workflows.models import WorkflowRun, WorkflowStep
from workflows.supervisor import Group, Load, Watch

pytestmark = pytest.mark.django_db

REFERENCE = "v_pub_file~v2-1.7300000000000000000"


def alerts() -> list[tuple[str, str, int]]:
    """Return kind, status and count of each alert, the oldest first."""
    return list(Alert.objects.order_by("id").values_list("kind", "status", "times"))


# Steps ----------------------------------------------------------------------------------------------


def test_park_a_step_raises_an_alert_about_its_run() -> None:
    run = WorkflowRun.objects.get(id=poisoned())
    park_exhausted()
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity, alert.account) == ("step_parked", "critical", run.account)
    assert (alert.subject_type, alert.subject_id) == ("workflows.workflowrun", run.id)
    assert alert.sentence == (
        f"'poison' failed in {run}: Stopped after 3 starts in a row: each time its worker died before the step ended."
    )
    assert "takes its worker down" in alert.what_to_do


def test_give_up_after_the_last_try_raises_an_alert_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    run = acting(monkeypatch, raising(ProviderUnavailable("Away.", was_sent=False)))
    for _ in range(2):
        advance(run)
        make_due(step_of(run))
    assert alerts() == []
    advance(run)
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity) == ("step_gave_up", "warning")
    assert alert.sentence == f"'A' failed in {run}: Gave up after 3 tries: Away."


def test_fail_by_a_bug_of_ours_raises_an_alert_without_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    run = acting(monkeypatch, raising(ZeroDivisionError("division by secret")))
    advance(run)
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity) == ("run_failed", "critical")
    assert "Something went wrong in 'A' (ZeroDivisionError)" in alert.sentence
    assert "secret" not in alert.sentence


def test_fail_by_an_outcome_that_cannot_be_stored_raises_an_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    use_agents(monkeypatch, made_agent("odd"))
    run = run_of(workflow_of(node("a", agent="odd", options={"text": "x"})))
    monkeypatch.setattr(
        protocol, "_as_json", Once(protocol._as_json, {"status": "succeeded", "output": {"text": "\x00"}})
    )
    advance(run)
    assert alerts() == [("run_failed", "open", 1)]


class Once:
    """Answers the first call with a value of the test's, and all others as the function would."""

    def __init__(self, function: Any, value: Any) -> None:
        self._function, self._values = function, [value]

    def __call__(self, *arguments: Any) -> Any:
        return self._values.pop() if self._values else self._function(*arguments)


def test_fail_as_foreseen_where_nothing_was_to_leave_raises_none(monkeypatch: pytest.MonkeyPatch) -> None:
    run = acting(monkeypatch, raising(Refused("It does not do.")))
    advance(run)
    assert (step_of(run).status, alerts()) == ("failed", [])


def test_fail_where_the_failure_is_rolled_back_raises_none(monkeypatch: pytest.MonkeyPatch) -> None:
    run = acting(monkeypatch, raising(ZeroDivisionError()))

    def broken(*given: Any, **named: Any) -> None:
        raise_for_step(*given, **named)
        raise RuntimeError("no more")

    monkeypatch.setattr(protocol, "raise_for_step", broken)
    with pytest.raises(RuntimeError):
        advance(run)
    assert (step_of(run).status, alerts()) == ("running", [])


def test_do_a_step_again_resolves_its_alert_and_failing_again_opens_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = acting(monkeypatch, raising(ZeroDivisionError()))
    advance(run)
    ana = UserFactory.create(username="ana")
    retry_step(step_id=step_of(run).id, by=ana)
    assert Alert.objects.get().resolved_by == "user:ana"
    advance(run)
    assert alerts() == [("run_failed", "resolved", 1), ("run_failed", "open", 1)]


def test_label_of_a_step_no_definition_has_is_its_key() -> None:
    run = WorkflowRunFactory.create()
    assert (label_of(run, "only"), label_of(run, "each_list")) == ("Only", "each_list")


# Effects --------------------------------------------------------------------------------------------


def stranded(status: str, **changes: Any) -> Effect:
    """Return an effect in a status whose step failed."""
    effect = effect_on(status=status, **changes)
    values = {"status": "failed", **companions("failed"), "claims": 1}
    WorkflowStep.objects.filter(id=effect.step_id).update(**values)
    return effect


def lost(minutes: float) -> Effect:
    """Return an effect that has been unknown for so long."""
    effect = effect_on(status="unknown", provider_ref=REFERENCE)
    since(effect, timezone.now() - timedelta(minutes=minutes))
    return effect


@pytest.mark.parametrize(
    ("status", "kind"),
    [("prepared", "effect_failed"), ("sending", "effect_failed"), ("sent", "effect_unknown")],
)
def test_strand_an_effect_raises_an_alert_about_it(status: str, kind: str) -> None:
    effect = stranded(status)
    sweep()
    sweep()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject_id, alert.account, alert.times) == (kind, effect.id, effect.account, 1)
    assert effect.request.title in alert.sentence


@pytest.mark.parametrize(("minutes", "raised"), [(14.9, 0), (15.1, 1)])
def test_effect_unknown_for_a_quarter_of_an_hour_raises_an_alert(minutes: float, raised: int) -> None:
    lost(minutes)
    assert raise_for_lost_effects() == raised
    assert alerts() == [("effect_unknown", "open", 1)] * raised


@pytest.mark.parametrize("answer", [acknowledge, resolve])
def test_effect_that_stays_unknown_raises_no_other_alert_whatever_people_say(answer: Any) -> None:
    lost(20)
    raise_for_lost_effects()
    answer(alert_id=Alert.objects.get().id, by="a test")
    assert raise_for_lost_effects() == 0
    assert len(alerts()) == 1


def test_effect_that_is_unknown_anew_raises_another_alert() -> None:
    effect = lost(60)
    raise_for_lost_effects()
    resolve(alert_id=Alert.objects.get().id, by="a test")
    Alert.objects.update(last_seen_at=timezone.now() - timedelta(minutes=40))
    since(effect, timezone.now() - timedelta(minutes=20))
    assert raise_for_lost_effects() == 1


def test_effect_that_went_on_meanwhile_raises_none() -> None:
    effect = lost(20)
    Effect.objects.filter(id=effect.id).update(status="sending")
    assert not ledger.raise_if_lost(effect)
    assert alerts() == []


@pytest.mark.parametrize("status", ["confirmed", "failed", "sending"])
def test_effect_of_which_it_is_known_again_what_became_resolves_its_alert(status: str) -> None:
    effect = lost(20)
    raise_for_lost_effects()
    changes = {"confirmed": {"confirmed_by": "provider"}, "failed": {"error": "It is not there."}}
    ledger.move(Effect.objects.get(id=effect.id), status, by="worker", **changes.get(status, {}))
    alert = Alert.objects.get()
    assert (alert.status, alert.resolved_by) == ("resolved", "worker")


# The installation -----------------------------------------------------------------------------------


def test_breaker_that_opens_raises_an_alert_and_closing_resolves_it() -> None:
    fail(4)
    assert alerts() == []
    fail()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject_id, alert.workspace) == ("breaker_open", breaker().id, None)
    assert alert.sentence == f"'claude' fails at 'messages' and is left alone for a while: {DOWN}"
    for probes in range(3):
        assert alerts() == [("breaker_open", "open", 1)], probes
        let_cool_down()
        call()
    assert alerts() == [("breaker_open", "resolved", 1)]


def test_breaker_whose_probe_fails_raises_no_other_alert() -> None:
    fail(5)
    let_cool_down()
    fail()
    assert alerts() == [("breaker_open", "open", 1)]


def test_reset_a_breaker_resolves_its_alert_in_that_persons_name() -> None:
    fail(5)
    root = UserFactory.create(is_superuser=True, username="root")
    reset_breaker(breaker_id=breaker().id, by=root)
    assert Alert.objects.get().resolved_by == "user:root"


@pytest.mark.parametrize(("is_alive", "raised"), [(True, 1), (False, 0)])
def test_restart_a_cluster_that_stood_still_raises_an_alert_one_that_died_none(
    is_alive: bool, raised: int
) -> None:
    noted: Any = NotedCluster()
    noted.lives = is_alive
    watch = Watch(stall_seconds=0.0 if is_alive else 60.0)
    Group(noted, watch).mind(Load(due=1, held=0, overdue=0, open=1), Stop())
    assert noted.noted == ["kill", "start"]
    assert alerts() == [("cluster_restarted", "open", 1)] * raised
    if raised:
        assert "The cluster 'short' of the host" in Alert.objects.get().sentence
