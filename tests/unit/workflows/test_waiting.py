from datetime import UTC, datetime, timedelta

import pytest

from approvals.models import ApprovalRequest
from workflows.models import WorkflowStep
from workflows.transitions import RUN
from workflows.waiting import Situation, why_waiting

NOW = datetime(2026, 11, 20, 9, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def step(
    key: str,
    status: str,
    *,
    position: int = 0,
    not_before: datetime = NOW - MINUTE,
    lease_until: datetime | None = None,
    started_at: datetime | None = None,
    error: str = "",
    wake_at: datetime | None = None,
    approval: ApprovalRequest | None = None,
) -> WorkflowStep:
    """Return a step that is in no database."""
    return WorkflowStep(
        key=key,
        status=status,
        position=position,
        not_before=not_before,
        lease_until=lease_until,
        started_at=started_at,
        error=error,
        wake_at=wake_at,
        approval=approval,
    )


@pytest.mark.parametrize("status", sorted(RUN.terminal))
def test_say_why_a_run_that_is_over_waits_says_nothing(status: str) -> None:
    assert why_waiting(Situation(status, [step("a", "running", lease_until=NOW)]), now=NOW) is None


def test_say_why_a_paused_run_waits_names_a_person() -> None:
    steps = [step("a", "ready")]
    assert (
        why_waiting(Situation("paused", steps), now=NOW)
        == "Paused by a person; it goes on when someone resumes it."
    )


def test_say_why_a_run_in_hand_waits_names_the_first_step_and_its_start() -> None:
    steps = [
        step("b", "running", position=2, lease_until=NOW + MINUTE, started_at=NOW),
        step("a", "running", position=1, lease_until=NOW + MINUTE, started_at=NOW - 2 * MINUTE),
        step("c", "ready", position=0),
    ]
    assert why_waiting(Situation("running", steps), now=NOW) == "A worker is on 'a' since 09:10:30 UTC."


def test_say_why_a_run_in_hand_without_a_start_waits_takes_now() -> None:
    steps = [step("a", "running", lease_until=NOW + MINUTE)]
    assert why_waiting(Situation("running", steps), now=NOW) == "A worker is on 'a' since 09:12:30 UTC."


def test_say_why_a_run_whose_worker_is_gone_waits_says_that() -> None:
    steps = [step("a", "running", lease_until=NOW - MINUTE, started_at=NOW - MINUTE)]
    assert why_waiting(Situation("running", steps), now=NOW) == (
        "'a' was taken by a worker that is gone; another takes it over at once."
    )


def test_say_why_a_run_nobody_took_waits_names_the_moment_it_became_due() -> None:
    steps = [step("a", "ready", not_before=NOW - MINUTE), step("b", "ready", not_before=NOW - 3 * MINUTE)]
    assert (
        why_waiting(Situation("queued", steps), now=NOW)
        == "Waiting for a worker to take 'b' since 09:09:30 UTC."
    )


def test_say_why_a_run_between_tries_waits_names_the_next_one_and_the_trouble() -> None:
    steps = [
        step("a", "ready", not_before=NOW + 2 * MINUTE, error="Later."),
        step("b", "ready", not_before=NOW + MINUTE, error="The provider is overloaded."),
        step("c", "pending"),
    ]
    assert why_waiting(Situation("running", steps), now=NOW) == (
        "'b' is tried again at 09:13:30 UTC: The provider is overloaded."
    )


def test_say_why_a_run_waits_for_a_time_says_what_for_and_the_first_of_them() -> None:
    steps = [
        step("b", "waiting", wake_at=NOW + 3 * MINUTE, error="Later."),
        step("a", "waiting", wake_at=NOW + MINUTE, error="The video is with TikTok."),
    ]
    assert (
        why_waiting(Situation("waiting", steps), now=NOW)
        == "'a' goes on at 09:13:30 UTC: The video is with TikTok."
    )


def test_say_why_a_run_waits_for_another_day_names_the_day() -> None:
    steps = [step("a", "waiting", wake_at=NOW + timedelta(days=1), error="It goes out tomorrow.")]
    assert why_waiting(Situation("waiting", steps), now=NOW) == (
        "'a' goes on at 2026-11-21 09:12:30 UTC: It goes out tomorrow."
    )


@pytest.mark.parametrize("started_at", [NOW - MINUTE, None])
def test_say_why_a_run_waits_for_somebody_to_post_says_since_when(started_at: datetime | None) -> None:
    steps = [step("a", "waiting", started_at=started_at, error="A person posts it.")]
    since = "09:11:30" if started_at else "09:12:30"
    assert why_waiting(Situation("waiting", steps), now=NOW) == (
        f"'a' waits since {since} UTC: A person posts it."
    )


def test_say_why_a_run_waits_names_the_approver_first_and_no_approval_that_was_given() -> None:
    asked = ApprovalRequest(title="Post on @blick: Hi", status="open", created_at=NOW - MINUTE)
    given = ApprovalRequest(title="Post on @blick: Ho", status="approved", created_at=NOW - 2 * MINUTE)
    with_tiktok = step("a", "waiting", approval=given, wake_at=NOW + MINUTE, error="TikTok has it.")
    assert why_waiting(
        Situation("waiting", [with_tiktok, step("b", "waiting", approval=asked)]), now=NOW
    ) == ("Waiting for an approver since 09:11:30 UTC: Post on @blick: Hi; then the run goes on.")
    assert (
        why_waiting(Situation("waiting", [with_tiktok]), now=NOW)
        == "'a' goes on at 09:13:30 UTC: TikTok has it."
    )


def test_say_why_a_run_with_nothing_open_waits_says_it_is_being_counted() -> None:
    assert (
        why_waiting(Situation("running", [step("a", "succeeded")]), now=NOW)
        == "Waiting for the steps to be counted."
    )
