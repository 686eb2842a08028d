from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.models import ApprovalRequest
from workflows.models import WorkflowStep
from workflows.transitions import RUN
from workflows.waiting import Situation, Stopped, why_waiting

NOW = datetime(2026, 11, 20, 9, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BEGUN = NOW - 10 * MINUTE


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


def why(status: str, *steps: WorkflowStep, **of: Any) -> str | None:
    """Return why a run in this status with these steps waits."""
    return why_waiting(Situation(status, steps, BEGUN, **of), now=NOW)


@pytest.mark.parametrize("status", sorted(RUN.terminal))
def test_say_why_a_run_that_is_over_waits_says_nothing(status: str) -> None:
    assert why(status, step("a", "running", lease_until=NOW)) is None


def test_say_why_a_paused_run_waits_names_the_person_and_since_when() -> None:
    assert why("paused", step("a", "ready"), stopped=Stopped("Ana", NOW - MINUTE)) == (
        "Paused by Ana since 09:11:30 UTC; it goes on when someone resumes it."
    )


def test_say_why_a_run_paused_before_that_was_written_down_waits_says_since_when_it_is() -> None:
    assert why("paused", step("a", "ready")) == (
        "Paused by a person since 09:02:30 UTC; it goes on when someone resumes it."
    )


def test_say_why_a_run_in_hand_waits_names_the_first_step_its_start_and_what_follows() -> None:
    steps = [
        step("b", "running", position=2, lease_until=NOW + MINUTE, started_at=NOW),
        step("a", "running", position=1, lease_until=NOW + MINUTE, started_at=NOW - 2 * MINUTE),
        step("c", "ready", position=0),
    ]
    assert why("running", *steps) == (
        "A worker is on 'a' since 09:10:30 UTC; then its part of the run is done."
    )
    behind = [step(key, "pending") for key in ("d", "e", "f", "g")]
    for number, names in [
        (1, "'d' begins"),
        (2, "'d', 'e' begin"),
        (4, "'d', 'e', 'f' and 1 more begin"),
    ]:
        waits_for = {one.key: ["a"] for one in behind[:number]}
        assert why("running", *steps, *behind, waits_for=waits_for) == (
            f"A worker is on 'a' since 09:10:30 UTC; then {names}."
        )


def test_say_why_a_run_in_hand_without_a_start_waits_takes_the_runs() -> None:
    assert why("running", step("a", "running", lease_until=NOW + MINUTE)) == (
        "A worker is on 'a' since 09:02:30 UTC; then its part of the run is done."
    )


def test_say_why_a_run_whose_worker_is_gone_waits_says_that() -> None:
    assert why("running", step("a", "running", lease_until=NOW - MINUTE, started_at=BEGUN)) == (
        "'a' was taken by a worker that is gone since 09:11:30 UTC; another takes it over at once."
    )


def test_say_why_a_run_nobody_took_waits_names_the_moment_it_became_due() -> None:
    steps = [step("a", "ready", not_before=NOW - MINUTE), step("b", "ready", not_before=NOW - 3 * MINUTE)]
    assert why("queued", *steps) == "'b' waits for a worker since 09:09:30 UTC; then it begins."


def test_say_why_a_run_between_tries_waits_names_the_next_one_and_the_trouble() -> None:
    steps = [
        step("a", "ready", not_before=NOW + 2 * MINUTE, error="Later."),
        step(
            "b",
            "ready",
            not_before=NOW + MINUTE,
            started_at=NOW - MINUTE,
            error="The provider is overloaded.",
        ),
        step("c", "pending"),
    ]
    assert why("running", *steps) == (
        "'b' waits since 09:11:30 UTC: The provider is overloaded; it is tried again at 09:13:30 UTC."
    )


def test_say_why_a_run_waits_for_a_time_says_what_for_and_the_first_of_them() -> None:
    steps = [
        step("b", "waiting", wake_at=NOW + 3 * MINUTE, error="Later."),
        step("a", "waiting", wake_at=NOW + MINUTE, started_at=NOW, error="The video is with TikTok."),
    ]
    assert why("waiting", *steps) == (
        "'a' waits since 09:12:30 UTC: The video is with TikTok; it goes on at 09:13:30 UTC."
    )


def test_say_why_a_run_waits_for_another_day_names_the_day() -> None:
    one = step("a", "waiting", wake_at=NOW + timedelta(days=1), error="It goes out tomorrow.")
    assert why("waiting", one) == (
        "'a' waits since 09:02:30 UTC: It goes out tomorrow; it goes on at 2026-11-21 09:12:30 UTC."
    )


@pytest.mark.parametrize("started_at", [NOW - MINUTE, None])
def test_say_why_a_run_waits_for_somebody_to_post_says_since_when(started_at: datetime | None) -> None:
    since = "09:11:30" if started_at else "09:02:30"
    assert why("waiting", step("a", "waiting", started_at=started_at, error="A person posts it.")) == (
        f"'a' waits for somebody to take it up since {since} UTC: A person posts it; then it goes on."
    )


def test_say_why_a_run_waits_names_who_decides_first_and_no_approval_that_was_given() -> None:
    asked = ApprovalRequest(title="Post on @blick: Hi", status="open", created_at=NOW - MINUTE)
    given = ApprovalRequest(title="Post on @blick: Ho", status="approved", created_at=NOW - 2 * MINUTE)
    with_tiktok = step("a", "waiting", approval=given, wake_at=NOW + MINUTE, error="TikTok has it.")
    deciders = {asked.id: "an approver (Ana or Ben)"}
    assert why("waiting", with_tiktok, step("b", "waiting", approval=asked), deciders=deciders) == (
        "Waiting for an approver (Ana or Ben) since 09:11:30 UTC: Post on @blick: Hi; then 'b' goes on."
    )
    assert why("waiting", with_tiktok) == (
        "'a' waits since 09:02:30 UTC: TikTok has it; it goes on at 09:13:30 UTC."
    )


def test_say_why_a_run_with_nothing_open_waits_says_it_is_being_counted() -> None:
    ended = step("a", "succeeded")
    assert why("running", ended) == (
        "Waiting for its steps to be counted since 09:02:30 UTC; then it is over."
    )
    ended.finished_at = NOW - MINUTE
    assert why("running", ended) == (
        "Waiting for its steps to be counted since 09:11:30 UTC; then it is over."
    )


def test_say_why_a_run_of_which_nothing_can_begin_waits_names_a_step_that_is_pending() -> None:
    assert why("running", step("a", "pending")) == (
        "'a' waits for the steps before it since 09:11:30 UTC; then it begins."
    )
