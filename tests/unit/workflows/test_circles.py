"""Circles of many drafts at once: named, checked text by text, sent back together, shown each with its findings."""

from typing import Any

import pytest

from agents.circles import CIRCLES, Circle, by_name
from agents.models import AgentRun
from approvals.models import ApprovalRequest
from tests.factories.accounts import AccountFactory
from tests.factories.posting import work
from tests.factories.workflows import run_of, workflow_of
from tiktok_ops.content.models import Artifact, Creator
from workflows.catalogue import WORKFLOWS
from workflows.definitions.shared_nodes import ITEM_FINDINGS, act_once_agreed, in_a_circle
from workflows.definitions_admin.sheet import cards_of, graph_of
from workflows.handoffs import handoffs_of
from workflows.models import WorkflowRun
from workflows.nodes import AgentNode, AnyNode, GateNode, ReviewNode
from workflows.reviewing import with_findings
from workflows.validation import problems

GRAVE = "Guaranteed returns"
"""What compliance finds grave wherever it stands, and what a letter about a segment of that name says."""

ON_THE_WAY = [
    (slug, node.key, gate.key)
    for slug, workflow in WORKFLOWS.items()
    for node in workflow.nodes
    if isinstance(node, AgentNode) and node.agent in {circle.drafts for circle in CIRCLES.values()}
    for gate in workflow.nodes
    if isinstance(gate, GateNode) and gate.key in workflow.between(node.key, gate.key)
    if len(workflow.between(node.key, gate.key)) > 1
]


def letters(**changes: Any) -> tuple[AnyNode, ...]:
    """Return letters in their circle, and a gate for each."""
    draft, check, review = in_a_circle(
        "letters",
        AgentNode(
            key="outreach",
            label="Creators",
            agent="creator_outreach",
            inputs={"segments": "brief.segments"},
        ),
        items="drafts",
        parts=("message",),
    )
    return (
        draft,
        check,
        review.model_copy(update=changes),
        *act_once_agreed(
            ("gate", "message"),
            effect="send_message",
            question="Write to them?",
            label="Write to them",
            loop="outreach_review.output.items",
            most_items=5,
            depends_on=("outreach_review",),
            inputs={"creator": "item.creator", "text": "item.message"},
            facts=ITEM_FINDINGS,
        ),
    )


def written(**shares: str) -> WorkflowRun:
    """Return the run that wrote to creators, each of whom has the segment named."""
    account = AccountFactory.create()
    for handle, segment in shares.items():
        Creator.objects.create(
            workspace=account.workspace, handle=handle, followers=10, segments={segment: 1.0}
        )
    segments = [{"name": name, "share": 0.5} for name in dict.fromkeys(shares.values())]
    return work(run_of(workflow_of(*letters()), account=account, given={"segments": segments}))


@pytest.mark.parametrize(("slug", "draft", "gate"), ON_THE_WAY)
def test_gate_shows_what_an_agent_drafted_only_once_another_one_has_reviewed_it(
    slug: str, draft: str, gate: str
) -> None:
    workflow = WORKFLOWS[slug]
    between = workflow.between(draft, gate)
    reviews = [one for one in workflow.nodes if isinstance(one, ReviewNode) and one.key in between]
    assert reviews
    assert {one.circle for one in reviews} <= set(CIRCLES)


def test_circles_of_replies_letters_listings_and_ads_are_on_their_way_to_a_person() -> None:
    reviews = [
        node for workflow in WORKFLOWS.values() for node in workflow.nodes if isinstance(node, ReviewNode)
    ]
    assert {review.circle for review in reviews} == set(CIRCLES)


@pytest.mark.django_db
def test_grave_letter_is_drafted_anew_twice_and_reaches_its_gate_with_what_is_still_wrong() -> None:
    run = written(loud=GRAVE, quiet="Tea people")
    assert list(
        run.steps.filter(key="outreach_review").order_by("round").values_list("status", flat=True)
    ) == ["skipped", "skipped", "succeeded"]
    drafts = AgentRun.objects.filter(agent="creator_outreach").order_by("started_at")
    assert [bool(one.input.get("feedback")) for one in drafts] == [False, True, True]
    assert [one.status for one in drafts] == ["succeeded"] * 3
    assert "said of the last draft" in drafts[1].steps.get(kind="claude").request["user"]
    facts = {one.facts["blocked"]: one.facts for one in ApprovalRequest.objects.filter(run_id=run.id)}
    by_rules = sorted(
        ([finding["rule"] for finding in one.facts["findings"]], one.facts["compliance_score"])
        for one in ApprovalRequest.objects.filter(run_id=run.id)
    )
    assert by_rules == [([], 100), (["income_claim"], 70)]
    kept = Artifact.objects.filter(run_id=run.id, kind="draft").order_by("round")
    assert [(one.round, "To @loud:\n\n" in one.text) for one in kept] == [(0, True), (1, True), (2, True)]
    told = [(one.giver, one.taker, one.round) for one in handoffs_of(run, workflow_of(*letters()))]
    assert told.count(("Creators", "Creators checked", 2)) == 1
    assert set(facts) == {False}


