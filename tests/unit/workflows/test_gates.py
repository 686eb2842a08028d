"""Gates: a run waits for a person without holding a worker, and goes on as they say."""

from typing import Any

import pytest
from django.utils import timezone

from approvals.models import ApprovalRequest
from approvals.policy import MayNotDecide
from approvals.services import approve, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import GIVEN, asked_run, gate_node, given_on, request_of
from tests.factories.workflows import agent_node, doorbells, events, statuses, workflow_of
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Asset
from workflows.catalogue import store_definition
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import GATE_OUTPUT
from workflows.overview import overview_of
from workflows.protocol import resume
from workflows.services import start_run
from workflows.validation import DefinitionRefused, InputRefused, check_workflow
from workflows.waiting import Situation, why_waiting

pytestmark = pytest.mark.django_db


def decide(run: WorkflowRun, verb: str = "approve") -> None:
    """Decide on what the run asks, as an approver of its workspace."""
    request = request_of(run)
    by = person(run.workspace, Role.APPROVER, first_name="Ana")
    (approve if verb == "approve" else reject)(
        request_id=request.id, by=by, channel="admin", seen_sha256=request.payload_sha256, comment="Too dark."
    )
    run.refresh_from_db()


def test_run_at_its_gate_waits_and_says_for_what() -> None:
    run = asked_run()

    overview = overview_of(run)

    assert (run.status, statuses(run)) == ("waiting", {"gate": "waiting", "report": "pending"})
    assert overview.as_json()["approvals"] == [str(request_of(run).id)]
    assert overview.waiting_on is not None
    assert overview.waiting_on.startswith(
        "Waiting for an approver (nobody yet: an owner can give somebody the role) since "
    )
    assert f"Post on @{run.account.handle}: A lamp, switched on" in overview.waiting_on
    assert [event.kind for event in run.events.order_by("seq")][-2:] == ["step.waiting", "run.waiting"]


def test_waiting_step_holds_no_lease_and_is_not_due() -> None:
    run = asked_run()

    step = run.steps.get(key="gate")

    assert (step.lease_until, step.finished_at) == (None, None)
    assert advance_run(run.id, seconds_left=lambda: 1000) == 0


def test_approval_lets_the_run_go_on_with_the_very_payload() -> None:
    run = asked_run()
    before = len(doorbells())

    decide(run)

    step = run.steps.get(key="gate")
    assert (step.status, run.status, len(doorbells()) - before) == ("succeeded", "waiting", 1)
    assert step.output is not None
    assert set(step.output) == set(GATE_OUTPUT)
    assert step.output["payload"]["caption"] == GIVEN["caption"]
    assert step.output["payload_sha256"] == request_of(run).payload_sha256
    assert advance_run(run.id, seconds_left=lambda: 1000) == 1
    assert statuses(run) == {"gate": "succeeded", "report": "succeeded"}


@pytest.mark.parametrize(
    ("on_reject", "gate", "ended"),
    [("skip_branch", "skipped", "succeeded"), ("fail_run", "failed", "failed")],
)
def test_rejection_skips_the_branch_or_fails_the_run_as_the_gate_says(
    on_reject: str, gate: str, ended: str
) -> None:
    run = asked_run(on_reject=on_reject)

    decide(run, "reject")
    advance_run(run.id, seconds_left=lambda: 1000)

    run.refresh_from_db()
    assert (statuses(run), run.status) == ({"gate": gate, "report": "succeeded"}, ended)
    assert run.steps.get(key="gate").error == "Rejected by Ana: Too dark."


def test_run_with_other_work_left_does_not_say_that_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    use_agents(monkeypatch, made_agent("silent"))
    workflow = workflow_of(gate_node(), agent_node("other", agent="silent"), slug="beside")
    store_definition(workflow, by="a test")
    account = AccountFactory.create()
    run = start_run("beside", account_id=account.id, by="a test", given=given_on(account))

    advance_run(run.id, seconds_left=lambda: 0)
    run.refresh_from_db()
    first = run.status
    advance_run(run.id, seconds_left=lambda: 0)
    run.refresh_from_db()

    assert (first, run.status) == ("running", "waiting")
    assert statuses(run) == {"gate": "waiting", "other": "succeeded"}


def test_resume_of_a_step_that_does_not_wait_changes_nothing() -> None:
    run = asked_run()
    decide(run)
    before = events(run)

    assert not resume(run.steps.get(key="gate").id, {"status": "failed", "error": "no"})

    assert run.steps.get(key="gate").status == "succeeded"
    assert events(run) == before


def test_why_waiting_counts_what_else_is_asked() -> None:
    run = asked_run()
    step = run.steps.select_related("approval").get(key="gate")
    sentence = why_waiting(Situation("waiting", [step, step], run.created_at), now=timezone.now())

    assert sentence is not None
    assert sentence.endswith("(and 1 more); then 'gate' goes on.")


