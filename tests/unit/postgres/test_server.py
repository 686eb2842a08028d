import os
import stat
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.server import EmbeddedServer
from tiktok_ops.postgres.sockets import socket_directory_for


def test_default_without_the_variable_is_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_OPS_POSTGRES_DIR", raising=False)

    assert EmbeddedServer.default().directory == PROJECT_ROOT / "var" / "postgres"


@pytest.mark.parametrize(
    ("value", "expected"), [("/srv/pg", "/srv/pg"), ("", f"{PROJECT_ROOT}/var/postgres")]
)
def test_default_with_the_variable_follows_it_unless_empty(
    value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_OPS_POSTGRES_DIR", value)

    assert str(EmbeddedServer.default().directory) == expected


def test_server_of_one_directory_by_two_names_is_the_same_server(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    by_link, by_name = EmbeddedServer(tmp_path / "link"), EmbeddedServer(tmp_path / "real")

    assert by_link == by_name
    assert by_link.socket_directory == by_name.socket_directory == socket_directory_for(by_name.directory)
    assert (by_name.data, by_name.log_file) == (by_name.directory / "data", by_name.directory / "server.log")


def test_looking_at_a_server_that_never_was_makes_nothing(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "absent")

    assert not server.is_running()
    assert server.pid() is None
    assert not (tmp_path / "absent").exists()


def test_is_running_with_a_ready_file_but_nobody_listening_is_false(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.data.mkdir()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n\n\n\n\n\n\nready\n")

    assert not server.is_running()
    assert server.pid() is None


def test_stop_and_stop_if_unused_of_a_server_that_never_was_return_false(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "new" / "postgres")

    assert server.stop() is False
    assert server.stop_if_unused() is False


def test_hold_makes_the_directory_and_a_private_file(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "new" / "postgres")

    with server.hold():
        assert stat.S_IMODE((server.directory / "users.lock").stat().st_mode) == 0o600


def test_hold_lets_the_errors_of_its_block_pass_and_ends(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)

    with pytest.raises(PermissionError, match="mine"), server.hold():
        raise PermissionError("mine")

    with server.hold():
        pass


@pytest.mark.parametrize("act", ["start", "ensure_running", "stop", "stop_if_unused", "restart", "hold"])
def test_every_action_where_a_file_is_in_the_way_is_one_sentence(tmp_path: Path, act: str) -> None:
    (tmp_path / "file").touch()
    server = EmbeddedServer(tmp_path / "file")

    with pytest.raises(EmbeddedServerError) as raised:
        server.hold().__enter__() if act == "hold" else getattr(server, act)()

    assert f"The embedded PostgreSQL in {str(tmp_path / 'file')!r} cannot be used" in str(raised.value)
    assert "\n" not in str(raised.value)
