"""Asking the API to start a run, as an integrator or a person would."""

from typing import Any

from django.test import Client

from tests.unit.tiktok_ops.rest.callers import make_key, using
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.accounts.models import TikTokAccount, Workspace

RUNS = "/api/v1/runs/"
NAME = "9f8e7d6c-one"


def starter_key(workspace: Workspace, **changes: Any) -> IssuedKey:
    """Return a key that may read and start runs."""
    return make_key(workspace, scopes=["read", "runs:start"], **changes)


def starter(workspace: Workspace, **changes: Any) -> Client:
    """Return a client that shows such a key."""
    return using(starter_key(workspace, **changes))


def body_for(account: TikTokAccount, /, **changes: Any) -> dict[str, Any]:
    """Return what starts a profile audit of the account."""
    return {"workflow": "profile_audit", "account": str(account.id), **changes}


def post(client: Client, body: Any, *, key: str | None = NAME, **headers: str) -> Any:
    """Return the answer to a body, which is sent as it is when it is text."""
    if key is not None:
        headers["idempotency-key"] = key
    return client.post(RUNS, body, content_type="application/json", headers=headers)
