"""Asking the API to decide, as a key that acts for somebody or a person would."""

from typing import Any

from django.test import Client

from approvals.models import ApprovalRequest
from tests.factories.accounts import person
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.accounts.roles import Role

APPROVALS = "/api/v1/approvals/"
NAME = "5d4c3b2a-one"


def decider_key(workspace: Workspace, acts_for: User | None = None, **changes: Any) -> IssuedKey:
    """Return a key that may read and decide, for this person or for a new approver."""
    acts_for = acts_for or person(workspace, Role.APPROVER)
    return make_key(workspace, scopes=["read", "approvals:decide"], acts_for=acts_for, **changes)


def address_of(asked: ApprovalRequest) -> str:
    """Return where an approval is decided."""
    return f"{APPROVALS}{asked.id}/decide/"


def body_for(asked: ApprovalRequest, /, **changes: Any) -> dict[str, Any]:
    """Return what approves exactly what is asked; what is changed to None is left out."""
    body = {"verb": "approve", "seen_sha256": asked.payload_sha256, **changes}
    return {name: value for name, value in body.items() if value is not None}


def decide(client: Client, asked: ApprovalRequest, *, key: str | None = NAME, **changes: Any) -> Any:
    """Return the answer to a decision; `changes` are of its body."""
    headers = {} if key is None else {"idempotency-key": key}
    return client.post(
        address_of(asked), body_for(asked, **changes), content_type="application/json", headers=headers
    )
