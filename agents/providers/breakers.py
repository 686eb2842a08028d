"""Circuit breakers: a provider's operation that fails again and again is left alone for a while.

After `FAILURES_TO_OPEN` failures in a row it is open: nothing is sent, and whoever wanted to is told when
to come again. Then one call at a time, over all processes, probes it (half-open); `SUCCESSES_TO_CLOSE`
good probes close it, a bad one opens it again, for twice as long.

What a call costs: while closed a read at most once in `KEPT_SECONDS` for each process, which is as stale as
a process may be; one transaction after a failure, and one statement after the success that ends a row of them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

from agents.providers import breaker_rows as rows
from agents.providers.breaker_rows import Probe, Seen
from agents.providers.errors import (
    Advice,
    BreakerOpen,
    ProviderError,
    ProviderRateLimited,
    ProviderUnavailable,
)

FAILURES_TO_OPEN = 5
SUCCESSES_TO_CLOSE = 3
FIRST_COOLDOWN_SECONDS = 30.0
LONGEST_COOLDOWN_SECONDS = 600.0
KEPT_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 5.0
"""How long to wait while another process probes: it mostly ends long before its lease does."""

CALL_LASTS_TIMEOUTS = 3
PROBE_MARGIN_SECONDS = 10.0
"""A probe's lease: a time-out bounds each wait for the network, a call takes a few of them."""


class Verdict(StrEnum):
    """What a call says about its provider; `nothing` where it never got there, or was told to be slower."""

    ANSWERED = "answered"
    FAILED = "failed"
    NOTHING = "nothing"


def verdict_of(error: ProviderError) -> Verdict:
    """Return what an error says of the provider: a refusal by name is an answer, a limit is neither."""
    if isinstance(error, ProviderUnavailable):
        return Verdict.FAILED
    if isinstance(error, ProviderRateLimited) or error.was_sent is False:
        return Verdict.NOTHING
    return Verdict.ANSWERED


def cooldown_seconds(reopenings: int) -> float:
    """Return how long an operation is left alone once it was opened again so often: 30 s, 60 s … 10 minutes."""
    # Beyond 10 the power is far above the bound, and floats have one too.
    return min(FIRST_COOLDOWN_SECONDS * 2.0 ** min(reopenings, 10), LONGEST_COOLDOWN_SECONDS)


def wait_seconds(seen: Seen, *, now: float) -> float | None:
    """Return how long a call has to wait, in seconds: None not at all, 0 if it may ask to be the probe.

    `now` is this process's monotonic clock, as is `seen.at`; what was seen is in the database's time.
    """
    if seen.status == "closed":
        return None
    age = now - seen.at
    if seen.status == "open":
        return max(seen.retry_seconds - age, 0.0)
    return min(max(seen.probe_seconds - age, 0.0), LOOK_AGAIN_SECONDS)


class Guard(Protocol):
    """What stands between a provider and its wire."""

    def check(self, operation: str) -> None:
        """Raise `BreakerOpen` when a call of the operation would not be let through now."""

    def around(self, operation: str, *, timeout_seconds: float) -> AbstractContextManager[None]:
        """Return what to make a call in: it raises `BreakerOpen` unsent, or notes how the call went."""


class NoGuard:
    """Lets every call through and notes nothing: for wires that lead nowhere."""

    def check(self, operation: str) -> None:
        """Let it pass."""

    def around(self, operation: str, *, timeout_seconds: float) -> AbstractContextManager[None]:
        """Return what does nothing."""
        return nullcontext()


@dataclass(frozen=True, slots=True)
class _Leave:
    """A call that was let through; `probe` is the number of the probe it is, None for a plain call."""

    seen: Seen
    probe: Probe | None = None


