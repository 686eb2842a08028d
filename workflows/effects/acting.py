"""An outward act that is one call to TikTok, or a few: asked about, let start, sent, and read back.

1. `Deed.look`: what TikTok has now of what the act touches, kept with the effect (at most 60 s old).
2. One transaction in which claim, run, stop switch, seal, account and those facts still fit.
3. The call. Its answer is kept; where it was lost, nobody knows: `unknown`.
4. `Deed.find`: the act is read back, and only what TikTok shows makes it `confirmed`.

What follows when it is not found differs. Where twice would be twice (a reply, a message), nothing is sent
again: a person decides. Where twice is once (an absolute value, our own idempotency key), it begins anew once
TikTok has shown several times that all is as it was before.

An act of several parts (`parts`) has one call for each. The parts TikTok has are kept; it begins anew with the
others, under a new leave.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from agents.providers.errors import ProviderError
from agents.providers.tiktok.access import Access, access_of
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from tiktok_ops.crash_points import CrashPoint, pass_by
from workflows.effects import ledger
from workflows.effects.keeping_parts import keep_part
from workflows.effects.models import Effect
from workflows.effects.next_look import look_again_seconds
from workflows.effects.parts import NOT_COUNTED, Part, in_words, parts_in
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.effects.underway import (
    AGAIN_SECONDS,
    START_WITHIN_SECONDS,
    TooLate,
    Underway,
    after,
    done,
    get_leave,
    give_up,
    later,
    newest_request,
    taken_back,
    unsure,
)
from workflows.outcomes import Failed, Outcome, TryAgain, Waits
from workflows.payloads import Act
from workflows.stop_switch import Stopped
from workflows.work import Work

UNREADABLE = "What was approved cannot be read any more: start it again."
CAME_BACK = "The worker that was sending it ended."
NOT_SHOWN = "TikTok took it and does not show it yet."
NOT_FOUND = "TikTok does not show it; it is looked for again."
NOT_DONE = "TikTok shows that it was not done, so it begins again."
PROOF_LOOKS = 3
"""So often TikTok has to show that an act was not done before it is done again: its lists lag."""
MOST_SENDS = 5
"""So often an act is sent without coming further; one part more that TikTok has is coming further."""

Wanted = TypeVar("Wanted", bound=Act)


@dataclass(frozen=True, slots=True)
class Found:
    """The act as TikTok shows it: its id there, and what else proves it."""

    reference: str
    evidence: Mapping[str, Any]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Acting(Underway, Generic[Wanted]):
    """An act at a moment of its way; `payload` are the approved bytes `wanted` was read from."""

    wanted: Wanted

    @property
    def access(self) -> Access:
        """The account's token and its ids; raises `AccessRefused`."""
        return access_of(account=self.effect.account, mode=self.wanted.mode, handle=self.wanted.handle)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What TikTok had before the act was last begun."""
        return self.effect.creator or {}

    def ready_to_call(self) -> None:
        """Keep the lease for one more call of an act of several; right before it, with the access in hand.

        Raises `LeaseLost`, `Stopped`, or `TooLate` where this worker was held up meanwhile.
        """
        asked_at = monotonic()
        self.work.hold(CALL_TIMEOUT_SECONDS)
        self.check_not_stopped()
        if monotonic() > asked_at + START_WITHIN_SECONDS:
            raise TooLate

    def keep_part(self, part: Part) -> None:
        """Keep how far a part is; raises `LeaseLost`."""
        keep_part(self.work, self.effect, part)


class Deed(ABC, Generic[Wanted]):
    """One kind of act. Methods that speak to TikTok raise `ProviderError`."""

    name: ClassVar[str]
    operation: ClassVar[str]
    """While TikTok is left alone with this, the act is not even begun."""

    def __init__(self, payload: type[Wanted]) -> None:
        self.Payload = payload

    @abstractmethod
    def look(self, acting: Acting[Wanted]) -> dict[str, Any]:
        """Return what TikTok has now of what the act touches, as JSON; the finding goes by it too."""

    @abstractmethod
    def check(self, acting: Acting[Wanted], facts: Mapping[str, Any]) -> None:
        """Raise `EffectRefused`, `EffectChanged` or `NotYet` unless the act still fits the facts.

        Runs in the transaction that lets the effect start, with the run locked.
        """

    @abstractmethod
    def send(self, acting: Acting[Wanted]) -> str:
        """Do it, with one call or one for each part; return TikTok's id of it, empty where TikTok does not tell."""

    @abstractmethod
    def find(self, acting: Acting[Wanted]) -> Found | None:
        """Return the act as TikTok shows it; None where it does not show it."""

    def is_undone(self, acting: Acting[Wanted]) -> bool:
        """Return whether TikTok shows that all is as before, and doing it twice leaves no more than once.

        Never, unless a kind says so: then a person decides.
        """
        return False

    def act(self, work: Work) -> Outcome:
        """Do what was approved, or go on where it stands. Raises `LeaseLost`."""
        effect = ledger.effect_of(work, kind=self.name)
        if settled := _settled(effect):
            return settled
        payload = bytes(effect.decision.payload)
        try:
            wanted = self.Payload.model_validate_json(payload)
        except ValidationError:
            return _end(work, effect)
        acting = Acting(work=work, effect=effect, payload=payload, wanted=wanted)
        if effect.status == "prepared":
            return self._begin(acting)
        if effect.status == "sending":
            acting = acting.moved("unknown", error=CAME_BACK)
        return self._read_back(acting)

    def _begin(self, acting: Acting[Wanted]) -> Outcome:
        """Ask, get leave, and send; nothing of it has left. While all is stopped, not even a thread is opened."""
        try:
            acting.check_not_stopped()
            wire = acting.provider.business_wire
            wire.check_open(self.operation)
            acting.work.hold(CALL_TIMEOUT_SECONDS * 3)
            facts = self.look(acting)
        except Stopped as stopped:
            return Waits(str(stopped))
        except EffectRefused as refused:
            return give_up(acting, str(refused))
        except ProviderError as trouble:
            return after(acting, trouble)
        ledger.keep_facts(acting.work, acting.effect, facts)
        pass_by(CrashPoint.BEFORE_SENDING, acting.work.step.id)

        def guard(account: TikTokAccount, kept: Mapping[str, Any] | None) -> None:
            check_account(acting.wanted, account)
            self.check(acting, kept or {})

        begun = get_leave(acting, guard)
        if not isinstance(begun, float):
            return begun
        return self._send(acting, latest=begun + START_WITHIN_SECONDS)

    def _send(self, acting: Acting[Wanted], *, latest: float) -> Outcome:
        """Send it, at the `latest` by the monotonic clock, and read it back."""
        pass_by(CrashPoint.IN_SENDING, acting.work.step.id)
        acting = _fresh(acting)
        try:
            acting.work.hold(CALL_TIMEOUT_SECONDS)
            acting.check_not_stopped()
            if monotonic() > latest:
                raise TooLate
            reference = self.send(acting)
        except Stopped as stopped:
            taken_back(acting, stopped)
            return Waits(str(stopped))
        except TooLate as late:
            taken_back(acting, late)
            return TryAgain(error=str(late), delay_seconds=AGAIN_SECONDS, counts_as_try=False)
        except ProviderError as trouble:
            if trouble.may_have_acted:
                return unsure(acting, str(trouble))
            return after(taken_back(acting, trouble), trouble)
        pass_by(CrashPoint.BEFORE_SENT, acting.work.step.id)
        if reference:
            acting = acting.moved("sent", provider_ref=reference, error="")
        else:
            acting = acting.moved("unknown", error="TikTok took it and did not say under which id.")
        return self._read_back(acting)

    def _read_back(self, acting: Acting[Wanted]) -> Outcome:
        """Look for the act on TikTok, and do what follows."""
        try:
            acting.work.hold(CALL_TIMEOUT_SECONDS * 3)
            found = self.find(acting)
            is_undone = found is None and acting.effect.status == "unknown" and self.is_undone(acting)
        except ProviderError as trouble:
            return later(acting, f"TikTok could not be asked what became of it: {trouble}")
        if found is not None:
            return _confirm(acting, found)
        if is_undone and acting.effect.looks + 1 >= PROOF_LOOKS:
            return _again(acting)
        return later(acting, NOT_SHOWN if acting.effect.status == "sent" else NOT_FOUND)


