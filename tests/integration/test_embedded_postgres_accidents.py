"""The embedded PostgreSQL where things went wrong or are unusual: kills, left files, paths, accounts."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.integration.embedded_server import (
    ENSURE,
    ask,
    command_line,
    initialised_place,
    new_place,
    processes_of,
    server_in,
    start_child,
)
from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.programs import find_programs
from tiktok_ops.postgres.server import EmbeddedServer

pytestmark = pytest.mark.integration
IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become other accounts")


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


@pytest.mark.chaos
def test_start_after_a_kill_in_the_middle_of_initdb_begins_anew(place: Path) -> None:
    with server_in(place / "pg") as server:
        command = (sys.executable, "-m", "tiktok_ops.postgres", "start", "--directory", str(server.directory))
        with subprocess.Popen(command, cwd=PROJECT_ROOT) as launcher:
            while not any(server.directory.glob("data.new-*/base/5")):
                assert launcher.poll() is None
                time.sleep(0.001)
            launcher.kill()
        assert not server.data.exists()

        server.ensure_running()

        assert ask(server, "SELECT current_database()") == "tiktok_ops"
        server.stop()
        server.ensure_running()
        assert list(server.directory.glob("data.new-*")) == []


@pytest.mark.chaos
def test_start_goes_on_when_the_process_that_asked_for_it_is_killed(place: Path) -> None:
    with server_in(place / "pg") as server:
        with start_child(ENSURE, server) as child:
            assert child.stdout is not None
            while not any(server.directory.glob("data.new-*")):
                assert child.poll() is None
                time.sleep(0.001)
            os.killpg(child.pid, signal.SIGKILL)
            assert child.stdout.read() == ""
        deadline = time.monotonic() + 20
        while not server.is_running():
            assert time.monotonic() < deadline
            time.sleep(0.02)

        assert ask(server, "SELECT 1") == 1


@contextmanager
def process_of_the_same_account() -> Iterator[int]:
    """A process that has nothing to do with PostgreSQL but that PostgreSQL's own check takes for one."""
    account = pwd.getpwnam("nobody")
    with subprocess.Popen(
        ("sleep", "60"), user=account.pw_uid if IS_ROOT else None, extra_groups=[] if IS_ROOT else None
    ) as process:
        yield process.pid
        assert process.poll() is None
        process.kill()


@pytest.mark.chaos
@pytest.mark.parametrize("content", ["the number of another process", "nothing"])
def test_stale_lock_files_do_not_block_the_start(server: EmbeddedServer, content: str) -> None:
    server.ensure_running()
    lock_files = (server.data / "postmaster.pid", server.socket_directory / ".s.PGSQL.5432.lock")
    texts = [path.read_text() for path in lock_files]
    old = server.pid()
    assert old is not None
    server.stop()
    server.socket_directory.mkdir(mode=0o700)
    with process_of_the_same_account() as innocent:
        for path, text in zip(lock_files, texts, strict=True):
            path.write_text("" if content == "nothing" else text.replace(str(old), str(innocent), 1))
        assert server.pid() is None
        assert server.stop() is False

        server.ensure_running()

        assert server.pid() not in {None, innocent}


@pytest.mark.chaos
def test_ensure_running_after_the_server_was_killed_starts_it_again(server: EmbeddedServer) -> None:
    server.ensure_running()
    ask(server, "CREATE TABLE IF NOT EXISTS kept_at_kill ()")
    before = server.pid()
    assert before is not None

    with closing(
        psycopg.connect(host=str(server.socket_directory), dbname="tiktok_ops", user="postgres")
    ) as connection:
        orphan = connection.info.backend_pid
        os.kill(orphan, signal.SIGSTOP)  # an orphan that does not go by itself
        os.kill(before, signal.SIGKILL)
        child = start_child(ENSURE, server)
        time.sleep(0.5)
        assert child.poll() is None
        os.kill(orphan, signal.SIGKILL)
        assert child.communicate(timeout=30)[0] == f"{server.pid()}\n"

    assert server.pid() != before
    assert ask(server, "SELECT to_regclass('kept_at_kill')::text") == "kept_at_kill"


def copy(directory: Path, target: Path) -> None:
    """Copy a stopped server with its owners, which takes a tenth of the time of making one."""
    subprocess.run(("cp", "-a", directory, target), check=True)


@pytest.mark.chaos
def test_start_after_the_directory_was_replaced_under_a_server_ends_the_old_one(
    initialised: Path, place: Path
) -> None:
    copy(initialised, place / "pg")
    with server_in(place / "pg") as server:
        server.ensure_running()
        old = server.pid()
        shutil.rmtree(server.directory)
        assert not server.is_running()
        assert server.pid() == old
        copy(initialised, server.directory)

        server.ensure_running()

        assert server.pid() not in {None, old}
        assert old not in {process.pid for process in processes_of(server.directory)}
        assert ask(server, "SELECT 1") == 1


