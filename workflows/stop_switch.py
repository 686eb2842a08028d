"""The stop switch: whoever may, stops everything, a workspace, a brand, an account or a workflow.

Promise: no new outward act starts more than 5 seconds after the switch. It is read in the transaction that
lets an effect start, which is good for 2 seconds (`START_WITHIN_SECONDS`); and again right before each
announcement and each chunk of an upload. An upload under way stops before its next chunk, and goes on
from there. A run that is stopped waits, loses no try, and is taken up again at the release.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.audit.services import actor_name, record
from tiktok_ops.errors import NotAllowed, Overtaken, Refused
from workflows.catalogue import known_slugs
from workflows.models import Effect, StopSwitch
from workflows.protocol import wake

LONGEST_REASON = 300
PAGE = 500
BEGINNING = frozenset({"prepared", "sending", "sent", "unknown"})
"""Where an effect's next move may be an outward act."""

_ONE = ("workspace", "brand__workspace", "account__workspace")


class Stopped(Refused):
    """A stop switch is engaged: nothing was sent."""


class StopRefused(Refused):
    """This cannot be stopped."""


class StopNotAllowed(NotAllowed):
    """This is not yours to stop."""


class StopOvertaken(Overtaken):
    """Somebody else was first."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be stopped: one of these, a workflow in one workspace or all, or, with none, everything."""

    workspace: Workspace | None = None
    brand: Brand | None = None
    account: TikTokAccount | None = None
    workflow: str = ""

    def as_switch(self, **values: str) -> StopSwitch:
        """Return the switch for it, not saved."""
        part = self.account or self.brand
        scope = StopSwitch.Scope.WORKSPACE if self.workspace else StopSwitch.Scope.EVERYTHING
        if self.workflow:
            scope = StopSwitch.Scope.WORKFLOW
        if part is not None:
            scope = StopSwitch.Scope.ACCOUNT if self.account else StopSwitch.Scope.BRAND
        return StopSwitch(
            scope=scope,
            workspace=part.workspace if part else self.workspace,
            brand=None if self.account else self.brand,
            account=self.account,
            workflow=self.workflow,
            **values,
        )


def why_stopped(account: TikTokAccount, workflow: str) -> str | None:
    """Return why nothing of the workflow (its slug) may leave from the account now, or None; one query."""
    stops = StopSwitch.objects.engaged().stopping(
        workspace=account.workspace_id, brand=account.brand_id, account=account.id, workflow=workflow
    )
    first = stops.select_related(*_ONE).order_by("engaged_at").first()
    return sentence_of(first) if first else None


def check_not_stopped(account: TikTokAccount, workflow: str) -> None:
    """Raise `Stopped` with why nothing of the workflow (its slug) may leave from the account now."""
    if why := why_stopped(account, workflow):
        raise Stopped(why)


def sentence_of(stop: StopSwitch) -> str:
    """Return what is stopped, since when, by whom and why, in a sentence or two."""
    by, since = stop.engaged_by.removeprefix("user:"), stop.engaged_at
    return (
        f"{stop.what} is stopped since {since.day} {since:%b %Y, %H:%M} UTC by {by}: “{stop.reason}” "
        "It goes on when the stop switch is released."
    )


def may_stop(by: User, stop: StopSwitch) -> bool:
    """Return whether they may engage and release this: owners for what is theirs, superusers anything."""
    if not by.is_active:
        return False
    if by.is_superuser:
        return True
    if stop.account is not None:
        return TikTokAccount.objects.visible_to(by, Capability.MANAGE).filter(id=stop.account.id).exists()
    if stop.brand is not None:
        return Brand.objects.visible_to(by, Capability.MANAGE).filter(id=stop.brand.id).exists()
    if stop.workspace is None:
        return False
    return workspaces_with(by, Capability.MANAGE).filter(id=stop.workspace.id).exists()


def engage(*, target: Target, reason: str, by: User | str) -> StopSwitch:
    """Stop something; what is under way halts before its next outward act.

    `by` is a person or the name of a process. Raises `StopRefused` for no reason or an unknown workflow,
    `StopNotAllowed`, or `StopOvertaken` when it is stopped already.
    """
    stop = target.as_switch(reason=reason.strip(), engaged_by=actor_name(by))
    _check_words(stop)
    _check_allowed(by, stop)
    try:
        with transaction.atomic():
            stop.save(force_insert=True)
            _record("stop_switch.engaged", stop, by=by)
    except IntegrityError as error:
        if "stop_switch_once" not in str(error):
            raise
        raise StopOvertaken(f"{stop.what} is stopped already: release that switch first.") from None
    stop.refresh_from_db(fields=["engaged_at"])
    return stop


def release(*, stop_id: UUID, by: User | str) -> StopSwitch:
    """Let go on what the switch stopped, unless another one does; whatever waited for it is taken up again.

    Raises `StopNotAllowed`, or `StopOvertaken` when it was released already.
    """
    with transaction.atomic():
        stop = StopSwitch.objects.select_for_update(of=("self",)).select_related(*_ONE).get(id=stop_id)
        _check_allowed(by, stop)
        if not stop.is_engaged:
            raise StopOvertaken(f"{stop.what} was released already, by {stop.released_by}.")
        StopSwitch.objects.filter(id=stop.id).update(released_at=Now(), released_by=actor_name(by))
        _record("stop_switch.released", stop, by=by)
    # After the commit, a run at a time; what is missed here, or comes to wait just now, the keeper wakes.
    wake_unstopped()
    stop.refresh_from_db(fields=["released_at", "released_by"])
    return stop


def wake_unstopped() -> int:
    """Wake steps that wait for no time and nobody, and that nothing stops; return how many."""
    woken = 0
    for step_id in unstopped().values_list("step_id", flat=True)[:PAGE]:
        with transaction.atomic():
            woken += wake(step_id)
    return woken


def unstopped() -> QuerySet[Effect]:
    """Return the effects whose step waits for no time, that no person holds, and that nothing stops."""
    stops = StopSwitch.objects.engaged().stopping(
        workspace=OuterRef("workspace"),
        brand=OuterRef("account__brand"),
        account=OuterRef("account"),
        workflow=OuterRef("step__run__definition__slug"),
    )
    idle = Effect.objects.filter(step__status="waiting", step__wake_at=None)
    return idle.exclude(status__in=["held", "handed_over"]).filter(
        ~Q(status__in=sorted(BEGINNING)) | ~Exists(stops)
    )


def _check_words(stop: StopSwitch) -> None:
    """Raise `StopRefused` unless there is a reason, and the workflow, if one is named, is one."""
    if not 0 < len(stop.reason) <= LONGEST_REASON:
        raise StopRefused(f"The reason is {stop.reason[:80]!r}: say why in 1 to {LONGEST_REASON} characters.")
    if stop.workflow and stop.workflow not in known_slugs():
        raise StopRefused(f"There is no workflow {stop.workflow!r}; there are {', '.join(known_slugs())}.")


def _check_allowed(by: User | str, stop: StopSwitch) -> None:
    """Raise `StopNotAllowed` unless they may."""
    if isinstance(by, User) and not may_stop(by, stop):
        whom = "a superuser" if stop.workspace is None else "an owner of the workspace, or a superuser"
        raise StopNotAllowed(f"{by.username!r} may not stop or release this ({stop.what}): ask {whom}.")


def _record(verb: str, stop: StopSwitch, *, by: User | str) -> None:
    data = {"scope": stop.scope, "reason": stop.reason, "switch": str(stop.id)}
    record(verb, by=by, subject=stop.what, workspace_id=stop.workspace_id, data=data)
