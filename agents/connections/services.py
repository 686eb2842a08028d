"""The only writer of connections. Every function is one transaction: lock, guard, write; none speaks to TikTok.

A pair of tokens is one secret of the vault, so that both are written, and replaced, at once. Lock order:
connection, then the vault's secret.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.views.decorators.debug import sensitive_variables

from agents.connections.alarms import raise_for_lost, resolve_for_connected
from agents.connections.listeners import tell_connected
from agents.connections.models import TikTokConnection
from agents.providers.tiktok.grants import Grant
from agents.transitions import CONNECTION
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.vault.models import Secret
from tiktok_ops.vault.services import destroy_secret, read_secret, store_secret

RENEW_AT_SHARE = 0.5
"""An access token is renewed when this share of its life is over: the other half is for TikTok being away."""

LEASE_SECONDS = 60.0
"""How long a renewal is one process's own: longer than its call, which connects in 5 s and waits for 30."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An account's tokens as they are kept, and the version of the secret they are in."""

    version: int
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def secret_name(account_id: UUID, mode: str) -> str:
    """Return what the vault calls the tokens of an account in a mode."""
    return f"tiktok {mode} {account_id}"


def connection_of(account: TikTokAccount, mode: str) -> TikTokConnection | None:
    """Return the account's connection in a mode, however it is; None where it never was connected."""
    return TikTokConnection.objects.select_related("account").filter(account=account, mode=mode).first()


@sensitive_variables("grant")
def connect(*, account: TikTokAccount, mode: str, grant: Grant, by: User) -> TikTokConnection:
    """Connect the account with what TikTok granted, for the first time or again; what waited for it goes on."""
    with transaction.atomic():
        TikTokAccount.objects.select_for_update().get(id=account.id)
        before = TikTokConnection.objects.select_for_update().filter(account=account, mode=mode).first()
        if before is not None and before.status != "connected":
            CONNECTION.check(before.status, "connected")
        _, kept = _kept(account, mode, grant, by=by)
        TikTokConnection.objects.update_or_create(
            account=account,
            mode=mode,
            defaults={
                **kept,
                "status": "connected",
                "status_since": Now(),
                "open_id": grant.open_id,
                "connected_at": Now(),
                "connected_by": by,
            },
        )
        _record("connection.connected", account, mode, by=by, scopes=list(grant.scopes))
        resolve_for_connected(account, mode, by=by)
    # After the commit, for it locks runs; what is missed by that looks again within a minute.
    tell_connected(account)
    return TikTokConnection.objects.select_related("account").get(account=account, mode=mode)


@sensitive_variables("grant")
def keep_renewed(*, connection: TikTokConnection, grant: Grant, by: str) -> int | None:
    """Keep the pair TikTok gave for the one in use, in one commit, before anybody uses it; return its version.

    Fenced by the pair it was given for, not by the lease: whoever holds TikTok's answer holds the one living
    pair, however late. Where another pair is in use by now, or the account was disconnected, nothing is
    written and None returned.
    """
    account = connection.account
    with transaction.atomic():
        now = TikTokConnection.objects.select_for_update().get(id=connection.id)
        if now.status == "disconnected" or now.secret_version != connection.secret_version:
            return None
        if now.status != "connected":
            CONNECTION.check(now.status, "connected")
            resolve_for_connected(account, now.mode, by=by)
        version, changes = _kept(account, now.mode, grant, by=by)
        TikTokConnection.objects.filter(id=now.id).update(status="connected", **changes)
        _record("connection.renewed", account, now.mode, by=by)
    return version


