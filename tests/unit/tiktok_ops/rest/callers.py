"""Who asks in these tests: keys in every condition, and clients that show them."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tiktok_ops.accounts.keys import IssuedKey, issue_key, revoke_key
from tiktok_ops.accounts.models import ApiKey, User, Workspace
from tiktok_ops.rest.scopes import Scope


def make_key(workspace: Workspace, **changes: Any) -> IssuedKey:
    """Return a fresh key that may read; `changes` are arguments of `issue_key`."""
    given = {"name": "Reporting", "scopes": [Scope.READ], "by": "test"} | changes
    return issue_key(workspace=workspace, **given)


def expired_key(workspace: Workspace) -> IssuedKey:
    """Return a key that was good until a minute ago."""
    issued = make_key(workspace)
    now = timezone.now()
    ApiKey.objects.filter(id=issued.key.id).update(
        created_at=now - timedelta(days=2), expires_at=now - timedelta(minutes=1)
    )
    return issued


def revoked_key(workspace: Workspace) -> IssuedKey:
    """Return a key that was revoked."""
    issued = make_key(workspace)
    revoke_key(key_id=issued.key.id, by="test")
    return issued


def scopeless_key(workspace: Workspace) -> IssuedKey:
    """Return a key without any scope, as none can be issued today."""
    issued = make_key(workspace)
    ApiKey.objects.filter(id=issued.key.id).update(scopes=[])
    return issued


def showing(authorization: str) -> Client:
    """Return a client that sends this Authorization header."""
    return Client(headers={"authorization": authorization})


def using(issued: IssuedKey) -> Client:
    """Return a client that shows the key as integrators do."""
    return showing(f"Bearer {issued.secret_text}")


def signed_in(user: User) -> Client:
    """Return a client with the person's session."""
    client = Client()
    client.force_login(user)
    return client
