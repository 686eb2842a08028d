"""Cancel, pause, resume and retry: nothing new begins, nothing that left is forgotten, nothing is done twice."""

import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest
from approvals.services import AlreadyDecided, approve
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import asked_run, request_of
from tests.factories.posting import (
    approved_post,
    asked_post,
    decide,
    effect_of,
    moves,
    post_step,
    providers,
    taken_work,
    time_passes,
    work,
)
from tests.factories.workflows import (
    agent_node,
    claim_of,
    doorbells,
    report_node,
    run_of,
    statuses,
    workflow_of,
)
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from workflows.control import RunOver, StepRefused, cancel_run, pause_run, resume_run, retry_step
from workflows.effects.post_video import act
from workflows.models import WorkflowRun
from workflows.outcomes import AsksPerson, Succeeded, TryAgain, Waits
from workflows.overview import overview_of
from workflows.protocol import claim, finish

BY = "a test"


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch, db: None) -> dict[str, bool]:
    """Have made agents; "b" fails as long as the fixture says so."""
    fails = {"b": True}

    def on_b(given: Any, context: Any) -> None:
        if fails["b"]:
            raise RuntimeError("Broken.")

    use_agents(monkeypatch, made_agent("a"), made_agent("b", on_compute=on_b), made_agent("c"))
    return fails


@pytest.fixture
def tiktok_at_once(committed_db: str, settings: Any) -> None:
    """Have a sandbox TikTok that publishes at once."""
    settings.PROVIDERS = providers()


def chain() -> WorkflowRun:
    """Return a run of a → b → c → report, of which a is due."""
    return run_of(
        workflow_of(
            agent_node("a", agent="a"),
            agent_node("b", "a", agent="b"),
            agent_node("c", "b", agent="c"),
            report_node("report", "c", "a"),
            slug="chain",
        )
    )


def told(run: WorkflowRun) -> list[str]:
    """Return what the audit trail says was done to the run."""
    return list(
        AuditEvent.objects.filter(subject=f"run {run.id}").order_by("id").values_list("verb", flat=True)
    )


def test_cancel_a_run_nobody_took_ends_it_at_once(agents: dict[str, bool]) -> None:
    run = cancel_run(run_id=chain().id, by=BY, reason="A mistake.")
    assert (run.status, set(statuses(run).values())) == ("cancelled", {"cancelled"})
    assert claim(run.id) is None
    assert told(run)[-1] == "run.cancel_requested"
    kinds = list(run.events.order_by("seq").values_list("kind", flat=True))
    assert kinds[-2:] == ["run.cancel_requested", "run.cancelled"]


@pytest.mark.parametrize(
    "outcome",
    [
        Succeeded(output={}),
        TryAgain(error="Later.", delay_seconds=0),
        Waits("For a time.", 5),
        AsksPerson(kind="post_video", payload={}, facts={}),
    ],
)
def test_cancel_a_run_with_a_step_in_hand_ends_with_that_step(agents: dict[str, bool], outcome: Any) -> None:
    run = chain()
    claimed = claim(run.id)
    assert claimed is not None
    assert cancel_run(run_id=run.id, by=BY).status == "running"
    assert finish(claimed, outcome, go_on=True).next_claim is None
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert set(statuses(run).values()) <= {"cancelled", "succeeded", "skipped"}
    assert not ApprovalRequest.objects.exists()


@pytest.mark.django_db
def test_cancel_a_run_at_its_gate_takes_the_question_back() -> None:
    run = asked_run()
    request = request_of(run)
    cancel_run(run_id=run.id, by=BY)
    request.refresh_from_db()
    assert request.status == "withdrawn"
    with pytest.raises(AlreadyDecided, match="it is withdrawn"):
        approve(
            request_id=request.id,
            by=person(run.workspace, Role.APPROVER),
            channel="admin",
            seen_sha256=request.payload_sha256,
        )


@pytest.mark.django_db
def test_cancel_or_pause_a_run_that_is_over_is_refused() -> None:
    run = cancel_run(run_id=asked_run().id, by=BY)
    for act_on in (cancel_run, pause_run):
        with pytest.raises(RunOver, match="This run is over: it cancelled"):
            act_on(run_id=run.id, by=BY)
    with pytest.raises(RunOver, match="There is no run"):
        cancel_run(run_id=uuid4(), by=BY)


