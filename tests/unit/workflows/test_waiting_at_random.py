"""For any mix of steps there is one sentence for the run and for each open step, and none for what is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from approvals.models import ApprovalRequest
from workflows.models import WorkflowStep
from workflows.transitions import RUN, STEP
from workflows.waiting import Situation, why_step_waits, why_waiting

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


situations = st.builds(
    Situation.of,
    st.sampled_from(RUN.statuses),
    st.lists(steps_at_random(), max_size=6),
    st.sampled_from(DEFINITIONS),
    is_cancelled=st.booleans(),
)


def check_sentence(sentence: str | None) -> None:
    """Assert that it is a sentence people read: on one line, with one full stop at its end, and no key in it."""
    assert sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert sentence[0] == sentence[0].upper()
    assert "\n" not in sentence
    assert not [key for key in KEYS if key in sentence]


@given(situations)
def test_say_why_any_run_waits_is_one_sentence_unless_it_is_over(situation: Situation) -> None:
    sentence = why_waiting(situation, now=NOW)
    if situation.run_status in RUN.terminal:
        assert sentence is None
    else:
        check_sentence(sentence)


@given(situations)
def test_say_why_any_step_waits_is_one_sentence_unless_it_has_ended(situation: Situation) -> None:
    for step in situation.steps:
        sentence = why_step_waits(step, situation, now=NOW)
        if step.status in STEP.terminal:
            assert sentence is None
        else:
            check_sentence(sentence)
