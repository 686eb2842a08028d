"""Batches: all runs start or none, one figure says how far they are, and one act is done to each."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories.accounts import AccountFactory, BrandFactory, UserFactory, WorkspaceFactory
from tests.factories.batches import BY, audits, batch_of
from tests.factories.workflows import WorkflowRunFactory, doorbells
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.ids import new_id
from workflows.batches import (
    MOST_RUNS,
    BatchRefused,
    Item,
    cancel_batch,
    pause_batch,
    resume_batch,
    start_batch,
)
from workflows.catalogue import WorkflowUnknown
from workflows.control import cancel_run
from workflows.models import Batch, WorkflowRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> list[TikTokAccount]:
    """Return two accounts of one brand."""
    first = AccountFactory.create()
    return [first, AccountFactory.create(workspace=first.workspace, brand=first.brand)]


def statuses(batch: Batch) -> list[str]:
    """Return the status of each run, in order."""
    return list(batch.runs.order_by("id").values_list("status", flat=True))


def test_start_a_batch_starts_a_run_of_each_item_and_rings_for_it(accounts: list[TikTokAccount]) -> None:
    user = UserFactory.create()
    items = [Item(accounts[0].id), Item(accounts[1].id, {"window_days": 14}), Item(accounts[1].id)]
    batch = start_batch("profile_audit", items=items, name=" Spring ", by=user, is_dry_run=True)
    runs = list(batch.runs.order_by("id"))
    assert [(run.account_id, run.input, run.is_dry_run, run.requested_by) for run in runs] == [
        (item.account_id, item.given, True, user) for item in items
    ]
    assert (batch.name, batch.workspace, batch.brand) == ("Spring", accounts[0].workspace, accounts[0].brand)
    assert (batch.mode, batch.requested_by, batch.api_key) == ("sandbox", user, None)
    assert {args[0] for _, args in doorbells()} == {str(run.id) for run in runs}
    told = AuditEvent.objects.get(verb="batch.started")
    assert (told.subject, told.data["runs"]) == (f"batch {batch.id}", 3)
    assert AuditEvent.objects.filter(verb="run.started").count() == 3


def test_start_a_batch_again_under_its_id_starts_nothing(accounts: list[TikTokAccount]) -> None:
    name = new_id()
    first, second = (audits(*accounts, batch_id=name) for _ in range(2))
    assert (first, WorkflowRun.objects.count()) == (second, 2)
    with pytest.raises(BatchRefused, match="is taken: give the batch another"):
        audits(AccountFactory.create(), batch_id=name)


def test_start_a_batch_with_a_key_is_that_keys(accounts: list[TikTokAccount]) -> None:
    key = make_key(accounts[0].workspace).key
    batch = audits(*accounts, by=key)
    assert (batch.api_key, batch.requested_by, batch.runs.filter(api_key=key).count()) == (key, None, 2)


def test_start_a_batch_over_brands_or_with_a_live_account_says_so(accounts: list[TikTokAccount]) -> None:
    workspace = accounts[0].workspace
    other = AccountFactory.create(
        workspace=workspace, brand=BrandFactory.create(workspace=workspace), mode="live"
    )
    batch = audits(*accounts, other)
    assert (batch.brand, batch.mode) == (None, "live")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"items": []}, "The batch has 0 items: give 1 to 200"),
        ({"items": [Item(uuid4())] * (MOST_RUNS + 1)}, "The batch has 201 items"),
        ({"items": [Item(uuid4())]}, "Item 1 names the account .*, which is not there"),
        ({"name": "  "}, "The name is '': give the batch one of 1 to 120 characters"),
        ({"name": "x" * 121}, "The name is 'x"),
    ],
)
def test_start_a_batch_that_cannot_be_is_refused(
    accounts: list[TikTokAccount], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BatchRefused, match=sentence):
        audits(*accounts, **changes)
    assert not Batch.objects.exists()


def test_start_a_batch_of_which_one_item_is_refused_starts_none(accounts: list[TikTokAccount]) -> None:
    items = [Item(accounts[0].id), Item(accounts[1].id, {"colour": "red"})]
    with pytest.raises(BatchRefused, match=r"Item 2 \(.*\) is refused: The input has 'colour'"):
        audits(items=items)
    with pytest.raises(BatchRefused, match=r"Item 3 \(.*\) is of another workspace than the first"):
        audits(*accounts, AccountFactory.create())
    with pytest.raises(WorkflowUnknown):
        start_batch("nothing", items=items, name="Spring", by=BY)
    assert (Batch.objects.count(), WorkflowRun.objects.count()) == (0, 0)


def test_progress_is_counted_by_status_in_one_query() -> None:
    batch = batch_of(
        statuses=["queued", "running", "waiting", "paused", "succeeded", "failed", "failed", "cancelled"]
    )
    with CaptureQueriesContext(connection) as queries:
        progress = batch.progress
    assert len(queries) == 1
    assert (progress.runs, progress.over, progress.percent, progress.is_over) == (8, 4, 50, False)
    assert (progress.succeeded, progress.failed, progress.cancelled) == (1, 2, 1)
    assert (progress.waiting, progress.paused) == (1, 1)
    assert str(progress) == "4 of 8 over, 2 failed"
    [row] = Batch.objects.with_progress()
    with CaptureQueriesContext(connection) as queries:
        assert row.progress == progress
    assert len(queries) == 0


def test_progress_of_a_batch_all_of_which_is_over_says_so() -> None:
    progress = batch_of(statuses=["succeeded", "cancelled"]).progress
    assert (progress.percent, progress.is_over, str(progress)) == (100, True, "2 of 2 over")
    assert batch_of(statuses=[]).progress.percent == 0


def test_pause_resume_and_cancel_a_batch_does_it_to_each_run(accounts: list[TikTokAccount]) -> None:
    batch = audits(*accounts)
    elsewhere = audits(*accounts)
    assert pause_batch(batch_id=batch.id, by=BY, reason="Wait.").done == 2
    assert (statuses(batch), pause_batch(batch_id=batch.id, by=BY).done) == (["paused", "paused"], 0)
    assert resume_batch(batch_id=batch.id, by=BY).done == 2
    assert (statuses(batch), resume_batch(batch_id=batch.id, by=BY).done) == (["queued", "queued"], 0)
    cancel_run(run_id=batch.runs.order_by("id")[0].id, by=BY)
    steered = cancel_batch(batch_id=batch.id, by=BY, reason="Enough.")
    assert (steered.done, steered.refusals) == (1, ())
    assert (statuses(batch), statuses(elsewhere)) == (["cancelled"] * 2, ["queued"] * 2)
    reasons = AuditEvent.objects.filter(verb="run.cancel_requested").values_list("data__reason", flat=True)
    assert sorted(reasons) == ["", "Enough."]


def test_cancel_a_batch_of_which_one_run_ends_meanwhile_cancels_the_others_and_says_so(
    accounts: list[TikTokAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = audits(*accounts)
    second = batch.runs.order_by("-id")[0]

    def cancel(*, run_id: Any, by: Any, reason: str) -> WorkflowRun:
        if WorkflowRun.objects.filter(id=second.id).exclude(status="cancelled").exists():
            cancel_run(run_id=second.id, by="somebody else")
        return cancel_run(run_id=run_id, by=by, reason=reason)

    monkeypatch.setattr("workflows.batches.cancel_run", cancel)
    steered = cancel_batch(batch_id=batch.id, by=BY)
    assert (steered.done, steered.refusals) == (1, ("This run is over: it cancelled.",))


def test_put_a_run_of_another_workspace_into_a_batch_is_refused_by_the_database() -> None:
    WorkflowRunFactory.create(batch=batch_of())
    with pytest.raises(IntegrityError, match="workflows_workflowrun_batch_same_workspace"):
        connection.check_constraints()


def test_batch_without_a_name_or_moved_elsewhere_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError, match="batch_has_name"), transaction.atomic():
        batch_of(name="")
    batch = batch_of()
    with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
        Batch.objects.filter(id=batch.id).update(workspace=WorkspaceFactory.create())