def test_cancel_before_a_post_begins_posts_nothing(tiktok_at_once: None) -> None:
    run = cancel_run(run_id=approved_post().id, by=BY)
    assert (run.status, tiktok.posts()) == ("cancelled", ())


def test_cancel_between_the_leave_and_the_first_byte_finds_the_effect_not_begun(tiktok_at_once: None) -> None:
    run = approved_post()
    taken = taken_work(run)
    cancel_run(run_id=run.id, by=BY)
    outcome = act(taken)
    assert isinstance(outcome, TryAgain)
    finish(taken.claim, outcome, go_on=False)
    run.refresh_from_db()
    assert (run.status, post_step(run).status, tiktok.posts()) == ("cancelled", "cancelled", ())


def test_cancel_a_run_whose_post_is_with_tiktok_follows_it_to_its_end(
    committed_db: str, settings: Any
) -> None:
    settings.PROVIDERS = providers(publish_seconds=3600)
    run = work(approved_post())
    assert effect_of(run).status == "sent"
    run = cancel_run(run_id=run.id, by=BY)
    assert (run.status, post_step(run).status) == ("waiting", "waiting")
    with pytest.raises(RunOver, match="it ends once TikTok has said what became of its post"):
        cancel_run(run_id=run.id, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agents_sandboxpost SET published_at = now(), public_at = now()")
    run = time_passes(run)
    assert (run.status, effect_of(run).status, len(tiktok.posts())) == ("cancelled", "confirmed", 1)


def test_cancel_a_run_that_waits_for_a_hand_closes_its_effect(tiktok_at_once: None) -> None:
    run = work(approved_post(AccountFactory.create(delivery="by_hand")))
    assert effect_of(run).status == "handed_over"
    run = cancel_run(run_id=run.id, by=BY)
    assert (run.status, moves(run)) == ("cancelled", ["prepared", "handed_over", "failed"])
    assert effect_of(run).error == "The run was cancelled."


def test_pause_lets_nothing_begin_and_resume_rings_for_what_is_due(agents: dict[str, bool]) -> None:
    run = chain()
    agents["b"] = False
    paused = pause_run(run_id=run.id, by=BY, reason="Wait.")
    assert (paused.status, claim(run.id)) == ("paused", None)
    at = run.events.get(kind="run.paused").at
    assert overview_of(run).waiting_on == (
        f"Paused by {BY} since {at:%H:%M:%S} UTC; it goes on when someone resumes it."
    )
    with pytest.raises(RunOver, match="This run is paused already"):
        pause_run(run_id=run.id, by=BY)
    rung = len(doorbells())
    run = resume_run(run_id=run.id, by=BY)
    assert (run.status, len(doorbells())) == ("queued", rung)
    assert work(run).status == "succeeded"
    assert told(run)[1:] == ["run.paused", "run.resumed"]
    with pytest.raises(RunOver, match="This run is succeeded, not paused"):
        resume_run(run_id=run.id, by=BY)


def test_pause_in_mid_step_keeps_its_result_and_goes_on_after_resuming(agents: dict[str, bool]) -> None:
    agents["b"] = False
    run = chain()
    claimed = claim(run.id)
    assert claimed is not None
    pause_run(run_id=run.id, by=BY)
    assert finish(claimed, Succeeded(output={}), go_on=True).next_claim is None
    run.refresh_from_db()
    assert (run.status, statuses(run)["b"]) == ("paused", "ready")
    rung = len(doorbells())
    run = resume_run(run_id=run.id, by=BY)
    assert (run.status, len(doorbells())) == ("running", rung + 1)
    assert work(run).status == "succeeded"


@pytest.mark.django_db
def test_decision_on_a_paused_run_counts_and_the_run_ends_when_resumed() -> None:
    run = asked_run()
    pause_run(run_id=run.id, by=BY)
    decide(run, "reject")
    run.refresh_from_db()
    assert run.status == "paused"
    resumed = work(resume_run(run_id=run.id, by=BY))
    assert (resumed.status, statuses(resumed)) == ("succeeded", {"gate": "skipped", "report": "succeeded"})


@pytest.mark.django_db
def test_resume_of_a_run_that_waits_at_its_gate_says_that_it_waits() -> None:
    run = asked_run()
    pause_run(run_id=run.id, by=BY)
    assert resume_run(run_id=run.id, by=BY).status == "waiting"


def test_retry_does_the_failed_step_and_what_is_behind_it_again(agents: dict[str, bool]) -> None:
    run = work(chain())
    assert (run.status, statuses(run)["c"]) == ("failed", "skipped")
    agents["b"] = False
    run = retry_step(step_id=run.steps.get(key="b").id, by=BY)
    assert (run.status, run.finished_at) == ("running", None)
    run = work(run)
    assert run.status == "succeeded"
    rounds = list(run.steps.order_by("position", "round").values_list("key", "round", "status"))
    assert rounds == [
        ("a", 0, "succeeded"),
        ("b", 0, "failed"),
        ("b", 1, "succeeded"),
        ("c", 0, "skipped"),
        ("c", 1, "succeeded"),
        ("report", 0, "succeeded"),
        ("report", 1, "succeeded"),
    ]
    with pytest.raises(RunOver, match="This run is succeeded: start a new one"):
        retry_step(step_id=run.steps.get(key="b", round=1).id, by=BY)


def test_retry_of_what_did_not_fail_is_refused(agents: dict[str, bool]) -> None:
    run = work(chain())
    agents["b"] = True
    again = work(retry_step(step_id=run.steps.get(key="b").id, by=BY))
    assert again.status == "failed"
    for refused in (again.steps.get(key="a").id, again.steps.get(key="b", round=0).id):
        with pytest.raises(
            StepRefused, match="Only a step that failed can be tried again, in its newest round"
        ):
            retry_step(step_id=refused, by=BY)
    with pytest.raises(StepRefused, match="There is no step"):
        retry_step(step_id=uuid4(), by=BY)


def test_retry_of_a_post_that_failed_asks_anew_and_posts_once(committed_db: str, settings: Any) -> None:
    settings.PROVIDERS = providers(fail_reason="spam_risk_text")
    run = time_passes(work(approved_post()))
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    settings.PROVIDERS = providers()
    run = work(retry_step(step_id=post_step(run).id, by=BY))
    assert run.status == "waiting"
    newest = ApprovalRequest.objects.get(run_id=run.id, status="open")
    assert newest.version == 2
    approve(
        request_id=newest.id,
        by=person(run.workspace, Role.APPROVER),
        channel="admin",
        seen_sha256=newest.payload_sha256,
    )
    run = time_passes(work(run))
    assert (run.status, len(tiktok.posts())) == ("succeeded", 1)


@pytest.mark.django_db
def test_commands_steer_a_run_and_print_it() -> None:
    run = asked_run()
    out = StringIO()
    call_command("pause_run", str(run.id), stdout=out)
    call_command("resume_run", str(run.id), "--json", "--reason", "Go on.", stdout=out)
    call_command("cancel_run", str(run.id), stdout=out)
    first, rest = out.getvalue().split("\n", 1)
    at = run.events.get(kind="run.paused").at
    assert first == (
        f"Run {run.id} is paused. Paused by command line since {at:%H:%M:%S} UTC; it goes on when someone resumes it."
    )
    body, _, last = rest.rpartition("\nRun ")
    assert json.loads(body)["run"]["status"] == "waiting"
    assert last == f"{run.id} is cancelled.\n"
    assert AuditEvent.objects.get(verb="run.resumed").data["reason"] == "Go on."


def test_command_retries_a_step(agents: dict[str, bool]) -> None:
    run = work(chain())
    agents["b"] = False
    out = StringIO()
    call_command("retry_step", str(run.steps.get(key="b").id), stdout=out)
    assert out.getvalue().startswith(f"Run {run.id} is running. 'B' waits for a worker since ")


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "word"), [("cancel_run", "run"), ("retry_step", "step")])
def test_command_with_what_is_no_id_says_so_and_exits_2(
    name: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command(name, "that one")
    assert stop.value.code == 2
    assert f"The {word} 'that one' is no id" in capsys.readouterr().err


def test_claim_of_a_cancelled_run_is_none_even_when_its_doorbell_rings(tiktok_at_once: None) -> None:
    run = asked_post()
    cancel_run(run_id=run.id, by=BY)
    assert work(run).status == "cancelled"
    assert claim_of(run.steps.get(key="gate")).number == 1
