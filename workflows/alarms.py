"""What becomes an alert here, in which words, and what people are told to do about it.

Each is raised in the transaction of what it tells of, and resolved where its cause is gone.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID

from tiktok_ops.accounts.models import User
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve_about
from tiktok_ops.cells import shortened
from workflows.effects.models import Effect
from workflows.effects.parts import in_words, is_made, parts_in
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import Alarm
from workflows.processes import this_host

EFFECT_LOST = "effect_unknown"
EFFECT_UNDONE = "effect_failed"
CLUSTER_WEDGED = "cluster_restarted"
LONGEST_REASON = 500

_SEVERITIES: Mapping[Alarm, Alert.Severity] = MappingProxyType(
    {
        Alarm.PARKED: Alert.Severity.CRITICAL,
        Alarm.GAVE_UP: Alert.Severity.WARNING,
        Alarm.ERRORED: Alert.Severity.CRITICAL,
    }
)

_ADVICE: Mapping[Alarm, str] = MappingProxyType(
    {
        Alarm.PARKED: "Look at what the step is given: it takes its worker down each time. Once that is mended, "
        "try the step again on the run's page.",
        Alarm.GAVE_UP: "Look under Breakers whether the provider answers again, then try the step again on the "
        "run's page.",
        Alarm.ERRORED: "This is a fault of ours: give the engineers the run's id, they have the details. Once it is "
        "mended, try the step again on the run's page.",
    }
)


def raise_for_step(step_id: UUID, alarm: Alarm, *, error: str) -> None:
    """Raise the alert for a step that failed, in the transaction that fails it; a loop's items count as one."""
    step = WorkflowStep.objects.select_related("run__definition", "run__account").get(id=step_id)
    run = step.run
    raise_alert(
        kind=alarm,
        about=run,
        part=step.key,
        of=run.account,
        severity=_SEVERITIES[alarm],
        sentence=f"{label_of(run, step.key)!r} failed in {run}: {shortened(error, chars=LONGEST_REASON)}",
        what_to_do=_ADVICE[alarm],
    )


def resolve_for_step(run: WorkflowRun, key: str, *, by: User | str) -> None:
    """Resolve what was raised for a step of the run that is done again; should it fail again, that is another alert."""
    for alarm in Alarm:
        resolve_about(kind=alarm, about=run, part=key, by=by)


def label_of(run: WorkflowRun, key: str) -> str:
    """Return what people call the node; its key where the definition has no such node."""
    nodes = run.definition.definition.get("nodes", [])
    return next((node["label"] for node in nodes if node["key"] == key), key)


def raise_for_lost_effect(effect: Effect) -> None:
    """Raise the alert for an effect nobody can tell what became of."""
    raise_alert(
        kind=EFFECT_LOST,
        about=effect,
        of=effect.account,
        severity=Alert.Severity.CRITICAL,
        sentence=f"Nobody can tell whether this is live: {effect.request.title}.",
        what_to_do="Look at the account in the TikTok app. If it is there, give its link on the effect's page. If it "
        "is not, another approver than the one who approved it may allow one more attempt there.",
    )


def raise_for_undone_effect(effect: Effect, *, error: str) -> None:
    """Raise the alert for an effect that was approved, is not done and will not be, for whatever reason."""
    raise_alert(
        kind=EFFECT_UNDONE,
        about=effect,
        of=effect.account,
        severity=Alert.Severity.WARNING,
        sentence=f"This was approved and did not go out: {effect.request.title}: "
        f"{shortened(error, chars=LONGEST_REASON)}",
        what_to_do=_what_to_do_of_undone(effect),
    )


def _what_to_do_of_undone(effect: Effect) -> str:
    """Return what to do about a failed effect; what TikTok has of it comes first."""
    if is_made(effect):
        return (
            f"{in_words(parts_in(effect.creator))} It is switched off: finish it, or delete it, in TikTok Ads Manager. "
            "To have all of it made anew, put right what the reason names, try the step again on the run's page, and "
            "give another name when it is asked for: one that TikTok has is refused."
        )
    return (
        "Nothing of it is live. Put right what the reason names; where TikTok was away, see under Breakers "
        "whether it answers again. Then try the step again on the run's page; it is asked for once more."
    )


def resolve_for_effect(effect: Effect, *, by: User | str) -> None:
    """Resolve what was raised for an effect of which it is known again what became of it."""
    resolve_about(kind=EFFECT_LOST, about=effect, by=by)


def resolve_for_undone_effects(steps: Iterable[WorkflowStep], *, by: User | str) -> None:
    """Resolve what was raised for the effects of steps that are done again."""
    for effect in Effect.objects.filter(step__in=list(steps), status="failed"):
        resolve_about(kind=EFFECT_UNDONE, about=effect, by=by)


def raise_for_wedged_cluster(name: str, *, stall_seconds: float) -> None:
    """Raise the alert for a cluster of this host that stood still and was started again."""
    raise_alert(
        kind=CLUSTER_WEDGED,
        about=f"{name} on {this_host()}",
        of=None,
        severity=Alert.Severity.WARNING,
        sentence=f"The cluster {name!r} of the host {this_host().partition('/')[0]!r} stood still for "
        f"{stall_seconds:.0f} s with work to do, and was started again.",
        what_to_do="Nothing was lost: its steps are taken up again. If it happens again, look at the worker's log and "
        "at the host's memory and processor.",
    )