def test_gate_whose_payload_cannot_be_approved_fails_with_a_sentence() -> None:
    run = asked_run(given={"caption": "x" * 10})
    assert request_of(run).status == "open"
    workflow = workflow_of(gate_node(options={"publish_at": "never"}), slug="wrong")
    store_definition(workflow, by="a test")
    wrong = start_run("wrong", account_id=run.account_id, by="a test", given=given_on(run.account))
    advance_run(wrong.id, seconds_left=lambda: 1000)

    error = WorkflowStep.objects.get(run=wrong).error
    assert error.startswith("What 'Publish?' would ask for cannot be approved: publish_at is 'never'")
    assert ApprovalRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"caption": "x" * 2201}, "The input 'caption' is 'xxx"),
        ({"privacy_level": "EVERYBODY"}, "The input 'privacy_level' is 'EVERYBODY', which does not do"),
        ({"asset_sha256": "abc"}, "The input 'asset_sha256' is 'abc', which does not do"),
    ],
)
def test_start_with_an_input_the_approval_would_refuse_is_refused(
    given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        asked_run(given=given)

    assert str(refused.value).startswith(sentence)
    assert not WorkflowRun.objects.exists()


def test_start_without_an_input_the_approval_needs_is_refused() -> None:
    asked_run()
    given = {name: value for name, value in GIVEN.items() if name != "privacy_level"}

    with pytest.raises(InputRefused, match="The input lacks 'privacy_level', which 'Publish\\?' needs"):
        start_run("asking", account_id=AccountFactory.create().id, by="a test", given=given)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (
            gate_node().model_copy(update={"approval": "tweet"}),
            "asks for the approval 'tweet'; there are budget, create_campaign, post_photo, ",
        ),
        (
            gate_node(options={"colour": "red"}),
            "gives 'colour', which the approval 'post_video' does not take.",
        ),
        (gate_node(facts={"score": "other.output.score"}), "but does not depend on 'other'."),
    ],
)
def test_definition_of_a_gate_that_cannot_ask_is_refused(node: Any, sentence: str) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        check_workflow(workflow_of(node))

    assert sentence in str(refused.value)


def test_definition_may_read_what_a_gate_puts_out_and_nothing_else() -> None:
    reads = agent_node("after", "gate", inputs={"policy_flags": "gate.output.payload.caption"})
    check_workflow(workflow_of(gate_node(), reads))
    wrong = agent_node("after", "gate", inputs={"policy_flags": "gate.output.caption"})

    with pytest.raises(DefinitionRefused, match="which 'gate' does not put out"):
        check_workflow(workflow_of(gate_node(), wrong))


@pytest.mark.parametrize("through", ["acts_for", "created_by"])
def test_whoever_started_a_run_through_a_key_is_not_the_one_who_approves_its_risk(through: str) -> None:
    account = AccountFactory.create()
    ana, ben = (person(account.workspace, Role.APPROVER) for _ in range(2))
    scopes = ["runs:start", "approvals:decide"] if through == "acts_for" else ["runs:start"]
    key = ApiKey.objects.create(
        workspace=account.workspace, name="feed", prefix="feed", scopes=scopes, **{through: ana}
    )
    request = request_of(asked_run(account, by=key, given={"is_branded_content": True}))
    said: dict[str, Any] = {
        "request_id": request.id,
        "channel": "admin",
        "seen_sha256": request.payload_sha256,
    }
    with pytest.raises(MayNotDecide, match="You started this yourself and it is of high risk"):
        approve(by=ana, **said)
    assert approve(by=ben, **said).decided_by == ben


def test_gate_that_asks_for_what_nobody_could_approve_fails_with_its_sentence() -> None:
    account = AccountFactory.create()
    elsewhere = given_on(AccountFactory.create())["asset"]
    given = given_on(account) | {"asset": elsewhere}
    store_definition(workflow_of(gate_node(), slug="asking"), by="a test")
    run = start_run("asking", account_id=account.id, by="a test", given=given)
    advance_run(run.id, seconds_left=lambda: 1000)
    step = run.steps.get()
    assert (step.status, step.traceback) == ("failed", "")
    assert f"The video '{elsewhere}'" in step.error
    assert step.error.endswith(f"and of the brand of @{account.handle}: upload it first.")
    assert not ApprovalRequest.objects.exists()


def test_gate_for_a_video_that_has_to_be_made_fit_fails_and_names_the_copy() -> None:
    account = AccountFactory.create()
    given = given_on(account)
    Asset.objects.filter(id=given["asset"]).update(probe={"fitting": {"why": "It is slow.", "tries": 0}})
    store_definition(workflow_of(gate_node(), slug="asking"), by="a test")
    run = start_run("asking", account_id=account.id, by="a test", given=given)
    advance_run(run.id, seconds_left=lambda: 1000)
    assert run.steps.get().error.endswith("as it is: post the copy that fits, named on its page.")
    assert not ApprovalRequest.objects.exists()


def test_facts_of_a_gate_are_shown_and_not_sealed() -> None:
    run = asked_run(facts={"Topic": "brief.caption"})

    request = request_of(run)

    assert request.facts == {"Topic": GIVEN["caption"]}
    assert b"Topic" not in bytes(request.payload)
