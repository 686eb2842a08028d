"""Circuit breakers: when they open, who may probe, when they close, and what that costs."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Breaker
from agents.providers import breaker_rows, breakers
from agents.providers.breaker_rows import Seen
from agents.providers.breakers import (
    LOOK_AGAIN_SECONDS,
    Breakers,
    NoGuard,
    Verdict,
    cooldown_seconds,
    verdict_of,
    wait_seconds,
)
from agents.providers.errors import (
    AccessRefused,
    Advice,
    BreakerOpen,
    OutputInvalid,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from tests.factories.breakers import DOWN, breaker, call, fail, let_cool_down, open_breaker

pytestmark = pytest.mark.django_db

NEITHER: list[BaseException] = [
    ProviderRateLimited(),
    AccessRefused(was_sent=False),
    ZeroDivisionError(),
    KeyboardInterrupt(),
]


def seen(status: str = "closed", **changes: Any) -> Seen:
    """Return a breaker as it was read at 100 s."""
    values: dict[str, Any] = {"failures": 0, "retry_seconds": 0.0, "probe_seconds": 0.0, "last_error": ""}
    return Seen(status=status, at=100.0, **(values | changes))


def refused() -> BreakerOpen:
    """Return the refusal a call gets now."""
    with pytest.raises(BreakerOpen) as found:
        call()
    return found.value


# Decisions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ProviderUnavailable(), Verdict.FAILED),
        (ProviderUnavailable(advice=Advice.WAIT), Verdict.FAILED),
        (ProviderUnavailable(was_sent=False), Verdict.FAILED),
        (ProviderRateLimited(), Verdict.NOTHING),
        (AccessRefused(was_sent=False), Verdict.NOTHING),
        (AccessRefused(was_sent=True), Verdict.ANSWERED),
        (ProviderRejected(), Verdict.ANSWERED),
        (ProviderMisconfigured(), Verdict.ANSWERED),
        (OutputInvalid(), Verdict.ANSWERED),
    ],
)
def test_judge_an_error_blames_the_provider_only_for_its_own_fault(
    error: ProviderError, verdict: Verdict
) -> None:
    assert verdict_of(error) is verdict


def test_cool_down_doubles_with_each_reopening_up_to_ten_minutes() -> None:
    assert [cooldown_seconds(times) for times in (0, 1, 2, 3, 4, 5, 6, 10_000)] == [
        *(30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0, 600.0)
    ]


@pytest.mark.parametrize(
    ("found", "now", "expected"),
    [
        (seen(), 100.5, None),
        (seen("open", retry_seconds=30.0), 100.5, 29.5),
        (seen("open", retry_seconds=0.5), 101.0, 0.0),
        (seen("half_open"), 100.0, 0.0),
        (seen("half_open", probe_seconds=2.0), 101.0, 1.0),
        (seen("half_open", probe_seconds=100.0), 101.0, LOOK_AGAIN_SECONDS),
        (seen("half_open", probe_seconds=-3.0), 101.0, 0.0),
    ],
)
def test_wait_is_what_is_left_since_it_was_looked_at(found: Seen, now: float, expected: float | None) -> None:
    assert wait_seconds(found, now=now) == expected


# Opening --------------------------------------------------------------------------------------------


def test_fifth_failure_in_a_row_opens_it_and_nothing_is_sent_any_more() -> None:
    fail(4)
    assert (breaker().status, breaker().failures) == ("closed", 4)
    fail()
    found = breaker()
    assert (found.status, found.failures, found.last_error, found.reopenings) == ("open", 5, DOWN, 0)
    assert found.opened_at is not None
    assert found.retry_at is not None
    # The clock is read for each of them, a microsecond apart at times.
    assert timedelta(seconds=30) <= found.retry_at - found.opened_at < timedelta(seconds=31)

    error = refused()

    assert (error.advice, error.was_sent, error.may_have_acted) == (Advice.WAIT, False, False)
    assert error.retry_after_seconds == pytest.approx(30, abs=1)
    assert str(error) == (
        "'claude' failed again and again at 'messages': it is left alone and asked again in 30 s "
        f"(it said last: {DOWN})"
    )


@pytest.mark.parametrize("answer", [None, ProviderRejected(), OutputInvalid()])
def test_answer_between_failures_ends_the_row_of_them(answer: ProviderError | None) -> None:
    fail(4)
    with suppress(ProviderError):
        call(error=answer)
    assert breaker().failures == 0
    fail(4)
    assert breaker().status == "closed"


@pytest.mark.parametrize("error", NEITHER, ids=lambda error: type(error).__name__)
def test_limit_or_what_never_arrived_counts_for_nothing(error: BaseException) -> None:
    fail(4)
    with pytest.raises(type(error)):
        call(error=error)
    assert (breaker().failures, breaker().status) == (4, "closed")


def test_breaker_of_one_operation_leaves_the_others_alone() -> None:
    fail(5, "init", alias="tiktok")
    call("status", alias="tiktok")
    call("init")
    with pytest.raises(BreakerOpen):
        call("init", alias="tiktok")


def test_failure_that_comes_in_when_it_is_open_changes_nothing() -> None:
    open_breaker(failures=5)
    before = Breaker.objects.values().get()
    breaker_rows.note_failure("claude", "messages", "late", most=5, cooldown_seconds=30)
    assert Breaker.objects.values().get() == before


# Probing --------------------------------------------------------------------------------------------


def test_open_breaker_that_cooled_down_lets_one_call_through_and_three_close_it() -> None:
    open_breaker()
    refused()
    let_cool_down()
    for number in (1, 2):
        call()
        found = breaker()
        assert (found.status, found.successes, found.probes) == ("half_open", number, number)
        assert found.probe_until is None
    call()
    found = breaker()
    assert (found.status, found.successes, found.failures, found.reopenings) == ("closed", 0, 0, 0)
    assert (found.opened_at, found.retry_at) == (None, None)
    fail(4)
    assert breaker().status == "closed"


def test_probe_that_fails_opens_it_for_twice_as_long() -> None:
    open_breaker(reopenings=1)
    let_cool_down()
    call()
    fail()
    found = breaker()
    assert (found.status, found.successes, found.reopenings, found.probe_until) == ("open", 0, 2, None)
    assert refused().retry_after_seconds == pytest.approx(120, abs=1)


def test_probe_that_fails_advises_its_caller_to_wait_and_says_the_same_of_what_was_sent() -> None:
    fail(4)
    plain = ProviderUnavailable(was_sent=True)
    with pytest.raises(ProviderUnavailable):
        call(error=plain)
    assert (plain.advice, plain.retry_after_seconds) == (Advice.RETRY, None)
    let_cool_down()
    probe = ProviderUnavailable(was_sent=True)
    with pytest.raises(ProviderUnavailable):
        call(error=probe)
    assert (probe.advice, probe.retry_after_seconds) == (Advice.WAIT, 60)
    assert (probe.was_sent, probe.may_have_acted) == (True, True)


def test_call_during_a_probe_waits_a_little() -> None:
    open_breaker()
    let_cool_down()
    with Breakers("claude").around("messages", timeout_seconds=60):
        assert refused().retry_after_seconds == LOOK_AGAIN_SECONDS
        until = breaker().probe_until
        assert until is not None
        assert until - timezone.now() > timedelta(seconds=180)  # longer than the call may take
    call()


def test_probe_whose_prober_died_is_taken_over_when_its_lease_ends() -> None:
    open_breaker()
    let_cool_down()
    late = Breakers("claude").around("messages", timeout_seconds=60)
    late.__enter__()
    refused()
    let_cool_down()
    call()
    assert (breaker().successes, breaker().probes) == (1, 2)
    late.__exit__(None, None, None)  # it was not dead after all, and does not count
    assert (breaker().status, breaker().successes) == ("half_open", 1)


@pytest.mark.parametrize("failed", [True, False])
def test_late_word_of_an_old_prober_does_not_end_the_probe_of_another(failed: bool) -> None:
    open_breaker()
    let_cool_down()
    old = breaker_rows.claim_probe("claude", "messages", seconds=60)
    assert old is not None
    let_cool_down()
    with Breakers("claude").around("messages", timeout_seconds=60):
        if failed:
            breaker_rows.fail_probe("claude", "messages", old, "late", cooldown_seconds=60)
        else:
            breaker_rows.give_probe_back("claude", "messages", old)
        assert breaker().status == "half_open"
        assert breaker().probe_until is not None


@pytest.mark.parametrize("error", NEITHER, ids=lambda error: type(error).__name__)
def test_probe_that_says_nothing_lets_the_next_one_try_at_once(error: BaseException) -> None:
    open_breaker()
    let_cool_down()
    with pytest.raises(type(error)):
        call(error=error)
    assert (breaker().status, breaker().successes, breaker().probe_until) == ("half_open", 0, None)
    call()
    assert breaker().successes == 1


def test_probe_another_process_began_meanwhile_is_waited_for() -> None:
    open_breaker()
    let_cool_down()
    Breakers("claude").check("messages")  # looks, and sees that one may probe
    breaker_rows.claim_probe("claude", "messages", seconds=60)
    assert refused().retry_after_seconds == LOOK_AGAIN_SECONDS


def test_call_that_finds_it_closed_by_others_meanwhile_goes_through() -> None:
    open_breaker()
    let_cool_down()
    Breakers("claude").check("messages")
    Breaker.objects.update(status="closed", failures=0, opened_at=None, retry_at=None)
    call()
    assert breaker().status == "closed"


def test_check_says_whether_a_call_would_pass_without_taking_the_probe() -> None:
    Breakers("claude").check("messages")
    open_breaker()
    with pytest.raises(BreakerOpen):
        Breakers("claude").check("messages")
    let_cool_down()
    Breakers("claude").check("messages")
    assert breaker().status == "open"


# What it costs --------------------------------------------------------------------------------------


def statements(act: Any) -> list[str]:
    """Return the first word of each statement this takes."""
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"].split()[0] for query in queries]


def test_call_while_closed_reads_once_a_second_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert statements(call) == ["SELECT"]
    assert statements(lambda: [act() for act in [call] * 20]) == []
    monkeypatch.setattr(breakers, "KEPT_SECONDS", -1.0)  # a second has passed
    assert statements(call) == ["SELECT"]


def test_failure_costs_one_transaction_of_one_statement() -> None:
    call()
    assert statements(fail) == ["SAVEPOINT", "INSERT", "RELEASE"]
    assert statements(call) == ["SELECT", "UPDATE"]


def test_what_another_process_did_is_seen_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    call()
    open_row = Breaker(alias="claude", operation="messages", status="open", failures=5, last_error=DOWN)
    open_row.opened_at = open_row.retry_at = timezone.now() + timedelta(seconds=30)
    open_row.save()
    call()
    monkeypatch.setattr(breakers, "KEPT_SECONDS", -1.0)
    refused()


def test_note_that_cannot_be_written_does_not_hide_how_the_call_went(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **named: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(breaker_rows, "note_failure", away)
    with pytest.raises(ProviderUnavailable):
        call(error=ProviderUnavailable())


def test_no_guard_lets_everything_through_and_asks_nobody() -> None:
    guard = NoGuard()

    def use() -> None:
        guard.check("init")
        with guard.around("init", timeout_seconds=1):
            pass

    assert statements(use) == []


# What the database keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"status": "lost"}, "breaker_status_known"),
        ({"retry_at": None}, "breaker_retries_unless_closed"),
        ({"status": "closed"}, "breaker_retries_unless_closed"),
        ({"successes": 1}, "breaker_probes_half_open"),
        ({"probe_until": timezone.now()}, "breaker_probes_half_open"),
    ],
)
def test_keep_a_breaker_that_cannot_be_is_refused(changes: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        open_breaker(**changes)


def test_keep_two_breakers_of_one_operation_is_refused() -> None:
    open_breaker()
    with pytest.raises(IntegrityError, match="breaker_once"), transaction.atomic():
        open_breaker()