def _settled(effect: Effect) -> Outcome | None:
    """Return what an effect that is over, or in a person's hands, means for its step."""
    if effect.status == "failed":
        return Failed(effect.error)
    if effect.status == "held":
        return Waits(effect.error, approval_id=newest_request(effect).id)
    return done(effect) if effect.status == "confirmed" else None


def _end(work: Work, effect: Effect) -> Failed:
    """End what cannot be read. Where it may have left already, only its step ends: the keeper says so."""
    if effect.status == "prepared":
        ledger.fail(work, effect, error=UNREADABLE)
    return Failed(UNREADABLE)


def _fresh(acting: Acting[Wanted]) -> Acting[Wanted]:
    """Return the act with its effect as it is now, facts and all."""
    effect = Effect.objects.select_related("account", "decision", "request").get(id=acting.effect.id)
    return Acting(work=acting.work, effect=effect, payload=acting.payload, wanted=acting.wanted)


def _confirm(acting: Acting[Wanted], found: Found) -> Outcome:
    pass_by(CrashPoint.BEFORE_CONFIRMED, acting.work.step.id)
    evidence = {**acting.effect.evidence, **found.evidence, "asked_at": database_now().isoformat()}
    acting = acting.moved(
        "confirmed",
        confirmed_by="provider",
        provider_ref=found.reference,
        url=found.url,
        evidence=evidence,
        error="",
    )
    return done(acting.effect)


def _again(acting: Acting[Wanted]) -> Outcome:
    """Let it begin anew: TikTok shows that it was not done, and twice would be once."""
    parts, sends = parts_in(acting.facts), acting.effect.claims - acting.facts.get(NOT_COUNTED, 0)
    if sends >= MOST_SENDS:
        there = in_words(parts) or "TikTok shows none of it."
        return later(acting, f"It was sent {sends} times without coming further. {there}")
    why = f"{in_words(parts)} It goes on with the rest." if any(part.id for part in parts) else NOT_DONE
    acting.moved("prepared", cleared_by=Effect.Clearance.PROVIDER, provider_ref="", error=why)
    return Waits(why, look_again_seconds(acting.effect.claims))


def check_account(wanted: Act, account: TikTokAccount) -> None:
    """Raise `EffectRefused` or `EffectChanged` unless the account is as it was when this was approved."""
    if account.ownership != TikTokAccount.Ownership.OWN:
        raise EffectRefused(f"@{account.handle} belongs to somebody else: nothing is done there.")
    if account.mode != wanted.mode:
        raise EffectRefused(
            f"@{account.handle} was switched from {wanted.mode!r} to {account.mode!r} after this was approved: "
            "start it again."
        )
    if account.handle != wanted.handle:
        now = wanted.model_copy(update={"handle": account.handle})
        raise EffectChanged(
            f"Since it was approved, the handle changed from {wanted.handle!r} to {account.handle!r}.",
            now.model_dump(mode="json"),
        )