@pytest.mark.django_db
def test_letters_in_which_nothing_is_found_go_to_their_gates_at_once() -> None:
    run = written(quiet="Tea people")
    assert run.steps.filter(round__gt=0).count() == 0
    [one] = ApprovalRequest.objects.filter(run_id=run.id)
    assert (one.facts["findings"], one.facts["compliance_score"], one.facts["blocked"]) == ([], 100, False)


@pytest.mark.django_db
def test_circle_without_a_single_draft_asks_nobody() -> None:
    run = written()
    assert (run.status, ApprovalRequest.objects.filter(run_id=run.id).count()) == ("succeeded", 0)
    assert (run.steps.get(key="outreach_check").output or {})["checked"] == 0
    assert (run.steps.get(key="outreach_review").output or {})["items"] == []


def finding(post: str, severity: str) -> dict[str, Any]:
    return {"post": post, "severity": severity}


def test_items_get_the_findings_on_their_own_texts_and_what_these_make_of_them() -> None:
    first, second, third = with_findings(
        [{"id": "a"}, {"id": "b"}, {"id": "c"}],
        [
            finding("1.title", "critical"),
            finding("2.title", "medium"),
            finding("2.text", "low"),
            finding("draft-1", "high"),
            finding("9.title", "high"),
        ],
    )
    assert (first["id"], first["compliance_score"], first["blocked"]) == ("a", 0, True)
    assert [one["post"] for one in second["findings"]] == ["2.title", "2.text"]
    assert (second["compliance_score"], second["blocked"]) == (88, False)
    assert third == {"id": "c", "findings": [], "compliance_score": 100, "blocked": False}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"circle": "poets"},
            f"the review 'outreach_review' is of the circle 'poets'; there are {', '.join(CIRCLES)}.",
        ),
        (
            {"circle": "replies"},
            "the review 'outreach_review' has 'compliance' review 'creator_outreach'; in the circle 'replies' "
            "'compliance' reviews 'comment_triage'.",
        ),
        (
            {
                "inputs": {
                    "findings": "outreach_check.output.findings",
                    "blocked": "outreach_check.output.blocked",
                    "items": "outreach_check.output.findings",
                }
            },
            "the review 'outreach_review' takes 'items' from 'outreach_check.output.findings', which 'outreach' does "
            "not draft.",
        ),
    ],
)
def test_check_a_review_that_is_not_its_circle_refuses_it(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in list(problems(workflow_of(*letters(**changes))))


def test_check_a_review_that_goes_round_more_often_than_its_circle_refuses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once = Circle("letters", "Letters", drafts="creator_outreach", rounds=1)
    monkeypatch.setattr("workflows.rounds.CIRCLES", {"letters": once})
    found = list(problems(workflow_of(*letters(most_redrafts=2))))
    assert found == [
        "the review 'outreach_review' sends a draft back 2 times; the circle 'letters' does so 1 times at most."
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"drafts": "compliance"},
            "In the circle 'team' 'compliance' would review itself: name another.",
        ),
        ({"drafts": "nobody"}, "The circle 'team' has the agent 'nobody', which there is not."),
        ({"reviews": "nobody"}, "The circle 'team' has the agent 'nobody', which there is not."),
        ({"rounds": 0}, "The circle 'team' sends a draft back 0 times; say 1 to 2."),
        ({"rounds": 3}, "The circle 'team' sends a draft back 3 times; say 1 to 2."),
    ],
)
def test_circle_that_is_no_team_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        Circle(**{"name": "team", "label": "Team", "drafts": "comment_triage", **values})


def test_register_two_circles_of_one_name_is_refused() -> None:
    circle = CIRCLES["posts"]
    with pytest.raises(ValueError, match=r"^Two circles are called 'posts'\.$"):
        by_name([circle, circle])


def test_definition_shows_its_circles_and_the_way_back() -> None:
    workflow = WORKFLOWS["post_launch_loop"]
    cards = {card.key: card for card in cards_of(workflow)}
    assert cards["triage_review"].facts["Circle"] == (
        "Replies: “comment triage” drafts, “compliance” reviews, and a draft goes back at most twice"
    )
    assert "Circle" not in cards["triage"].facts
    assert len(graph_of(workflow).back) == 1


def test_circle_that_goes_round_once_says_so() -> None:
    assert Circle("one", "One", drafts="comment_triage", rounds=1).in_words.endswith("at most once")
