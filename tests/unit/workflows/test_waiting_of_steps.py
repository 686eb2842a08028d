"""Why each step has not ended: on what, with whom, since when, and what comes next."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.models import ApprovalRequest
from tests.unit.workflows.test_waiting import BEGUN, MINUTE, NOW, step
from workflows.models import WorkflowStep
from workflows.transitions import STEP
from workflows.waiting import Situation, Stopped, why_step_waits, why_waiting

DEFINITION: dict[str, Any] = {
    "nodes": [
        {"key": "a", "label": "Idea"},
        {"key": "b", "label": "Draft", "depends_on": ["a"], "for_each": "brief.ideas"},
        {"key": "c", "label": "Publish?", "depends_on": ["b"], "for_each": "brief.ideas"},
        {"key": "d", "label": "Report", "depends_on": ["a", "c"]},
    ]
}
LOOP = "each_brief_ideas"


def situation(*steps: WorkflowStep, status: str = "running", **of: Any) -> Situation:
    of.setdefault("is_cancelled", False)
    return Situation.of(status, steps, DEFINITION, since=BEGUN, **of)


def said(one: WorkflowStep, *others: WorkflowStep, **of: Any) -> str | None:
    """Return why the step waits, among others."""
    return why_step_waits(one, situation(one, *others, **of), now=NOW)


def of_item(item: int, key: str, status: str) -> WorkflowStep:
    made = step(key, status)
    made.item = item
    return made


@pytest.mark.parametrize("status", sorted(STEP.terminal))
def test_step_that_has_ended_waits_for_nothing(status: str) -> None:
    assert said(step("a", status)) is None


def test_pending_step_names_what_it_waits_for_by_label() -> None:
    report = step("d", "pending")
    assert said(report, step("a", "running"), of_item(1, "c", "waiting"), of_item(2, "c", "waiting")) == (
        "It waits for 'Idea', 'Publish?' since 09:11:30 UTC; then it begins."
    )
    assert (
        said(report, step("a", "succeeded"), of_item(1, "c", "waiting"))
        == "It waits for 'Publish?' since 09:11:30 UTC; then it begins."
    )


def test_pending_step_behind_a_loop_that_has_not_begun_names_its_beginning() -> None:
    report = step("d", "pending")
    assert said(report, step("a", "succeeded"), step(LOOP, "ready")) == (
        "It waits for 'For each of brief.ideas' since 09:11:30 UTC; then it begins."
    )
    assert (
        said(step(LOOP, "pending"), step("a", "running"))
        == "It waits for 'Idea' since 09:11:30 UTC; then it begins."
    )


def test_pending_step_of_an_item_waits_for_its_own_item_only() -> None:
    gate = of_item(1, "c", "pending")
    assert (
        said(gate, of_item(1, "b", "running"), of_item(2, "b", "running"))
        == "It waits for 'Draft' since 09:11:30 UTC; then it begins."
    )
    assert said(gate, of_item(1, "b", "succeeded"), of_item(2, "b", "running")) == (
        "It waits for the steps before it since 09:11:30 UTC; then it begins."
    )


def test_pending_step_that_waits_for_many_names_three_and_counts_the_rest() -> None:
    nodes = [{"key": f"n{number}", "label": f"N{number}"} for number in range(5)]
    last = {"key": "last", "label": "Last", "depends_on": [node["key"] for node in nodes]}
    steps = [step(node["key"], "ready") for node in nodes]
    made = Situation.of("running", steps, {"nodes": [*nodes, last]}, since=BEGUN, is_cancelled=False)
    assert why_step_waits(step("last", "pending"), made, now=NOW) == (
        "It waits for 'N0', 'N1', 'N2' and 2 more since 09:11:30 UTC; then it begins."
    )


def test_ready_step_says_since_when_or_when_it_is_tried_again() -> None:
    assert said(step("a", "ready")) == "It waits for a worker since 09:11:30 UTC; then it begins."
    later = step("a", "ready", not_before=NOW + MINUTE, error="Claude is overloaded.")
    assert said(later) == (
        "It waits since 09:02:30 UTC: Claude is overloaded; it is tried again at 09:13:30 UTC."
    )
    assert said(step("a", "ready", not_before=NOW + MINUTE)) == (
        "It waits since 09:02:30 UTC; it begins at 09:13:30 UTC."
    )


def test_running_step_says_who_works_on_it() -> None:
    held = step("a", "running", lease_until=NOW + MINUTE, started_at=NOW - MINUTE)
    assert said(held) == "A worker is on it since 09:11:30 UTC; then its part of the run is done."
    gone = step("a", "running", lease_until=NOW - MINUTE)
    assert said(gone) == (
        "It was taken by a worker that is gone since 09:11:30 UTC; another takes it over at once."
    )


def test_waiting_step_says_for_whom_or_until_when() -> None:
    asked = ApprovalRequest(title="Post on @blick: Hi.", status="open", created_at=NOW - timedelta(days=1))
    assert said(step("c", "waiting", approval=asked)) == (
        "Waiting for an approver since 2026-11-19 09:12:30 UTC: Post on @blick: Hi; then it goes on."
    )
    polled = step("c", "waiting", wake_at=NOW + MINUTE, error="TikTok is working on it.")
    assert said(polled) == (
        "It waits since 09:02:30 UTC: TikTok is working on it; it goes on at 09:13:30 UTC."
    )
    by_hand = step("c", "waiting", started_at=NOW, error="A person posts it.")
    assert said(by_hand) == (
        "It waits for somebody to take it up since 09:12:30 UTC: A person posts it; then it goes on."
    )
    assert said(step("c", "waiting")) == (
        "It waits for somebody to take it up since 09:02:30 UTC; then it goes on."
    )


def test_running_step_says_what_begins_after_it() -> None:
    held = step("a", "running", lease_until=NOW + MINUTE, started_at=NOW - MINUTE)
    assert said(held, step(LOOP, "pending"), step("d", "pending")) == (
        "A worker is on it since 09:11:30 UTC; then 'For each of brief.ideas', 'Report' begin."
    )
    gate = of_item(1, "c", "running")
    assert said(gate, step("d", "pending")) == ("A worker is on it since 09:02:30 UTC; then 'Report' begins.")


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (
            step("a", "ready"),
            "The run is paused by Ana since 09:11:30 UTC; this begins when someone resumes it.",
        ),
        (
            step("a", "running", lease_until=NOW + MINUTE, started_at=NOW),
            "A worker is on it since 09:12:30 UTC; then its part of the run is done, once someone resumes the run, "
            "paused by Ana.",
        ),
        (
            step("b", "pending"),
            "It waits for the steps before it since 09:11:30 UTC; then it begins, once someone resumes the run, "
            "paused by Ana.",
        ),
    ],
)
def test_step_of_a_paused_run_says_so(one: WorkflowStep, sentence: str) -> None:
    assert said(one, status="paused", stopped=Stopped("Ana", NOW - MINUTE)) == sentence


def test_step_of_a_cancelled_run_is_followed_to_its_end() -> None:
    polled = step("c", "waiting", wake_at=NOW + MINUTE, error="TikTok is working on it.")
    cancelled: dict[str, Any] = {"is_cancelled": True, "stopped": Stopped("Ana", NOW - MINUTE)}
    followed = "waits since 09:02:30 UTC: TikTok is working on it; it goes on at 09:13:30 UTC."
    assert said(polled, **cancelled) == (
        f"The run is cancelled by Ana since 09:11:30 UTC; this is followed to its end: it {followed}"
    )
    assert why_waiting(situation(polled, **cancelled), now=NOW) == (
        f"Cancelled by Ana since 09:11:30 UTC; over when this is: 'Publish?' {followed}"
    )
