from pathlib import Path

import psycopg
import pytest
from django.db.utils import OperationalError

from tiktok_ops.postgres.base import DatabaseWrapper, ensure_once, let_go
from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.server import EmbeddedServer
from tiktok_ops.postgres.users import alone


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[EmbeddedServer]:
    """The servers that were asked to run; starting real ones is the integration test's part."""
    servers: list[EmbeddedServer] = []
    monkeypatch.setattr(EmbeddedServer, "ensure_running", lambda server: servers.append(server))
    return servers


def test_ensure_once_asks_each_server_once(tmp_path: Path, asked: list[EmbeddedServer]) -> None:
    one, two = EmbeddedServer(tmp_path / "one"), EmbeddedServer(tmp_path / "two")

    for server in (one, two, one, two):
        ensure_once(server)

    assert asked == [one, two]


def test_ensure_once_that_failed_raises_djangos_error_and_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[EmbeddedServer] = []

    def fail(server: EmbeddedServer) -> None:
        attempts.append(server)
        raise EmbeddedServerError("The disk is full.")

    monkeypatch.setattr(EmbeddedServer, "ensure_running", fail)
    for _ in range(2):
        with pytest.raises(OperationalError, match=r"^The disk is full\.$"):
            ensure_once(EmbeddedServer(tmp_path))

    assert len(attempts) == 2


def test_get_new_connection_asks_the_default_server_before_it_connects(
    tmp_path: Path, asked: list[EmbeddedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_OPS_POSTGRES_DIR", str(tmp_path))
    connection = DatabaseWrapper({"NAME": "tiktok_ops", "OPTIONS": {}}, alias="other")

    with pytest.raises(psycopg.OperationalError, match="No such file"):
        connection.get_new_connection({"host": str(tmp_path), "dbname": "tiktok_ops", "user": "postgres"})

    assert asked == [EmbeddedServer(tmp_path)]
    assert connection.vendor == "postgresql"


def test_ensure_once_counts_as_a_user_until_let_go(tmp_path: Path, asked: list[EmbeddedServer]) -> None:
    server = EmbeddedServer(tmp_path / "pg")

    ensure_once(server)
    with alone(server.directory / "users.lock") as is_alone:
        assert not is_alone

    let_go(server)
    let_go(server)  # twice does no harm
    with alone(server.directory / "users.lock") as is_alone:
        assert is_alone
    ensure_once(server)
    assert asked == [server, server]
    let_go(server)


def test_ensure_once_that_failed_is_no_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(server: EmbeddedServer) -> None:
        raise EmbeddedServerError("The disk is full.")

    monkeypatch.setattr(EmbeddedServer, "ensure_running", fail)
    server = EmbeddedServer(tmp_path / "pg")
    with pytest.raises(OperationalError):
        ensure_once(server)

    with alone(server.directory / "users.lock") as is_alone:
        assert is_alone
