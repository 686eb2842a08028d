"""The buttons on a run's page: who sees them, what they do, and what a refusal looks like."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import asked_run
from tests.factories.workflows import agent_node, run_of, workflow_of
from tiktok_ops.accounts.roles import Role
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.run_controls import CONTROLS, controls_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> WorkflowRun:
    """Return a run that waits at its gate."""
    return asked_run()


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> WorkflowRun:
    """Return a run whose only step failed."""

    def fail(given: Any, context: Any) -> None:
        raise RuntimeError("Broken.")

    use_agents(monkeypatch, made_agent("a", on_compute=fail))
    run = run_of(workflow_of(agent_node("a", agent="a"), slug="broken"))
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def signed_in(run: WorkflowRun, role: Role) -> Client:
    """Return a browser of somebody with this role in the run's workspace."""
    client = Client()
    client.force_login(person(run.workspace, role))
    return client


def page(client: Client, run: WorkflowRun) -> str:
    """Return the run's page."""
    return client.get(reverse("admin:workflows_workflowrun_change", args=[run.id])).content.decode()


def press(client: Client, run: WorkflowRun, verb: str, **values: str) -> Any:
    """Press a button, and follow to the page it leads to."""
    address = reverse("admin:workflows_workflowrun_control", args=[run.id])
    return client.post(address, {"verb": verb, **values}, follow=True)


def said(answer: Any) -> list[str]:
    """Return what the page says happened."""
    return [str(message) for message in answer.context["messages"]]


def test_press_pause_resume_and_cancel_does_it_and_says_so(run: WorkflowRun) -> None:
    client = signed_in(run, Role.OPERATOR)
    assert [control.verb for control in controls_for(run)] == ["pause", "cancel"]
    assert said(press(client, run, "pause", reason="Wait.")) == [
        "Paused. Nothing more begins until it is resumed."
    ]
    run.refresh_from_db()
    assert [control.verb for control in controls_for(run)] == ["resume", "cancel"]
    assert said(press(client, run, "resume")) == ["Resumed."]
    assert said(press(client, run, "cancel")) == ["Cancelled. Nothing more begins."]
    run.refresh_from_db()
    assert (run.status, controls_for(run)) == ("cancelled", [])
    assert said(press(client, run, "cancel")) == ["This run is over: it cancelled."]


def test_press_try_again_retries_the_failed_step(failed: WorkflowRun) -> None:
    client = signed_in(failed, Role.OPERATOR)
    assert "Try again" in page(client, failed)
    step = failed.steps.get()
    assert said(press(client, failed, "retry", step=str(step.id))) == [
        "It is tried again, and everything behind it."
    ]
    assert failed.steps.filter(round=1).exists()
    assert "round 2" in page(client, failed)


@pytest.mark.parametrize(
    ("verb", "values"), [("explode", {}), ("", {}), ("retry", {"step": "that one"}), ("retry", {})]
)
def test_press_what_is_no_button_says_to_choose(run: WorkflowRun, verb: str, values: dict[str, str]) -> None:
    assert said(press(signed_in(run, Role.OPERATOR), run, verb, **values)) == [
        "Choose what to do with the run."
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_press_without_the_role_is_forbidden_and_no_button_is_shown(run: WorkflowRun, role: Role) -> None:
    client = signed_in(run, role)
    assert "Cancel the run" not in page(client, run)
    assert press(client, run, "cancel").status_code == 403
    run.refresh_from_db()
    assert run.status == "waiting"


def test_press_by_get_or_on_a_run_of_others_changes_nothing(run: WorkflowRun) -> None:
    address = reverse("admin:workflows_workflowrun_control", args=[run.id])
    assert signed_in(run, Role.OPERATOR).get(address).status_code == 403
    assert signed_in(asked_run(), Role.OPERATOR).post(address, {"verb": "cancel"}).status_code == 404
    run.refresh_from_db()
    assert run.status == "waiting"


def test_every_button_asks_something_first_and_tells_afterwards() -> None:
    assert all(control.question and control.done and control.label for control in CONTROLS)
    assert len({control.verb for control in CONTROLS}) == len(CONTROLS)