class Breakers:
    """The breakers of one provider, by operation."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def check(self, operation: str) -> None:
        """Raise `BreakerOpen` when a call of the operation would not be let through now."""
        seen = _seen(self._alias, operation)
        if wait := wait_seconds(seen, now=time.monotonic()):
            raise self._open(operation, seen, wait)

    @contextmanager
    def around(self, operation: str, *, timeout_seconds: float) -> Iterator[None]:
        """Make a call in here; raises `BreakerOpen` unsent.

        How the call went is noted apart from the caller's transaction, and a database that is away then does
        not hide how it went. A probe's failure advises to wait: whoever happens to probe loses no try.
        `timeout_seconds` bounds each wait of the call for the network.
        """
        leave = self._leave(operation, lease_seconds=timeout_seconds * CALL_LASTS_TIMEOUTS)
        try:
            yield
        except ProviderError as error:
            self._note(operation, leave, verdict_of(error), str(error))
            _spare_the_prober(error, leave)
            raise
        except BaseException:
            self._note(operation, leave, Verdict.NOTHING)
            raise
        self._note(operation, leave, Verdict.ANSWERED)

    def _leave(self, operation: str, *, lease_seconds: float) -> _Leave:
        """Return the leave to call, as the probe where one is due; raises `BreakerOpen`."""
        seen = _seen(self._alias, operation)
        wait = wait_seconds(seen, now=time.monotonic())
        if wait == 0:
            forget()
            probe = rows.claim_probe(self._alias, operation, seconds=lease_seconds + PROBE_MARGIN_SECONDS)
            if probe is not None:
                return _Leave(seen, probe)
            seen = _seen(self._alias, operation)
            wait = wait_seconds(seen, now=time.monotonic())
        if wait is None:
            return _Leave(seen)
        raise self._open(operation, seen, wait or LOOK_AGAIN_SECONDS)

    def _note(self, operation: str, leave: _Leave, verdict: Verdict, error: str = "") -> None:
        """Tell the breaker how the call went, if there is anything to tell."""
        note = _note_of(leave, verdict, error)
        if note is not None:
            rows.note_apart(lambda: note(self._alias, operation))
            _kept.pop((self._alias, operation), None)

    def _open(self, operation: str, seen: Seen, wait: float) -> BreakerOpen:
        return BreakerOpen(
            f"{self._alias!r} failed again and again at {operation!r}: it is left alone and asked again in "
            f"{wait:.0f} s (it said last: {seen.last_error})",
            retry_after_seconds=wait,
        )


def _spare_the_prober(error: ProviderError, leave: _Leave) -> None:
    """Let a failed probe wait like all the others; what it says of what was sent stays as it is."""
    if leave.probe is not None and verdict_of(error) is Verdict.FAILED:
        error.advice = Advice.WAIT
        error.retry_after_seconds = cooldown_seconds(leave.probe.reopenings + 1)


def _note_of(leave: _Leave, verdict: Verdict, error: str) -> Callable[[str, str], None] | None:
    """Return what to write about a call that went like this, given provider and operation; None for nothing."""
    if leave.probe is not None:
        return _note_of_probe(leave.probe, verdict, error)
    if verdict is Verdict.FAILED:
        return partial(
            rows.note_failure, error=error, most=FAILURES_TO_OPEN, cooldown_seconds=cooldown_seconds(0)
        )
    return rows.forget_failures if verdict is Verdict.ANSWERED and leave.seen.failures else None


def _note_of_probe(probe: Probe, verdict: Verdict, error: str) -> Callable[[str, str], None]:
    """Return what to write about a probe."""
    if verdict is Verdict.FAILED:
        longer = cooldown_seconds(probe.reopenings + 1)
        return partial(rows.fail_probe, probe=probe, error=error, cooldown_seconds=longer)
    if verdict is Verdict.ANSWERED:
        return partial(rows.pass_probe, probe=probe, enough=SUCCESSES_TO_CLOSE)
    return partial(rows.give_probe_back, probe=probe)


_kept: dict[tuple[str, str], Seen] = {}
"""What this process last saw of each breaker; never relied on for longer than `KEPT_SECONDS`."""


def forget() -> None:
    """Look at every breaker anew."""
    _kept.clear()


def _seen(alias: str, operation: str) -> Seen:
    """Return the breaker as it was at most `KEPT_SECONDS` ago."""
    kept = _kept.get((alias, operation))
    if kept is None or time.monotonic() - kept.at > KEPT_SECONDS:
        kept = _kept[alias, operation] = rows.look(alias, operation)
    return kept
