"""Starting runs: the one function admin, API and command line call."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.audit.services import unsaved_record
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from tiktok_ops.prepared import insert
from workflows.catalogue import find_definition, store_definition
from workflows.models import RunEvent, WorkflowDefinition, WorkflowRun
from workflows.protocol import ring_clusters
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
) -> WorkflowRun:
    """Start the workflow `slug` on an account and ring the workers, in one transaction.

    `by` is a person, the key of an integrator, or the name of a process, which may act in the name of a
    person: the run then counts as one that person started.

    Raises `WorkflowUnknown`, `DefinitionRefused`, `InputRefused` or `RunRefused`, each one sentence,
    having written nothing.
    """
    workflow, stored = find_definition(slug)
    brief = given or {}
    check_input(workflow, brief)
    with transaction.atomic():
        definition = stored or store_definition(workflow, by="code")
        account = _account(account_id)
        run = _new_run(account, definition, by=by, given=brief, in_name_of=in_name_of)
        steps, joined = first_steps(run, workflow)
        first_event = RunEvent(run=run, seq=1, kind="run.queued", data={"workflow": slug})
        started = unsaved_record(
            "run.started",
            by=key_actor(by) if isinstance(by, ApiKey) else by,
            subject=f"run {run.id}",
            workspace_id=account.workspace_id,
            data={"workflow": slug, "version": definition.version, "account": account.handle, "input": brief},
        )
        insert([run, *steps, *joined, first_event, started])
        ring_clusters(run.id, (step.cluster for step in steps if step.status == "ready"))
        pass_by(CrashPoint.BEFORE_START_COMMITS, account.id)
    pass_by(CrashPoint.AFTER_START, account.id)
    return run


def _account(account_id: UUID) -> TikTokAccount:
    """Return the account; not locked, so that an import under way does not hold up a click. Raises `RunRefused`."""
    account = TikTokAccount.objects.filter(id=account_id).annotate(asked_at=Now()).first()
    if account is None:
        raise RunRefused(f"There is no account with the id {str(account_id)!r}: it may have been removed.")
    return account


def _new_run(
    account: TikTokAccount,
    definition: WorkflowDefinition,
    *,
    by: User | ApiKey | str,
    given: dict[str, Any],
    in_name_of: User | None,
) -> WorkflowRun:
    """Return the run, not inserted yet; its first event is still to be."""
    return WorkflowRun(
        workspace_id=account.workspace_id,
        account=account,
        definition=definition,
        mode=account.mode,
        input=given,
        as_of=account.data_as_of or timezone.now(),
        warnings=_warnings(account),
        requested_by=by if isinstance(by, User) else in_name_of,
        api_key=by if isinstance(by, ApiKey) else None,
        next_event=2,
        created_at=getattr(account, "asked_at"),  # noqa: B009  # an annotation
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
