"""When to try again: a node's policy, and the decisions by it."""

import random

from pydantic import Field

from agents.contract import Typed
from agents.providers.errors import Advice, ProviderError
from workflows.outcomes import Alarm, Failed, TryAgain


class RetryPolicy(Typed):
    """How often a step is tried and how long it waits between tries.

    The wait before try n+1 is random between half and all of `base_seconds · 2^(n-1)`, at most
    `max_seconds` (exponential backoff with jitter), or what the provider asked for, within that bound.
    """

    max_tries: int = Field(3, ge=1, le=20)
    base_seconds: float = Field(2, gt=0, le=600)
    max_seconds: float = Field(300, gt=0, le=3600)


def backoff_seconds(policy: RetryPolicy, tries: int, *, jitter: float) -> float:
    """Return the wait after `tries` tries that failed (1 or more), in seconds.

    Exponential with equal jitter: half of `base · 2^(tries-1)`, bounded by `max_seconds`, plus `jitter`
    (0 to 1) of the other half. Source: M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
    """
    whole: float = min(policy.base_seconds * 2 ** (tries - 1), policy.max_seconds)
    return whole / 2 + whole / 2 * jitter


def after_failed_try(
    policy: RetryPolicy, *, tries: int, error: str, asked_seconds: float | None = None
) -> TryAgain | Failed:
    """Return whether a step that was tried `tries` times before, and now failed again, is tried once more.

    `asked_seconds` is what the provider asked to wait; it is honoured up to the policy's bound.
    """
    if tries + 1 >= policy.max_tries:
        return Failed(error=f"Gave up after {tries + 1} tries: {error}", alarm=Alarm.GAVE_UP)
    delay = backoff_seconds(policy, tries + 1, jitter=random.random())  # noqa: S311 - spreads load, hides nothing
    if asked_seconds is not None:
        delay = min(max(delay, asked_seconds), policy.max_seconds)
    return TryAgain(error=error, delay_seconds=delay)


def after_trouble(policy: RetryPolicy, trouble: ProviderError, *, tries: int) -> TryAgain | Failed:
    """Return what a provider's trouble means for a step that was tried `tries` times before."""
    if trouble.advice is Advice.RETRY:
        return after_failed_try(
            policy, tries=tries, error=str(trouble), asked_seconds=trouble.retry_after_seconds
        )
    if trouble.advice is Advice.WAIT:
        delay = trouble.retry_after_seconds or policy.base_seconds
        return TryAgain(error=str(trouble), delay_seconds=min(delay, policy.max_seconds), counts_as_try=False)
    return Failed(error=str(trouble))
