"""The embedded PostgreSQL for real: its life, its users and its command line."""

import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded_server import (
    ENSURE,
    ask,
    command_line,
    holder_of,
    initialised_place,
    new_place,
    processes_of,
    server_in,
    start_child,
)
from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.server import LARGEST_LOG_BYTES, EmbeddedServer

pytestmark = pytest.mark.integration
IS_ROOT = os.geteuid() == 0
DJANGO = """
import sys
from django.conf import settings
from tiktok_ops.postgres.server import EmbeddedServer
server = EmbeddedServer.default()
database = {"ENGINE": "tiktok_ops.postgres", "NAME": "tiktok_ops", "USER": "postgres"}
settings.configure(DATABASES={"default": database | {"HOST": str(server.socket_directory)}})
from django.db import connection, OperationalError
connection.ensure_connection()
assert connection.vendor == "postgresql" and server.is_running()
connection.close()
server.stop()
try:
    connection.ensure_connection()
except OperationalError:
    print("stays down:", not server.is_running())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with new_place() as path:
        yield path


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    with initialised_place() as directory:
        yield directory


@pytest.fixture
def server(initialised: Path) -> Iterator[EmbeddedServer]:
    with server_in(initialised) as server:
        yield server


def test_ensure_running_in_a_new_directory_gives_a_private_server(place: Path) -> None:
    with server_in(place / "pg") as server:
        server.ensure_running()

        settings = {
            name: ask(server, f"SHOW {name}")
            for name in (
                "timezone",
                "max_connections",
                "shared_buffers",
                "fsync",
                "data_checksums",
                "server_encoding",
            )
        }
        assert len(processes_of(server.directory)) > 3
        assert list(settings.values()) == ["UTC", "200", "256MB", "on", "on", "UTF8"]
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SELECT datlocale FROM pg_database WHERE datname = 'tiktok_ops'") == "C.UTF-8"
        assert ask(server, "SELECT lower('ÄÖÜ')") == "äöü"
        for path in (server.data, server.socket_directory):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
            assert path.stat().st_uid == (pwd.getpwnam("nobody").pw_uid if IS_ROOT else os.geteuid())


def test_ensure_running_of_a_running_server_takes_less_than_5_ms(server: EmbeddedServer) -> None:
    server.ensure_running()
    pid = server.pid()
    took_seconds = []
    for _ in range(20):
        began = time.perf_counter()
        server.ensure_running()
        took_seconds.append(time.perf_counter() - began)

    assert min(took_seconds) < 0.005
    assert server.pid() == pid


def test_stop_and_start_keep_what_was_written_and_leave_no_socket(server: EmbeddedServer) -> None:
    server.ensure_running()
    ask(server, "CREATE TABLE IF NOT EXISTS kept_at_stop ()")
    assert server.stop() is True
    assert not server.is_running()
    assert not server.socket_directory.exists()
    assert server.stop() is False

    server.ensure_running()

    assert ask(server, "SELECT to_regclass('kept_at_stop')::text") == "kept_at_stop"


def test_restart_is_a_crash_that_loses_nothing_committed(server: EmbeddedServer) -> None:
    server.ensure_running()
    before = server.pid()
    ask(server, "CREATE TABLE IF NOT EXISTS kept_at_restart ()")

    server.restart()

    assert server.is_running()
    assert server.pid() not in {before, None}
    assert ask(server, "SELECT to_regclass('kept_at_restart')::text") == "kept_at_restart"
    assert "database system was not properly shut down" in server.log_file.read_text()


@pytest.mark.slow
def test_ensure_running_by_8_processes_at_once_starts_one_server(place: Path) -> None:
    with server_in(place / "pg") as server:
        children = [start_child(ENSURE, server) for _ in range(8)]
        answers = {child.communicate(timeout=30)[0] for child in children}

        assert [child.returncode for child in children] == [0] * 8
        assert answers == {f"{server.pid()}\n"}
        postmasters = [p for p in processes_of(server.directory) if p.cmdline()[0].endswith("/postgres")]
        assert len(postmasters) == 1


def test_server_outlives_its_killed_starter_and_keeps_no_pipe_open(server: EmbeddedServer) -> None:
    with holder_of(server) as starter:
        assert starter.stdout is not None
        os.killpg(starter.pid, signal.SIGKILL)

        assert starter.stdout.read() == ""  # would wait for ever if the server had the other end
    assert server.is_running()
    assert ask(server, "SELECT 1") == 1
    pid = server.pid()
    assert pid is not None
    assert os.getsid(pid) == pid


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_server_has_nothing_of_its_starter_open(server: EmbeddedServer) -> None:
    with holder_of(server):
        opened = {path.resolve() for path in Path(f"/proc/{server.pid()}/fd").iterdir()}

    assert server.log_file in opened
    assert not {server.directory / name for name in ("start.lock", "users.lock")} & opened


def test_stop_if_unused_waits_for_a_holder_even_a_killed_one(server: EmbeddedServer) -> None:
    with holder_of(server) as holder:
        assert server.stop_if_unused() is False
        assert server.is_running()

        holder.kill()
        holder.wait()

        assert server.stop_if_unused() is True
        assert not server.is_running()


def test_stop_if_unused_inside_our_own_hold_is_false(server: EmbeddedServer) -> None:
    with server.hold():
        server.ensure_running()
        assert server.stop_if_unused() is False
    assert server.stop_if_unused() is True


def test_stop_stops_whoever_holds(server: EmbeddedServer) -> None:
    with holder_of(server):
        assert server.stop() is True
        assert not server.is_running()


def test_start_with_a_large_log_sets_it_aside(server: EmbeddedServer) -> None:
    with server.log_file.open("ab") as log:
        log.truncate(LARGEST_LOG_BYTES + 1)

    server.ensure_running()

    assert server.log_file.stat().st_size < 10_000
    assert (server.directory / "server.old.log").stat().st_size == LARGEST_LOG_BYTES + 1


@pytest.mark.slow
def test_command_line_starts_shows_restarts_and_stops(server: EmbeddedServer) -> None:
    codes: dict[str, list[int]] = {}
    pids = set()
    for command in ("start", "status", "restart", "stop", "status"):
        outcome = command_line(command, directory=server.directory)
        codes.setdefault(command, []).append(outcome.returncode)
        assert outcome.stderr == ""
        if server.is_running():
            pids.add(server.pid())
            assert f"process {server.pid()}; connect to host '{server.socket_directory}'" in outcome.stdout

    assert codes == {"start": [0], "status": [0, 1], "restart": [0], "stop": [0]}
    assert len(pids) == 2


def test_django_backend_starts_the_server_once_and_leaves_it_down(server: EmbeddedServer) -> None:
    environment = os.environ | {"TIKTOK_OPS_POSTGRES_DIR": str(server.directory)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = (sys.executable, "-c", DJANGO)

    outcome = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)

    assert (outcome.stdout, outcome.stderr) == ("stays down: True\n", "")
