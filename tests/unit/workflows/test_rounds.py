"""Another round: what a person sent back is drafted again, and what is behind waits for the new draft."""

from typing import Any

import pytest

from approvals.models import ApprovalRequest
from approvals.services import approve, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import BRIEF, given_on
from tests.factories.workflows import agent_node, report_node, workflow_of
from tiktok_ops.accounts.roles import Role
from workflows.catalogue import store_definition
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.nodes import GateNode, Workflow
from workflows.services import start_run
from workflows.validation import DefinitionRefused, check_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def drafts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have agents that remember what they were told of the round before."""
    told: list[str] = []
    use_agents(
        monkeypatch,
        made_agent("before"),
        made_agent("draft", on_compute=lambda given, context: told.append(given.text)),
        made_agent("check"),
        made_agent("behind"),
    )
    return told


def gate(*depends_on: str, **changes: Any) -> GateNode:
    """Return a gate that lets `draft` draft again."""
    values: dict[str, Any] = {
        "inputs": {name: f"brief.{name}" for name in BRIEF},
        "on_reject": "redraft:draft",
    }
    return GateNode(
        key="gate", label="Publish?", approval="post_video", depends_on=depends_on, **(values | changes)
    )


def drafted(**changes: Any) -> Workflow:
    """Return before → draft → check → gate → behind → report, where a no is another draft."""
    return workflow_of(
        agent_node("before", agent="before"),
        agent_node("draft", "before", agent="draft", inputs={"text": "redraft.feedback"}),
        agent_node("check", "draft", agent="check"),
        gate("check", **changes),
        agent_node("behind", "gate", agent="behind"),
        report_node("report", "behind", "check"),
        slug="drafted",
    )


def started(workflow: Workflow) -> WorkflowRun:
    """Start the workflow and do what there is to do up to its gate."""
    account = AccountFactory.create()
    store_definition(workflow, by="a test")
    run = start_run(workflow.slug, account_id=account.id, by="a test", given=given_on(account))
    return work(run)


def work(run: WorkflowRun) -> WorkflowRun:
    """Do all there is to do."""
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def say(run: WorkflowRun, verb: str, comment: str = "") -> WorkflowRun:
    """Decide on what the run asks now, and do what follows."""
    request = ApprovalRequest.objects.filter(run_id=run.id, status="open")[0]
    by = person(run.workspace, Role.APPROVER)
    (approve if verb == "approve" else reject)(
        request_id=request.id, by=by, channel="admin", seen_sha256=request.payload_sha256, comment=comment
    )
    return work(run)


def rows(run: WorkflowRun) -> dict[str, list[str]]:
    """Return the statuses of each node's rounds, in order."""
    found: dict[str, list[str]] = {}
    for key, status in run.steps.order_by("position", "round").values_list("key", "status"):
        found.setdefault(key, []).append(status)
    return found


def test_rejected_draft_is_drafted_again_with_what_was_said_and_approved_then(drafts: list[str]) -> None:
    run = say(started(drafted()), "reject", "Too dark.")
    assert run.status == "waiting"
    assert rows(run) == {
        "before": ["succeeded"],
        "draft": ["succeeded", "succeeded"],
        "check": ["succeeded", "succeeded"],
        "gate": ["skipped", "waiting"],
        "behind": ["pending"],
        "report": ["pending"],
    }
    assert drafts == ["", "Too dark."]
    assert list(run.steps.filter(feedback="Too dark.").values_list("key", flat=True)) == [
        "draft",
        "check",
        "gate",
    ]

    run = say(run, "approve")
    assert (run.status, rows(run)["gate"]) == ("succeeded", ["skipped", "succeeded"])
    assert (rows(run)["behind"], rows(run)["report"]) == (["succeeded"], ["succeeded"])
    first, second = ApprovalRequest.objects.filter(run_id=run.id).order_by("version")
    assert (first.status, first.version) == ("rejected", 1)
    assert (second.version, second.supersedes) == (2, first)


def test_draft_rejected_more_often_than_it_may_be_redrafted_ends_the_branch(drafts: list[str]) -> None:
    run = started(drafted(most_redrafts=1))
    run = say(say(run, "reject", "Too dark."), "reject", "Too bright.")
    assert rows(run)["gate"] == ["skipped", "skipped"]
    assert (rows(run)["behind"], rows(run)["report"], run.status) == (["skipped"], ["succeeded"], "succeeded")
    assert drafts == ["", "Too dark."]


def test_each_round_is_counted_once_whatever_waits_behind_it() -> None:
    run = say(say(started(drafted()), "reject", "One."), "reject", "Two.")
    behind = run.steps.get(key="behind")
    report = run.steps.get(key="report")
    assert (behind.open_dependencies, behind.broken_dependencies) == (1, 0)
    assert (report.open_dependencies, report.broken_dependencies) == (1, 0)
    assert say(run, "approve").status == "succeeded"


def test_events_tell_the_round_of_each_step() -> None:
    run = say(started(drafted()), "reject", "Too dark.")
    rounds = run.events.filter(kind="step.succeeded", data__key="draft").values_list("data__round", flat=True)
    assert list(rounds) == [0, 1]


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (
            [gate(on_reject="redraft:nowhere")],
            "the gate 'gate' lets 'nowhere' draft again, which is no node before it.",
        ),
        ([gate(on_reject="redraft:gate")], "lets 'gate' draft again, which is no node before it."),
        (
            [gate(), agent_node("draft", "gate", agent="draft")],
            "lets 'draft' draft again, which is no node before it.",
        ),
        (
            [agent_node("draft", agent="draft", for_each="brief.ideas"), gate("draft")],
            "lets 'draft' draft again, which is not in the same loop.",
        ),
    ],
)
def test_check_a_gate_that_sends_back_to_nowhere_is_refused(nodes: list[Any], sentence: str) -> None:
    with pytest.raises(DefinitionRefused) as refusal:
        check_workflow(workflow_of(*nodes))
    assert sentence in str(refusal.value)


def test_read_feedback_by_another_name_is_refused() -> None:
    node = agent_node("draft", agent="draft", inputs={"text": "redraft.comment"})
    with pytest.raises(DefinitionRefused, match=r"of a redraft there is redraft\.feedback"):
        check_workflow(workflow_of(node))


def test_gate_in_a_loop_drafts_again_for_its_own_item_only(drafts: list[str]) -> None:
    over = "brief.topics"
    looped = workflow_of(
        agent_node("draft", agent="draft", for_each=over, inputs={"text": "redraft.feedback"}),
        gate("draft", for_each=over),
        slug="drafted",
    )
    account = AccountFactory.create()
    store_definition(looped, by="a test")
    given = given_on(account) | {"topics": ["a", "b"]}
    run = work(start_run("drafted", account_id=account.id, by="a test", given=given))
    assert drafts == ["", ""]
    run = say(run, "reject", "Not this one.")
    rounds = run.steps.filter(round=1).values_list("key", "item").order_by("key")
    item = ApprovalRequest.objects.filter(run_id=run.id).count()
    assert (len(rounds), item) == (2, 3)
    assert len({row[1] for row in rounds}) == 1
    assert drafts == ["", "", "Not this one."]