def test_server_works_in_a_long_path_of_odd_names(place: Path) -> None:
    with server_in(place.joinpath(*["mit Leerzeichen, tïktök öps; it's $HOME"] * 7)) as server:
        assert len(os.fsencode(server.directory)) > 300
        server.ensure_running()

        assert ask(server, "SELECT 1") == 1


@as_root
def test_start_as_root_below_a_private_directory_adds_one_bit_and_says_so(
    initialised: Path, place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place.chmod(0o755)
    private = place / "private"
    private.mkdir()
    private.chmod(0o700)
    copy(initialised, private / "pg")
    with server_in(private / "pg") as server:
        server.ensure_running()

        said = capfd.readouterr().err
        assert said == f"Changed {str(private)!r}: o+x, so that PostgreSQL can pass as 'nobody'.\n"
        assert [stat.S_IMODE(path.stat().st_mode) for path in (place, private)] == [0o755, 0o701]
        server.restart("fast")
        assert capfd.readouterr().err == ""


@as_root
def test_start_as_root_with_somebody_elses_data_names_the_owner(server: EmbeddedServer) -> None:
    status = server.data.stat()
    os.chown(server.data, 12345, 12345)
    try:
        with pytest.raises(EmbeddedServerError, match=r"pg/data' belongs to the account with uid 12345"):
            server.ensure_running()
    finally:
        os.chown(server.data, status.st_uid, status.st_gid)


@as_root
def test_start_as_a_normal_user_needs_no_root(place: Path) -> None:
    account = pwd.getpwnam("nobody")
    wheel = find_programs().parents[2]
    place.chmod(0o700)
    os.chown(place, account.pw_uid, account.pw_gid)
    # The interpreter of the virtual environment may be root's own; the system's is everybody's.
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin") or sys.executable
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": f"{PROJECT_ROOT}:{wheel}",
        "TIKTOK_OPS_POSTGRES_DIR": str(place),
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (python, *arguments),
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
        )

    usable = "import sys, os; from tiktok_ops.postgres.programs import find_programs as f; os.listdir(f())"
    if run("-c", f"{usable}; assert sys.version_info >= (3, 11)").returncode:
        pytest.skip("no Python 3.11 or no wheel that a normal user may use")
    with server_in(place) as server:
        outcome = run("-c", ENSURE, str(place))

        assert (outcome.returncode, outcome.stderr) == (0, "")
        pid = server.pid()
        assert outcome.stdout == f"{pid}\n"
        assert {process.uids().real for process in processes_of(place)} == {account.pw_uid}
        assert run("-m", "tiktok_ops.postgres", "stop").stdout == "PostgreSQL stopped.\n"
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_start_with_a_symbolic_link_as_socket_directory_is_refused(
    server: EmbeddedServer, place: Path
) -> None:
    server.socket_directory.symlink_to(place)
    try:
        with pytest.raises(EmbeddedServerError, match=f"{server.socket_directory}' is not a directory"):
            server.ensure_running()
    finally:
        server.socket_directory.unlink()
    assert list(place.iterdir()) == []


def test_start_with_another_tmpdir_says_where_the_server_listens(
    server: EmbeddedServer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.ensure_running()
    there = server.socket_directory
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))

    with pytest.raises(
        EmbeddedServerError, match=f"listens in '{there}', not in '{server.socket_directory}'"
    ):
        server.ensure_running()


def test_start_beside_a_server_that_never_gets_ready_gives_up(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiktok_ops.postgres.server.TIMEOUT_SECONDS", 0.3)
    idle = (sys.executable, "-c", "import time; time.sleep(60)", "-D", str(server.data), "-c", "port=5432")
    with subprocess.Popen(idle) as process:
        (server.data / "postmaster.pid").write_text(f"{process.pid}\n\n\n\n\n\n\nstarting\n")
        try:
            with pytest.raises(EmbeddedServerError, match=r"did not start in .* ends with: nothing"):
                server.start()
        finally:
            process.kill()


def test_start_with_a_broken_configuration_ends_with_the_log(server: EmbeddedServer) -> None:
    configuration = server.data / "postgresql.auto.conf"
    before = configuration.read_text()
    configuration.write_text("work_mem = plenty\n")
    try:
        outcome = command_line("start", directory=server.directory)
    finally:
        configuration.write_text(before)

    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert len(outcome.stderr.splitlines()) == 1
    assert 'invalid value for parameter "work_mem": "plenty"' in outcome.stderr
