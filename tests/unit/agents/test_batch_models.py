"""The journal of batched questions: what the database refuses, whoever asks."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from agents.batch_journal import move
from agents.models import AgentRun, BatchedQuestion, SandboxBatch
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.transitions import TransitionRefused

pytestmark = pytest.mark.django_db


def question(**changes: Any) -> BatchedQuestion:
    """Return a question that is prepared, with some values changed."""
    agent_run = AgentRun.objects.create(account=AccountFactory.create(), agent="made", as_of=NOON)
    values: dict[str, Any] = {
        "agent_run": agent_run, "step_id": uuid4(), "number": 1, "custom_id": uuid4().hex, "request": {},
    }  # fmt: skip
    return BatchedQuestion.objects.create(**(values | changes))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("batched_status_known", {"status": "lost"}),
        ("batched_knows_its_batch", {"status": "submitted"}),
        ("batched_knows_its_batch", {"status": "cancelling"}),
        ("batched_answer_is_kept", {"status": "answered", "batch_id": "b", "finished_at": NOON}),
        ("batched_try_has_a_time", {"status": "submitting"}),
        ("batched_finished_when_over", {"status": "failed"}),
        ("batched_finished_when_over", {"finished_at": NOON}),
    ],
)
def test_keep_a_question_that_contradicts_itself_is_refused(rule: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        question(**changes)


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        ("batched_question_once", {"number": 1, "status": "failed", "finished_at": NOON}),
        ("batched_one_open_for_a_step", {"number": 2}),
    ],
)
def test_keep_a_second_question_of_a_step_in_its_place_is_refused(rule: str, same: dict[str, Any]) -> None:
    first = question()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        question(step_id=first.step_id, **same)


def test_keep_two_questions_of_one_name_or_batch_is_refused() -> None:
    first = question(status="submitted", batch_id="msgbatch_1")
    with pytest.raises(IntegrityError, match="custom_id"), transaction.atomic():
        question(custom_id=first.custom_id)
    with pytest.raises(IntegrityError, match="batched_batch_is_for_one"), transaction.atomic():
        question(status="submitted", batch_id="msgbatch_1")


def test_move_a_question_somebody_else_moved_is_refused() -> None:
    mine = question()
    theirs = BatchedQuestion.objects.get(id=mine.id)
    move(theirs, "cancelled")
    with pytest.raises(TransitionRefused, match="was moved by somebody else meanwhile"):
        move(mine, "submitting", tried_at=NOON)
    with pytest.raises(TransitionRefused, match="cannot become 'answered'"):
        move(theirs, "answered")


def test_keep_a_sandbox_batch_that_is_done_before_it_began_is_refused() -> None:
    before: datetime = NOON - timedelta(seconds=1)
    with pytest.raises(IntegrityError, match="sandbox_batch_done_after_it_began"), transaction.atomic():
        SandboxBatch.objects.create(requests=[], created_at=NOON, done_at=before)
