"""Circles: what another agent finds grave goes back to the one who drafted it, before a person sees it."""

from typing import Any

import pytest

from agents.models import AgentRun
from tests.factories.posting import work
from tests.factories.workflows import run_of, workflow_of
from workflows.definitions import post_draft
from workflows.models import WorkflowRun
from workflows.nodes import AgentNode, AnyNode, ReviewNode
from workflows.validation import problems

pytestmark = pytest.mark.django_db

DEAL = "Use my code GLOW10 for this lamp"
"""What looks like advertising and does not say so: compliance finds it, gravely."""


def circle(**changes: Any) -> tuple[AnyNode, ...]:
    """Return a draft, its reviewer, the review, and an agent behind it."""
    review: dict[str, Any] = {
        "key": "review",
        "label": "Review",
        "depends_on": ("compliance",),
        "inputs": {"findings": "compliance.output.findings", "blocked": "compliance.output.blocked"},
        "redraft": "draft",
        **changes,
    }
    return (
        AgentNode(
            key="draft",
            label="Draft",
            agent="content_producer",
            inputs={"topic": "brief.topic", "feedback": "redraft.feedback"},
        ),
        AgentNode(
            key="compliance",
            label="Compliance",
            agent="compliance",
            depends_on=("draft",),
            inputs={"draft": "draft.output.caption"},
        ),
        ReviewNode(**review),
        AgentNode(key="after", label="After", agent="account_health", depends_on=("review",)),
    )


def reviewed(topic: str, **changes: Any) -> WorkflowRun:
    return work(run_of(workflow_of(*circle(**changes)), given={"topic": topic}))


def rounds(run: WorkflowRun, key: str) -> list[str]:
    return list(run.steps.filter(key=key).order_by("round").values_list("status", flat=True))


def output(run: WorkflowRun) -> dict[str, Any]:
    return run.steps.filter(key="review").latest("round").output or {}


def test_review_of_a_draft_without_grave_findings_lets_it_go_on() -> None:
    run = reviewed("lamps")
    assert (run.status, rounds(run, "review"), rounds(run, "after")) == (
        "succeeded",
        ["succeeded"],
        ["succeeded"],
    )
    assert (output(run)["passed"], output(run)["sent_back"], output(run)["reviewer"]) == (
        True,
        0,
        "compliance",
    )


def test_review_sends_a_grave_draft_back_twice_and_then_lets_it_go_on_with_what_is_left() -> None:
    run = reviewed(DEAL)
    assert run.status == "succeeded"
    assert rounds(run, "draft") == ["succeeded"] * 3
    assert rounds(run, "review") == ["skipped", "skipped", "succeeded"]
    assert rounds(run, "after") == ["succeeded"]
    assert (output(run)["passed"], output(run)["sent_back"]) == (False, 2)
    assert [finding["rule"] for finding in output(run)["findings"]] == ["missing_disclosure"]


def test_author_is_told_what_was_found_and_every_version_is_kept() -> None:
    run = reviewed(DEAL, most_redrafts=1)
    first, second = AgentRun.objects.filter(agent="content_producer").order_by("started_at")
    assert first.input.get("feedback", "") == ""
    assert "looks commercial" in second.input["feedback"]
    assert run.steps.get(key="draft", round=1).feedback == second.input["feedback"]
    assert run.steps.get(key="review", round=0).error.startswith("Sent back to be drafted again: ")
    asked = second.steps.get(kind="claude").request["user"]
    assert "said of the last draft" in asked


def test_review_in_a_run_that_was_cancelled_sends_nothing_back(django_user_model: Any) -> None:
    run = run_of(workflow_of(*circle()), given={"topic": DEAL})
    run.steps.filter(key="review").update(status="ready", open_dependencies=0)
    WorkflowRun.objects.filter(id=run.id).update(cancel_requested_at="2026-01-01T00:00:00Z")
    work(run)
    assert run.steps.filter(round__gt=0).count() == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"redraft": "after"}, "the review 'review' has 'after' draft again, which is no node before it."),
        ({"redraft": "review"}, "the review 'review' has 'review' draft again, which is no node before it."),
        (
            {"redraft": "compliance"},
            "the review 'review' has 'compliance' review itself: let another agent look at its draft.",
        ),
        (
            {"inputs": {"findings": "compliance.output.findings", "blocked": "brief.blocked"}},
            "the review 'review' takes 'blocked' from 'brief.blocked', which is no agent before it.",
        ),
        (
            {"inputs": {"findings": "compliance.output.findings"}},
            "the node 'review' has to be given blocked and findings.",
        ),
    ],
)
def test_check_a_review_that_cannot_be_refuses_it(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in list(problems(workflow_of(*circle(**changes))))


def test_drafts_of_the_seeded_workflow_go_round_before_their_video_is_made() -> None:
    assert post_draft.workflow.between("draft", "review") == {"draft", "compliance", "review"}
    assert "review" in post_draft.workflow.node("video").depends_on
