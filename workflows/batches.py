"""Starting and steering batches: one run per item, all of them or none, and one figure for how far they are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.errors import Overtaken, Refused
from tiktok_ops.ids import new_id
from workflows.batch_models import LONGEST_NAME
from workflows.catalogue import find_workflow, store_definition
from workflows.control import cancel_run, pause_run, resume_run
from workflows.models import Batch, WorkflowRun
from workflows.nodes import Workflow
from workflows.services import begin_run
from workflows.validation import check_input

MOST_RUNS = 200
PAUSABLE = ("queued", "running", "waiting")


class BatchRefused(Refused):
    """This batch cannot start."""


@dataclass(frozen=True, slots=True)
class Item:
    """One run of a batch: on which account, with what input."""

    account_id: UUID
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Steered:
    """What became of a whole batch: how many runs did it, and what the others said, each sentence once."""

    done: int
    refusals: tuple[str, ...]


def start_batch(
    slug: str,
    *,
    items: Sequence[Item],
    name: str,
    by: User | ApiKey | str,
    is_dry_run: bool = False,
    batch_id: UUID | None = None,
) -> Batch:
    """Start the workflow `slug` once for each item, in one transaction: all of them, or none.

    `batch_id` is an id of the caller's own: a batch that has it already is returned, and nothing is started.
    Raises `BatchRefused`, `WorkflowUnknown`, `DefinitionRefused` or `InputRefused`; where it is about one
    item, the sentence says which.
    """
    workflow = find_workflow(slug)
    name = name.strip()
    _check_size(items, name)
    with transaction.atomic():
        accounts = _accounts(items)
        batch, is_new = Batch.objects.get_or_create(
            id=batch_id or new_id(), defaults=_values(accounts, slug, name, by, is_dry_run=is_dry_run)
        )
        if not is_new:
            _check_same(batch, accounts)
            return batch
        _begin(batch, workflow, zip(items, accounts, strict=True), by=by)
        record(
            "batch.started",
            by=key_actor(by) if isinstance(by, ApiKey) else by,
            subject=f"batch {batch.id}",
            workspace_id=batch.workspace_id,
            data={"workflow": slug, "name": name, "runs": len(items)},
        )
    return batch


def _begin(
    batch: Batch, workflow: Workflow, items: Iterable[tuple[Item, TikTokAccount]], *, by: User | ApiKey | str
) -> None:
    """Start the runs of a new batch. Raises `BatchRefused` naming the item that cannot be."""
    definition = store_definition(workflow, by="code")
    for number, (item, account) in enumerate(items, start=1):
        try:
            check_input(workflow, item.given)
        except Refused as refused:
            raise BatchRefused(f"Item {number} ({account}) is refused: {refused}") from refused
        begin_run(
            workflow,
            definition,
            account,
            by=by,
            given=item.given,
            created_at=batch.created_at,
            is_dry_run=batch.is_dry_run,
            batch=batch,
        )


def cancel_batch(*, batch_id: UUID, by: User | str, reason: str = "") -> Steered:
    """Cancel every run that is not over, each in a transaction of its own."""
    return _each(batch_id, cancel_run, ("paused", *PAUSABLE), by=by, reason=reason)


def pause_batch(*, batch_id: UUID, by: User | str, reason: str = "") -> Steered:
    """Pause every run that is under way, each in a transaction of its own."""
    return _each(batch_id, pause_run, PAUSABLE, by=by, reason=reason)


def resume_batch(*, batch_id: UUID, by: User | str, reason: str = "") -> Steered:
    """Resume every run that is paused, each in a transaction of its own."""
    return _each(batch_id, resume_run, ("paused",), by=by, reason=reason)


def _each(
    batch_id: UUID,
    act: Callable[..., WorkflowRun],
    statuses: Sequence[str],
    *,
    by: User | str,
    reason: str,
) -> Steered:
    """Act on each run in one of these statuses; one that moved on meanwhile says so, the others are done."""
    done, refusals = 0, []
    runs = WorkflowRun.objects.filter(batch_id=batch_id, status__in=statuses, cancel_requested_at=None)
    for run_id in list(runs.order_by("id").values_list("id", flat=True)):
        try:
            act(run_id=run_id, by=by, reason=reason)
        except Overtaken as overtaken:
            refusals.append(str(overtaken))
        else:
            done += 1
    return Steered(done=done, refusals=tuple(dict.fromkeys(refusals)))


def _check_size(items: Sequence[Item], name: str) -> None:
    if not 0 < len(items) <= MOST_RUNS:
        raise BatchRefused(f"The batch has {len(items)} items: give 1 to {MOST_RUNS}.")
    if not 0 < len(name) <= LONGEST_NAME:
        raise BatchRefused(
            f"The name is {name[:80]!r}: give the batch one of 1 to {LONGEST_NAME} characters."
        )


def _accounts(items: Sequence[Item]) -> list[TikTokAccount]:
    """Return the account of each item; raises `BatchRefused` for one there is not, or of another workspace."""
    found = TikTokAccount.objects.select_related("brand").in_bulk({item.account_id for item in items})
    for number, item in enumerate(items, start=1):
        if item.account_id not in found:
            raise BatchRefused(
                f"Item {number} names the account {str(item.account_id)!r}, which is not there."
            )
    accounts = [found[item.account_id] for item in items]
    for number, account in enumerate(accounts, start=1):
        if account.workspace_id != accounts[0].workspace_id:
            raise BatchRefused(
                f"Item {number} ({account}) is of another workspace than the first: a batch is of one."
            )
    return accounts


def _values(
    accounts: Sequence[TikTokAccount], slug: str, name: str, by: User | ApiKey | str, *, is_dry_run: bool
) -> dict[str, Any]:
    """Return the fields of a new batch."""
    brands = {account.brand_id for account in accounts}
    return {
        "workspace_id": accounts[0].workspace_id,
        "brand_id": brands.pop() if len(brands) == 1 else None,
        "name": name,
        "workflow": slug,
        "mode": "live" if any(account.mode == "live" for account in accounts) else "sandbox",
        "is_dry_run": is_dry_run,
        "requested_by": by if isinstance(by, User) else None,
        "api_key": by if isinstance(by, ApiKey) else None,
    }


def _check_same(batch: Batch, accounts: Sequence[TikTokAccount]) -> None:
    """Raise `BatchRefused` where the id is of a batch of others."""
    if batch.workspace_id != accounts[0].workspace_id:
        raise BatchRefused(f"The id {str(batch.id)!r} is taken: give the batch another.")
