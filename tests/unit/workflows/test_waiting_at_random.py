"""For any mix of steps one sentence for the run and each open step says with whom, since when and what comes next."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from approvals.models import ApprovalRequest
from workflows.models import WorkflowStep
from workflows.transitions import RUN, STEP
from workflows.waiting import Situation, Stopped, Why, why_run, why_step, why_step_waits, why_waiting

NOW = datetime(2026, 11, 20, 9, 12, 30, tzinfo=UTC)
KEYS = ("k_first", "k_second", "k_third", "each_brief_ideas")
LABELS = {"k_first": "Idea", "k_second": "Draft", "k_third": "Publish?"}
DEFINITIONS: list[dict[str, Any]] = [
    {
        "nodes": [
            {"key": "k_first", "label": "Idea"},
            {"key": "k_second", "label": "Draft", "depends_on": ["k_first"], "for_each": "brief.ideas"},
            {"key": "k_third", "label": "Publish?", "depends_on": ["k_second"], "for_each": loop},
        ]
    }
    for loop in ("brief.ideas", None)
]

NAMES_WHOM = re.compile(
    r"(paused|cancelled) by (Ana|the keeper|a person)$"
    r"|^a worker is on "
    r"|^waiting for (an approver|its steps)"
    r"| was taken by a worker that is gone$"
    r"| waits( for (a worker|somebody|'|the steps before it).*)?$"
)
SAYS_WHAT_IS_NEXT = re.compile(
    r"^then .+ (begins?|goes on|is done|is over)\b"
    r"|^it (goes on|is tried again|begins) (at|when) "
    r"|^another takes it over at once"
    r"|^this (begins when|is followed to its end: )"
    r"|^over when this is: "
)

moments = st.integers(-200_000, 200_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
maybe = st.none() | moments
reasons = st.sampled_from(
    [
        "",
        " ",
        "TikTok is working on it.",
        "No full stop",
        "Two.\nLines.",
        "'claude' failed at 'messages'…",
        "Why?",
    ]
)


@st.composite
def steps_at_random(draw: st.DrawFn) -> WorkflowStep:
    """Return a step in any status, with any times, and asked or not."""
    asked = draw(st.none() | st.sampled_from(["open", "on_hold", "approved", "rejected"]))
    title = draw(st.sampled_from(["Post on @blick: Hi", "A title that ends.", "x"]))
    return WorkflowStep(
        key=draw(st.sampled_from(KEYS)),
        item=draw(st.integers(0, 2)),
        round=draw(st.integers(0, 2)),
        position=draw(st.integers(0, 5)),
        status=draw(st.sampled_from(STEP.statuses)),
        error=draw(reasons),
        not_before=draw(moments),
        lease_until=draw(maybe),
        wake_at=draw(maybe),
        started_at=draw(maybe),
        approval=ApprovalRequest(status=asked, title=title, created_at=draw(moments)) if asked else None,
    )


@st.composite
def situations_at_random(draw: st.DrawFn) -> Situation:
    """Return a run in any status, with any steps, paused or cancelled by somebody known or not."""
    steps = draw(st.lists(steps_at_random(), max_size=6))
    named = draw(st.booleans())
    return Situation.of(
        draw(st.sampled_from(RUN.statuses)),
        steps,
        draw(st.sampled_from(DEFINITIONS)),
        since=draw(moments),
        is_cancelled=draw(st.booleans()),
        stopped=draw(st.none() | st.builds(Stopped, st.sampled_from(["Ana", "the keeper"]), moments)),
        deciders={step.approval.id: "an approver (Ana or Ben)" for step in steps if named and step.approval},
    )


def check_sentence(sentence: str | None) -> None:
    """Assert that it is a sentence people read: on one line, with one full stop at its end, and no key in it."""
    assert sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert sentence[0] == sentence[0].upper()
    assert "\n" not in sentence
    assert not [key for key in KEYS if key in sentence]


def moments_known(situation: Situation) -> set[datetime]:
    """Return every moment that is written down of the run and its steps."""
    found = {situation.since, situation.stopped.at if situation.stopped else None}
    for step in situation.steps:
        found |= {step.not_before, step.lease_until, step.started_at, step.finished_at}
        found.add(step.approval.created_at if step.approval else None)
    return {moment for moment in found if moment is not None}


def check_parts(why: Why | None, sentence: str | None, situation: Situation) -> None:
    """Assert that the sentence says what it waits for and with whom, since a moment that is known, and what is next."""
    assert why is not None
    check_sentence(sentence)
    assert sentence is not None
    assert NAMES_WHOM.search(why.what), why.what
    assert why.since in moments_known(situation)
    assert SAYS_WHAT_IS_NEXT.search(why.then), why.then
    before, since, rest = sentence.partition(" since ")
    assert (before.lower(), since) == (why.what.lower(), " since ")
    day = "" if why.since.date() == NOW.date() else f"{why.since:%Y-%m-%d} "
    assert rest.startswith(f"{day}{why.since:%H:%M:%S} UTC")
    assert rest.endswith(f"; {why.then}.")


@given(situations_at_random())
def test_say_why_any_run_waits_says_whom_since_when_and_what_is_next_unless_it_is_over(
    situation: Situation,
) -> None:
    sentence = why_waiting(situation, now=NOW)
    if situation.run_status in RUN.terminal:
        assert sentence is None
    else:
        check_parts(why_run(situation, now=NOW), sentence, situation)


@given(situations_at_random())
def test_say_why_any_step_waits_says_whom_since_when_and_what_is_next_unless_it_has_ended(
    situation: Situation,
) -> None:
    for step in situation.steps:
        sentence = why_step_waits(step, situation, now=NOW)
        if step.status in STEP.terminal:
            assert sentence is None
        else:
            check_parts(why_step(step, situation, now=NOW), sentence, situation)
