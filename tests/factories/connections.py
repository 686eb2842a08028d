"""Accounts connected to the sandbox TikTok by the real client, and what is left of their access.

The sandbox commits on connections of its own, so tests that connect take a database in which they may commit.
"""

from datetime import timedelta
from typing import Any

from django.db import connection as database

from agents.connections.models import TikTokConnection
from agents.connections.renewing import oauth_for
from agents.connections.services import Pair, connect, pair_of
from agents.providers.tiktok.access import access_token
from agents.providers.tiktok.grants import SCOPES, Grant, challenge_of
from agents.sandbox.tiktok.grants import allow
from agents.sandbox_models import SandboxCreator
from tests.factories.accounts import AccountFactory, UserFactory, person
from tests.factories.figures import NOON
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.alerts.models import Alert
from tiktok_ops.vault.models import Secret

REDIRECT = "https://ops.example/connect/tiktok/callback/"
VERIFIER = "v" * 64


def granted(username: str, *, scopes: tuple[str, ...] = SCOPES) -> Grant:
    """Return what TikTok grants for a creator who said yes."""
    creator, _ = SandboxCreator.objects.get_or_create(username=username)
    code = allow(creator, scopes=list(scopes), redirect_uri=REDIRECT, code_challenge=challenge_of(VERIFIER))
    return oauth_for("sandbox").exchange(code=code, redirect_uri=REDIRECT, verifier=VERIFIER)


def connected(account: TikTokAccount | None = None, **changes: Any) -> TikTokConnection:
    """Return an account's connection, made by an owner; `changes` are fields of its row."""
    account = account or AccountFactory.create()
    by = person(account.workspace, Role.OWNER)
    made = connect(account=account, mode=account.mode, grant=granted(account.handle), by=by)
    if changes:
        TikTokConnection.objects.filter(id=made.id).update(**changes)
    return again(made)


def connection_row(account: TikTokAccount | None = None, **changes: Any) -> TikTokConnection:
    """Return a row as it would stand in the database, with nothing in the vault and nobody at TikTok."""
    account = account or AccountFactory.create()
    values: dict[str, Any] = {
        "mode": account.mode,
        "open_id": "-000made",
        "secret_version": 1,
        "expires_at": NOON + timedelta(hours=2),
        "renew_at": NOON + timedelta(hours=1),
        "refresh_expires_at": NOON + timedelta(days=180),
        "connected_by": UserFactory.create(),
        "why": why_of(changes.get("status", "connected")),
    }
    return TikTokConnection.objects.create(account=account, **values | changes)


def why_of(status: str) -> str:
    """Return why a connection is in this status, where that has to be said."""
    return "" if status == "connected" else "So it was."


def again(made: TikTokConnection) -> TikTokConnection:
    """Return the connection as it is now."""
    return TikTokConnection.objects.select_related("account").get(id=made.id)


def kept_pair(made: TikTokConnection) -> Pair:
    """Return the tokens in use."""
    return pair_of(again(made), by="a test", why="to compare")


def access_ages(made: TikTokConnection, seconds: float) -> None:
    """Let the access be that much older, for us and for the sandbox alike."""
    with database.cursor() as cursor:
        age = "make_interval(secs => %s)"
        cursor.execute(
            f"UPDATE agents_tiktokconnection SET expires_at = expires_at - {age}, renew_at = renew_at - {age}, "
            f"refresh_expires_at = refresh_expires_at - {age} WHERE id = %s",
            [seconds, seconds, seconds, made.id],
        )
        cursor.execute(
            f"UPDATE agents_sandboxtoken SET issued_at = issued_at - {age}, expires_at = expires_at - {age}, "
            f"refresh_expires_at = refresh_expires_at - {age} WHERE grant_id IN (SELECT given.id FROM "
            "agents_sandboxgrant AS given JOIN agents_sandboxcreator AS who ON who.id = given.creator_id "
            "WHERE who.username = %s)",
            [seconds, seconds, seconds, made.account.handle],
        )


def token_of(made: TikTokConnection) -> str:
    """Return a token to speak for the account with, as whoever speaks gets it."""
    return access_token(account=made.account, mode=made.mode)


def secret_of(made: TikTokConnection) -> Secret:
    """Return the vault's secret of the connection's workspace."""
    return Secret.objects.get(workspace=made.account.workspace)


def kept_ciphertexts(made: TikTokConnection) -> list[Any]:
    """Return what each version holds, the oldest first."""
    return list(secret_of(made).versions.order_by("number").values_list("ciphertext", flat=True))


def alerts_of(made: TikTokConnection) -> list[Alert]:
    """Return the alerts about the account."""
    return list(Alert.objects.filter(account=made.account))
