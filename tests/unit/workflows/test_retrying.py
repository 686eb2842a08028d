import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.providers.errors import (
    OutputTruncated,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRefused,
    ProviderRejected,
    ProviderUnavailable,
)
from workflows.outcomes import Alarm, Failed, TryAgain
from workflows.retrying import RetryPolicy, after_failed_try, after_trouble, backoff_seconds

policies = st.builds(
    RetryPolicy,
    max_tries=st.integers(1, 20),
    base_seconds=st.floats(0.001, 600),
    max_seconds=st.floats(0.001, 3600),
)
shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"),
    [(1, 0, 1), (1, 1, 2), (2, 0, 2), (2, 0.5, 3), (3, 1, 8), (8, 0, 128), (9, 0, 150), (20, 1, 300)],
)
def test_back_off_doubles_up_to_the_bound_and_half_of_it_is_chance(
    tries: int, jitter: float, seconds: float
) -> None:
    assert backoff_seconds(RetryPolicy(), tries, jitter=jitter) == seconds


@given(policies, st.integers(1, 20), shares)
def test_back_off_stays_between_half_and_all_of_its_step(
    policy: RetryPolicy, tries: int, jitter: float
) -> None:
    whole = min(policy.base_seconds * 2 ** (tries - 1), policy.max_seconds)
    assert whole / 2 <= backoff_seconds(policy, tries, jitter=jitter) <= whole <= policy.max_seconds


@given(policies, st.integers(1, 19))
def test_back_off_never_shrinks_from_try_to_try(policy: RetryPolicy, tries: int) -> None:
    assert backoff_seconds(policy, tries, jitter=0.3) <= backoff_seconds(policy, tries + 1, jitter=0.3)


@given(policies, st.integers(0, 30), st.none() | st.floats(0, 10_000))
def test_fail_a_try_tries_again_within_the_bound_or_gives_up_after_the_last(
    policy: RetryPolicy, tries: int, asked_seconds: float | None
) -> None:
    outcome = after_failed_try(policy, tries=tries, error="No answer.", asked_seconds=asked_seconds)
    if tries + 1 >= policy.max_tries:
        assert outcome == Failed(f"Gave up after {tries + 1} tries: No answer.", alarm=Alarm.GAVE_UP)
        return
    assert isinstance(outcome, TryAgain)
    assert (outcome.error, outcome.counts_as_try) == ("No answer.", True)
    least = min(policy.base_seconds * 2**tries, policy.max_seconds) / 2
    assert least <= outcome.delay_seconds <= policy.max_seconds
    if asked_seconds is not None:
        assert outcome.delay_seconds >= min(asked_seconds, policy.max_seconds)


def test_fail_tries_of_many_steps_spreads_them_out() -> None:
    delays = set()
    for _ in range(50):
        outcome = after_failed_try(RetryPolicy(), tries=0, error="No answer.")
        assert isinstance(outcome, TryAgain)
        delays.add(outcome.delay_seconds)
    assert len(delays) > 40


PATIENT = RetryPolicy(max_tries=3, base_seconds=10, max_seconds=60)


@pytest.mark.parametrize(
    ("trouble", "tries", "least", "most"),
    [
        (ProviderUnavailable("Away."), 0, 5, 10),
        (ProviderUnavailable("Away."), 1, 10, 20),
        (OutputTruncated("Cut."), 0, 5, 10),
        (ProviderUnavailable("Away.", retry_after_seconds=30), 0, 30, 30),
        (ProviderUnavailable("Away.", retry_after_seconds=3600), 0, 60, 60),
        (ProviderUnavailable("Away.", retry_after_seconds=1), 1, 10, 20),
    ],
)
def test_meet_trouble_worth_a_retry_tries_again_and_counts_it(
    trouble: ProviderError, tries: int, least: float, most: float
) -> None:
    outcome = after_trouble(PATIENT, trouble, tries=tries)
    assert isinstance(outcome, TryAgain)
    assert (outcome.error, outcome.counts_as_try) == (str(trouble), True)
    assert least <= outcome.delay_seconds <= most


def test_meet_trouble_at_the_last_try_gives_up() -> None:
    outcome = after_trouble(PATIENT, ProviderUnavailable("Away."), tries=2)
    assert outcome == Failed(error="Gave up after 3 tries: Away.", alarm=Alarm.GAVE_UP)


@pytest.mark.parametrize(
    ("retry_after_seconds", "delay_seconds"), [(None, 10), (0, 10), (7, 7), (60, 60), (3600, 60)]
)
@pytest.mark.parametrize("tries", [0, 2, 50])
def test_meet_a_limit_waits_as_long_as_asked_without_counting_it(
    tries: int, retry_after_seconds: float | None, delay_seconds: float
) -> None:
    trouble = ProviderRateLimited("Slow down.", retry_after_seconds=retry_after_seconds)
    assert after_trouble(PATIENT, trouble, tries=tries) == TryAgain(
        error="Slow down.", delay_seconds=delay_seconds, counts_as_try=False
    )


@pytest.mark.parametrize(
    "trouble",
    [ProviderRejected("Wrong request."), ProviderMisconfigured("No key."), ProviderRefused("It will not.")],
)
def test_meet_trouble_no_retry_mends_fails_with_its_sentence(trouble: ProviderError) -> None:
    assert after_trouble(PATIENT, trouble, tries=0) == Failed(error=str(trouble))