@sensitive_variables("grant", "text")
def _kept(account: TikTokAccount, mode: str, grant: Grant, *, by: User | str) -> tuple[int, dict[str, Any]]:
    """Put a pair into the vault and destroy the ones before; return its version and what the connection says."""
    name = secret_name(account.id, mode)
    text = json.dumps({"access_token": grant.access_token, "refresh_token": grant.refresh_token})
    version = store_secret(workspace_id=account.workspace_id, name=name, text=text, by=by)
    secret = Secret.objects.get(workspace_id=account.workspace_id, name=name)
    destroy_secret(secret_id=secret.id, by=by, before=version)
    lasts = timedelta(seconds=grant.expires_in_seconds)
    return version, {
        "secret_version": version,
        "scopes": list(grant.scopes),
        "expires_at": Now() + lasts,
        "renew_at": Now() + lasts * RENEW_AT_SHARE,
        "refresh_expires_at": Now() + timedelta(seconds=grant.refresh_expires_in_seconds),
        "renewing_until": None,
        "why": "",
    }


@sensitive_variables()
def pair_of(connection: TikTokConnection, *, by: str, why: str) -> Pair:
    """Return the pair in use; raises what the vault refuses with."""
    account = connection.account
    revealed = read_secret(
        workspace_id=account.workspace_id,
        name=secret_name(account.id, connection.mode),
        by=by,
        why=why,
        version=connection.secret_version,
    )
    return Pair(version=revealed.version, **json.loads(revealed.text))


def claim_renewal(connection: TikTokConnection) -> bool:
    """Take the renewal that is due; exactly one of all who try has it, for `LEASE_SECONDS`. One statement."""
    free = Q(renewing_until=None) | Q(renewing_until__lt=Now())
    due = TikTokConnection.objects.filter(
        free,
        id=connection.id,
        status="connected",
        secret_version=connection.secret_version,
        renew_at__lte=Now(),
    )
    return due.update(renewing_until=Now() + timedelta(seconds=LEASE_SECONDS)) == 1


def release_renewal(connection: TikTokConnection) -> None:
    """Let the next one try: this renewal came to nothing, or nobody knows to what."""
    mine = TikTokConnection.objects.filter(id=connection.id, secret_version=connection.secret_version)
    mine.update(renewing_until=None)


def renew_soon(connection: TikTokConnection, *, version: int) -> None:
    """Have a pair renewed before it is used again, if it is in use: TikTok did not take its access token."""
    in_use = TikTokConnection.objects.filter(id=connection.id, status="connected", secret_version=version)
    in_use.update(renew_at=Now(), expires_at=Now())


def lose(*, connection: TikTokConnection, why: str, by: str) -> bool:
    """Say that the account has to be connected again, and raise the alert; return whether that is news.

    Nothing where another pair is in use by now than the one that was found dead.
    """
    with transaction.atomic():
        now = TikTokConnection.objects.select_for_update().get(id=connection.id)
        if now.status != "connected" or now.secret_version != connection.secret_version:
            return False
        CONNECTION.check(now.status, "reconnect")
        TikTokConnection.objects.filter(id=now.id).update(
            status="reconnect", status_since=Now(), why=why, renewing_until=None
        )
        _record("connection.lost", connection.account, now.mode, by=by, why=why)
        raise_for_lost(connection.account, now.mode, why=why)
    return True


def disconnect(*, connection: TikTokConnection, by: User) -> None:
    """End the connection and destroy its tokens; harmless again."""
    account = connection.account
    with transaction.atomic():
        now = TikTokConnection.objects.select_for_update().get(id=connection.id)
        if now.status == "disconnected":
            return
        CONNECTION.check(now.status, "disconnected")
        why = f"{by} disconnected it."
        TikTokConnection.objects.filter(id=now.id).update(
            status="disconnected", status_since=Now(), why=why, renewing_until=None
        )
        secret = Secret.objects.filter(
            workspace_id=account.workspace_id, name=secret_name(account.id, now.mode)
        ).first()
        if secret is not None:
            destroy_secret(secret_id=secret.id, by=by)
        _record("connection.disconnected", account, now.mode, by=by)
        resolve_for_connected(account, now.mode, by=by)


def _record(verb: str, account: TikTokAccount, mode: str, *, by: User | str, **data: object) -> None:
    record(
        verb,
        by=by,
        subject=f"account {account}",
        workspace_id=account.workspace_id,
        data={"account": str(account.id), "mode": mode, **data},
    )
