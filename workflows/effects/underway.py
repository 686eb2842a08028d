"""One effect on its way, whatever its kind: by whom it is carried out, and what its ends mean for the step."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from agents.providers.errors import ProviderError, ProviderMisconfigured, ReconnectNeeded
from agents.providers.tiktok.access import speaking_for
from agents.providers.tiktok.provider import TikTokProvider, get_tiktok
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS
from approvals.models import ApprovalRequest
from approvals.seal import SealBroken
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from tiktok_ops.errors import Refused
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.effects.next_look import is_overdue, is_unknown_long, look_again_seconds
from workflows.effects.parts import NOT_COUNTED, is_made, parts_in
from workflows.effects.reasking import as_it_is_now
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.outcomes import Failed, LeaseLost, Outcome, Succeeded, TryAgain, Waits
from workflows.retrying import after_trouble
from workflows.stop_switch import Stopped, check_not_stopped
from workflows.work import Work

START_WITHIN_SECONDS = 2.0
"""A worker that was held up for longer between the leave to send and the first byte does not send."""

AGAIN_SECONDS = 1.0
"""A worker that is always held up would else ask TikTok without end."""

A_PERSON_MAY_SAY = "A person who looks at the account may say on the effect's page whether it is live."


One = TypeVar("One", bound="Underway")


class TooLate(Refused):
    """The worker was held up between the leave to send and sending, so it asks for leave again."""


class NotYet(Refused):
    """Too much of this kind left lately; it goes out later."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        super().__init__(sentence)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Underway:
    """An effect at a moment of its way; `payload` are the approved bytes."""

    work: Work
    effect: Effect
    payload: bytes

    def moved(self, status: str, **changes: Any) -> Self:
        """Move the effect under this worker's claim; raises `LeaseLost`."""
        return replace(self, effect=ledger.advance(self.work, self.effect, status, **changes))

    def looked(self, **changes: Any) -> Self:
        """Count a look at what became of it; raises `LeaseLost`."""
        return replace(self, effect=ledger.looked(self.work, self.effect, **changes))

    def check_not_stopped(self) -> None:
        """Raise `Stopped` while nothing of this workflow may leave from the account."""
        check_not_stopped(self.effect.account, self.work.workflow.slug)

    def speaking(self, *, handle: str = "") -> AbstractContextManager[str]:
        """Lend the account's access token for a call; raises as `speaking_for` does.

        `handle` is what the account was called when this was approved.
        """
        return speaking_for(account=self.effect.account, mode=self.effect.mode, handle=handle)

    def hold_for_call(self) -> None:
        """Keep the lease for one call, and for the renewal of the account's access before it."""
        self.work.hold(2 * CALL_TIMEOUT_SECONDS)

    @property
    def provider(self) -> TikTokProvider:
        """TikTok, in the mode that was approved and in no other; raises `ProviderMisconfigured`."""
        provider = get_tiktok()
        if provider.simulated != (self.effect.mode == "sandbox"):
            here = "sandbox" if provider.simulated else "live"
            raise ProviderMisconfigured(
                f"This was approved for {self.effect.mode!r} and TIKTOK_MODE is {here!r}: nothing was sent.",
                was_sent=False,
                may_have_acted=False,
            )
        return provider


Guard = Callable[[TikTokAccount, Mapping[str, Any] | None], None]


def get_leave(underway: Underway, guard: Guard) -> Outcome | float:
    """Get leave to send, or to hand over, and return when; or what the step comes to without.

    `guard` is asked inside the transaction that lets the effect start.
    """
    try:
        return ledger.begin(underway.work, underway.effect, payload=underway.payload, guard=guard)
    except SealBroken as broken:
        return _unsealed(underway, str(broken))
    except EffectChanged as changed:
        return ask_again(underway, why=str(changed), payload=changed.payload)
    except EffectRefused as refused:
        return give_up(underway, str(refused))
    except Stopped as stopped:
        return Waits(str(stopped))
    except NotYet as later:
        return Waits(str(later), later.seconds)
    except (ledger.RunStopped, ledger.FactsTooOld) as later:
        return TryAgain(error=str(later), delay_seconds=AGAIN_SECONDS, counts_as_try=False)


