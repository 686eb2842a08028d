"""The only writer of the audit trail."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from tiktok_ops.accounts.models import User
from tiktok_ops.audit.models import AuditEvent

_VERB = re.compile(r"^[a-z_]+\.[a-z_]+$")


def actor_name(by: User | str) -> str:
    """Return how the record names an actor: `user:ana`, or a process such as `keeper` as given."""
    return f"user:{by.username}" if isinstance(by, User) else by


def record(
    verb: str,
    *,
    by: User | str,
    subject: object,
    workspace_id: UUID | None,
    data: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append one row, in the caller's transaction: no change, no row, and the other way round.

    `verb` is dotted and in the past tense (`run.started`). Raises `RuntimeError` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"The audit row {verb!r} must share the transaction of its change.")
    row = unsaved_record(verb, by=by, subject=subject, workspace_id=workspace_id, data=data)
    row.save(force_insert=True)
    return row


def unsaved_record(
    verb: str,
    *,
    by: User | str,
    subject: object,
    workspace_id: UUID | None,
    data: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Return the row `record` would append, for a caller that inserts it with its change, by one statement."""
    if not _VERB.match(verb):
        raise ValueError(f"The audit verb {verb!r} is not dotted: write it as 'thing.happened'.")
    return AuditEvent(
        verb=verb,
        actor=actor_name(by)[:160],
        subject=str(subject)[:200],
        workspace_id=workspace_id,
        data=dict(data or {}),
    )
