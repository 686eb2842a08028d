"""What one step made and another took up: artifacts with their round and digest."""

import hashlib
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person
from tests.factories.workflows import workflow_of
from tests.unit.workflows.test_reviewing import DEAL, circle, reviewed
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Artifact
from workflows.handoffs import Handoff, handoffs_of
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> WorkflowRun:
    """Return a run whose draft went back once."""
    return reviewed(DEAL, most_redrafts=1)


def told(handoff: Handoff) -> tuple[str, str, str, int]:
    return handoff.artifact.kind, handoff.giver, handoff.taker, handoff.round


def test_draft_is_kept_for_each_round_with_its_digest(run: WorkflowRun) -> None:
    captions = Artifact.objects.filter(run_id=run.id, kind="caption").order_by("round")
    assert [caption.round for caption in captions] == [0, 1]
    for caption in captions:
        output: dict[str, Any] = run.steps.get(key="draft", round=caption.round).output or {}
        assert caption.text == output["caption"]
        assert caption.sha256 == hashlib.sha256(caption.text.encode()).hexdigest()
    assert Artifact.objects.filter(run_id=run.id, kind="draft").count() == 2


def test_handoffs_say_what_went_from_whom_to_whom(run: WorkflowRun) -> None:
    assert [told(handoff) for handoff in handoffs_of(run, workflow_of(*circle(most_redrafts=1)))] == [
        ("caption", "Draft", "Compliance", 0),
        ("draft", "Draft", "Compliance", 0),
        ("caption", "Draft", "Compliance", 1),
        ("draft", "Draft", "Compliance", 1),
    ]


def test_handoffs_of_steps_that_made_nothing_or_did_not_run_are_none(run: WorkflowRun) -> None:
    workflow = workflow_of(*circle(most_redrafts=1))
    run.steps.filter(key="compliance").update(claims=0)
    assert handoffs_of(run, workflow) == []


def test_page_of_a_run_lists_its_handoffs(run: WorkflowRun, client: Client) -> None:
    client.force_login(person(run.workspace, Role.VIEWER))
    page = client.get(reverse("admin:workflows_workflowrun_change", args=[run.id])).content.decode()
    caption = Artifact.objects.get(run_id=run.id, kind="caption", round=1)
    assert "<h2>Handoffs</h2>" in page
    assert reverse("admin:content_artifact_change", args=[caption.id]) in page
    assert caption.sha256[:12] in page
