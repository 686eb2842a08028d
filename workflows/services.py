"""Starting runs: the one function admin, API and command line call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.errors import Refused
from tiktok_ops.queue import ring
from workflows.catalogue import find_workflow, store_definition
from workflows.models import WorkflowDefinition, WorkflowRun
from workflows.nodes import Workflow
from workflows.protocol import DOORBELL
from workflows.steps import add_first_steps
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
) -> WorkflowRun:
    """Start the workflow `slug` on an account and ring the workers, in one transaction.

    `by` is a person, the key of an integrator, or the name of a process, which may act in the name of a
    person: the run then counts as one that person started. In a dry run agents work as ever, nobody is
    asked and nothing is sent (`workflows.dry_runs`).

    Raises `WorkflowUnknown`, `DefinitionRefused`, `InputRefused` or `RunRefused`, each one sentence,
    having written nothing.
    """
    workflow = find_workflow(slug)
    brief = given or {}
    check_input(workflow, brief)
    with transaction.atomic():
        definition = store_definition(workflow, by="code")
        account = _account(account_id)
        return begin_run(
            workflow, definition, account, by=by, given=brief, in_name_of=in_name_of, is_dry_run=is_dry_run
        )


def begin_run(
    workflow: Workflow,
    definition: WorkflowDefinition,
    account: TikTokAccount,
    *,
    by: User | ApiKey | str,
    given: dict[str, Any],
    in_name_of: User | None = None,
    told: Mapping[str, Any] = MappingProxyType({}),
    **values: Any,
) -> WorkflowRun:
    """Write a run from its beginning and ring for it, in the caller's transaction; its input was checked.

    `values` are further fields of the run, `told` is more for the audit trail.
    """
    run = add_run(account, definition, by=by, given=given, in_name_of=in_name_of, **values)
    ready = add_first_steps(run, workflow)
    announce(run)
    what = {"workflow": definition.slug, "version": definition.version, "account": account.handle}
    dry = {"dry_run": True} if run.is_dry_run else {}
    record(
        "run.started",
        by=key_actor(by) if isinstance(by, ApiKey) else by,
        subject=f"run {run.id}",
        workspace_id=account.workspace_id,
        data={**what, "input": given, **dry, **told},
    )
    for cluster in ready:
        ring(DOORBELL, run.id, cluster=cluster)
    return run


def _account(account_id: UUID) -> TikTokAccount:
    """Return the account; not locked, so that an import under way does not hold up a click. Raises `RunRefused`."""
    account = TikTokAccount.objects.filter(id=account_id).first()
    if account is None:
        raise RunRefused(f"There is no account with the id {str(account_id)!r}: it may have been removed.")
    return account


def add_run(
    account: TikTokAccount,
    definition: WorkflowDefinition,
    *,
    by: User | ApiKey | str,
    given: dict[str, Any],
    in_name_of: User | None = None,
    **values: Any,
) -> WorkflowRun:
    """Write the row of a run, without its steps; `values` are further fields of it."""
    return WorkflowRun.objects.create(
        workspace_id=account.workspace_id,
        account=account,
        definition=definition,
        mode=account.mode,
        input=given,
        warnings=_warnings(account),
        requested_by=by if isinstance(by, User) else in_name_of,
        api_key=by if isinstance(by, ApiKey) else None,
        **{"as_of": account.data_as_of or timezone.now(), **values},
    )


def _warnings(account: TikTokAccount) -> list[str]:
    """Return what a person should know before trusting the run."""
    warnings = []
    if account.brand_id is None:
        warnings.append(
            f"{account} is linked to no brand: voice, guidelines and banned claims were not considered."
        )
    if account.data_as_of is None:
        warnings.append(f"{account} has no posts yet: import a file of its posts first.")
    return warnings


def announce(run: WorkflowRun) -> None:
    """Write the run's first event; its number is 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_event(%s, 'run.queued', jsonb_build_object('workflow', %s::text))",
            [run.id, run.definition.slug],
        )