def _unsealed(underway: Underway, why: str) -> Outcome:
    """Put what would go out now before a person; end it where that cannot even be read."""
    payload = as_it_is_now(underway.effect)
    if payload is None:
        return give_up(underway, f"{why} It can no longer be read as what it was: start it again.")
    return ask_again(underway, why=why, payload=payload)


def taken_back(underway: One, trouble: Exception) -> One:
    """Let it begin again later: nothing had left, or only parts of which is kept that they were asked for."""
    cleared_by = Effect.Clearance.PROVIDER if is_made(underway.effect) else Effect.Clearance.NOTHING_LEFT
    changes = dict[str, Any]()
    if (facts := underway.effect.creator) and parts_in(facts):
        not_counted = min(facts.get(NOT_COUNTED, 0) + 1, underway.effect.claims)
        changes["creator"] = facts | {NOT_COUNTED: not_counted}
    return underway.moved("prepared", cleared_by=cleared_by, error=str(trouble), **changes)


def after(underway: Underway, trouble: ProviderError) -> Outcome:
    """Return what trouble means for an effect of which nothing has left; with the step, the effect ends."""
    if isinstance(trouble, ReconnectNeeded):
        return Waits(str(trouble), trouble.retry_after_seconds)
    outcome = after_trouble(underway.work.node.retry, trouble, tries=underway.work.step.tries)
    if not isinstance(outcome, Failed):
        return outcome
    return give_up(underway, outcome.error)


def done(effect: Effect) -> Succeeded:
    """Return the step's success; `url` is empty where there is none, or while TikTok has not named it."""
    return Succeeded(
        output={
            "effect": str(effect.id),
            "status": effect.status,
            "publish_id": effect.provider_ref,
            "post_id": effect.post_id,
            "url": effect.url,
        }
    )


def give_up(underway: Underway, error: str) -> Failed:
    """End the effect and its step: nothing more goes out. Its alert is the effect's, not the step's.

    What TikTok has of it all the same is told.
    """
    return Failed(ledger.fail(underway.work, underway.effect, error=error))


def unsure(underway: Underway, error: str, *, seconds: float | None = None) -> Waits:
    """Leave the effect `unknown`: TikTok is asked before anything else is done."""
    underway.moved("unknown", error=error)
    delay = look_again_seconds(underway.effect.looks) if seconds is None else seconds
    return Waits(f"{error} TikTok is asked what it has before anything is sent again.", delay)


def later(underway: Underway, why: str) -> Waits:
    """Ask again after a while, less and less often."""
    delay = look_again_seconds(underway.effect.looks)
    underway, now = underway.looked(), database_now()
    if is_overdue(underway.effect, now=now):
        return unsure(
            underway, "TikTok has said nothing final within 24 hours; look in the app.", seconds=delay
        )
    if is_unknown_long(underway.effect, now=now):
        why = f"{why} {A_PERSON_MAY_SAY}"
    return Waits(why, delay)


def ask_again(underway: Underway, *, why: str, payload: Any) -> Waits | Failed:
    """Hold the effect and put what would go out now before a person; end it where that may not even be asked."""
    try:
        asked = ledger.hold(underway.work, underway.effect, why=why, payload=payload)
    except LeaseLost:
        raise
    except Refused as refused:
        return give_up(underway, f"{why} {refused}")
    return Waits(why, approval_id=asked)


def newest_request(effect: Effect) -> ApprovalRequest:
    """Return what is asked in place of what the effect was approved by."""
    asked = ApprovalRequest.objects.filter(step_id=effect.request.step_id)
    return asked.order_by("-version")[0]
