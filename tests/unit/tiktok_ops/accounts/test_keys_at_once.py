"""Keys used and revoked from two connections at the same time."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tests.factories.accounts import WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.keys import IssuedKey, KeyRefused, find_key, revoke_key
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.audit.models import AuditEvent


@pytest.fixture
def issued(committed_db: str) -> IssuedKey:
    """Return a committed key."""
    return make_key(WorkspaceFactory.create())


def while_holding(act: Callable[[], object], then: Callable[[], object]) -> list[str]:
    """Do `act` and, before its transaction commits, `then` on another connection, which has to wait.

    Returns the sentence of what refused `then`, if anything did.
    """
    refusals: list[str] = []

    def do_then() -> None:
        try:
            then()
        except KeyRefused as refused:
            refusals.append(str(refused))
        finally:
            connections.close_all()

    second = Thread(target=do_then)
    with transaction.atomic():
        act()
        second.start()
        wait_until_waited_for()
    second.join(timeout=10)
    assert not second.is_alive()
    return refusals


def wait_until_waited_for() -> None:
    """Return once another connection waits for a lock of ours; fail after five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
            row = cursor.fetchone()
        if row and row[0]:
            return
        time.sleep(0.01)
    pytest.fail("nobody waits for a lock of ours")


def test_revoke_key_at_once_revokes_once_and_tells_the_other(issued: IssuedKey) -> None:
    [refusal] = while_holding(
        lambda: revoke_key(key_id=issued.key.id, by="first"),
        lambda: revoke_key(key_id=issued.key.id, by="second"),
    )
    assert "was revoked before" in refusal
    assert [event.actor for event in AuditEvent.objects.filter(verb="api_key.revoked")] == ["first"]


def test_find_key_at_once_notes_the_use_once(issued: IssuedKey) -> None:
    first_use = timezone.now() - timedelta(seconds=20)
    refusals = while_holding(
        lambda: ApiKey.objects.filter(id=issued.key.id).update(last_used_at=first_use),
        lambda: find_key(issued.secret_text),
    )
    assert refusals == []
    assert ApiKey.objects.get(id=issued.key.id).last_used_at == first_use
