"""Starting runs: the one function admin, API and command line call."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from agents.budgets.services import check_cap, rows_for_run
from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.audit.services import unsaved_record
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from tiktok_ops.prepared import RowOf, fetch
from tiktok_ops.queue import insert_and_ring
from workflows.catalogue import find_definition, store_definition
from workflows.doorbells import DOORBELL
from workflows.estimates import estimate_of
from workflows.models import RunEvent, WorkflowDefinition, WorkflowRun
from workflows.nodes import SyncNode, Workflow
from workflows.steps import first_steps
from workflows.validation import check_input


class RunRefused(Refused):
    """This run cannot start."""


def start_run(
    slug: str,
    *,
    account_id: UUID,
    by: User | ApiKey | str,
    given: dict[str, Any] | None = None,
    in_name_of: User | None = None,
    is_dry_run: bool = False,
    cap_usd: Decimal | None = None,
) -> WorkflowRun:
    """Start the workflow `slug` on an account and ring the workers, by one statement or in one transaction.

    `by` is a person, the key of an integrator, or the name of a process, which may act in the name of a
    person: the run then counts as one that person started. In a dry run agents work as ever, nobody is
    asked and nothing is sent (`workflows.dry_runs`). Its calls to models cost at most `cap_usd`, where given.

    Raises `WorkflowUnknown`, `DefinitionRefused`, `InputRefused`, `CapRefused` or `RunRefused`, each one sentence,
    having written nothing.
    """
    workflow, stored = find_definition(slug)
    brief = given or {}
    check_input(workflow, brief)
    account, asked_at = _account(account_id)
    with nullcontext() if stored else transaction.atomic():
        definition = stored or store_definition(workflow, by="code")
        pass_by(CrashPoint.BEFORE_START, account.id)
        run = begin_run(
            workflow,
            definition,
            account,
            by=by,
            given=brief,
            in_name_of=in_name_of,
            is_dry_run=is_dry_run,
            created_at=asked_at,
            cap_usd=cap_usd,
        )
    pass_by(CrashPoint.AFTER_START, account.id)
    return run


def begin_run(
    workflow: Workflow,
    definition: WorkflowDefinition,
    account: TikTokAccount,
    *,
    by: User | ApiKey | str,
    given: dict[str, Any],
    created_at: datetime,
    in_name_of: User | None = None,
    told: Mapping[str, Any] = MappingProxyType({}),
    cap_usd: Decimal | None = None,
    **values: Any,
) -> WorkflowRun:
    """Write a run from its beginning and ring for it; its input was checked.

    One statement, or the last of the caller's transaction where there is one.

    `created_at` is by the database's clock, `values` are further fields of the run, `told` is more for the
    audit trail. Raises `CapRefused`.
    """
    values["created_at"] = created_at
    run = new_run(account, definition, workflow, by=by, given=given, in_name_of=in_name_of, **values)
    what = {"workflow": definition.slug, "version": definition.version, "account": account.handle}
    dry = {"dry_run": True} if run.is_dry_run else {}
    started = unsaved_record(
        "run.started",
        by=key_actor(by) if isinstance(by, ApiKey) else by,
        subject=f"run {run.id}",
        workspace_id=account.workspace_id,
        data={**what, "input": given, **dry, **told},
    )
    rows = [run, first_event(run), started, *capping(run, cap_usd, by=by)]
    ready = [begun.node.cluster for begun in workflow.openings if not begun.waits_for]
    insert_and_ring(rows, DOORBELL, run.id, clusters=ready, also=first_steps(run, workflow))
    return run


def capping(run: WorkflowRun, cap_usd: Decimal | None, *, by: User | ApiKey | str) -> list[Model]:
    """Return the rows that cap what a run costs, not inserted yet; none without a cap. Raises `CapRefused`."""
    if cap_usd is None:
        return []
    check_cap(cap_usd)
    return rows_for_run(
        run_id=run.id,
        workspace_id=run.workspace_id,
        brand_id=run.account.brand_id,
        cap_usd=cap_usd,
        by=by,
    )


def _account(account_id: UUID) -> tuple[TikTokAccount, datetime]:
    """Return the account and when it was read, by the database's clock. Raises `RunRefused`.

    It is not locked, so that an import under way does not hold up a click.
    """
    row = _account_row()
    found = fetch(
        f"SELECT {row.columns}, clock_timestamp() FROM accounts_tiktokaccount AS account WHERE id = %s",  # noqa: S608
        [account_id],
    )
    if not found:
        raise RunRefused(f"There is no account with the id {str(account_id)!r}: it may have been removed.")
    return row.read(found[0][:-1]), found[0][-1]


@cache
def _account_row() -> RowOf:
    return RowOf(TikTokAccount, "account")


def new_run(
    account: TikTokAccount,
    definition: WorkflowDefinition,
    workflow: Workflow,
    *,
    by: User | ApiKey | str,
    given: dict[str, Any],
    in_name_of: User | None = None,
    **values: Any,
) -> WorkflowRun:
    """Return a run, not inserted yet, to be inserted with its `first_event`; `values` are further fields of it."""
    estimate = estimate_of(definition.slug)
    return WorkflowRun(
        workspace_id=account.workspace_id,
        account=account,
        definition=definition,
        mode=account.mode,
        input=given,
        warnings=_warnings(account, workflow),
        requested_by=by if isinstance(by, User) else in_name_of,
        api_key=by if isinstance(by, ApiKey) else None,
        estimate=estimate.as_json() if estimate else None,
        **{"as_of": account.data_as_of or timezone.now(), **values},
    )


def first_event(run: WorkflowRun) -> RunEvent:
    """Return the run's first event, not inserted yet; nobody can follow the run by now, so it is not announced."""
    return RunEvent(run=run, seq=1, kind="run.queued", data={"workflow": run.definition.slug})


def _warnings(account: TikTokAccount, workflow: Workflow) -> list[str]:
    """Return what a person should know before trusting the run."""
    warnings = []
    if account.brand_id is None:
        warnings.append(
            f"{account} is linked to no brand: voice, guidelines and banned claims were not considered."
        )
    if account.data_as_of is None and any(isinstance(node, SyncNode) for node in workflow.nodes):
        warnings.append(f"{account} had no posts when this run began: it is synced first.")
    elif account.data_as_of is None:
        warnings.append(f"{account} has no posts yet: sync it or import a file of its posts first.")
    return warnings
