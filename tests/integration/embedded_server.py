"""Servers of their own for the tests of the embedded PostgreSQL, gone without a trace afterwards."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg

from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.server import EmbeddedServer

HOLDER = """
import sys, time
from tiktok_ops.postgres.server import EmbeddedServer
server = EmbeddedServer(sys.argv[1])
with server.hold():
    server.ensure_running()
    print(server.pid(), flush=True)
    time.sleep(60)
"""
ENSURE = """
import sys
from tiktok_ops.postgres.server import EmbeddedServer
EmbeddedServer(sys.argv[1]).ensure_running()
print(EmbeddedServer(sys.argv[1]).pid())
"""


def belongs_to(process: psutil.Process, directory: Path) -> bool:
    """Say whether this is a server of the directory, or one of its own processes, which only live there."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        return str(directory) in " ".join(process.cmdline()) or process.cwd().startswith(str(directory))
    except psutil.Error:
        return False


def processes_of(directory: Path) -> list[psutil.Process]:
    """All living processes of the directory's server, itself included."""
    return [process for process in psutil.process_iter() if belongs_to(process, directory)]


@contextmanager
def server_in(directory: Path) -> Iterator[EmbeddedServer]:
    """A server that is stopped at the end, with the proof that nothing of it remains."""
    server = EmbeddedServer(directory)
    try:
        yield server
    finally:
        server.stop("immediate")
        assert processes_of(server.directory) == []


def ask(server: EmbeddedServer, sql: str) -> object:
    """Run one statement in `tiktok_ops` and return the first value of its answer, if it has one."""
    with closing(
        psycopg.connect(
            host=str(server.socket_directory), dbname="tiktok_ops", user="postgres", autocommit=True
        )
    ) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def start_child(code: str, server: EmbeddedServer) -> "subprocess.Popen[str]":
    command = (sys.executable, "-c", code, str(server.directory))
    return subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


@contextmanager
def holder_of(server: EmbeddedServer) -> Iterator["subprocess.Popen[str]"]:
    """Another process inside `hold()`, with the server running."""
    with start_child(HOLDER, server) as process:
        try:
            assert process.stdout is not None
            assert int(process.stdout.readline()) == server.pid()
            yield process
        finally:
            process.kill()


def command_line(*arguments: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "tiktok_ops.postgres", *arguments, "--directory", str(directory))
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)


@contextmanager
def new_place() -> Iterator[Path]:
    """A directory outside of pytest's own, whose modes must stay as they are when a start opens the way."""
    path = Path(tempfile.mkdtemp(prefix="tiktok-ops-test-")).resolve()
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def initialised_place() -> Iterator[Path]:
    """A directory whose server has run once, for the tests that need no new one."""
    with new_place() as place, server_in(place / "pg") as server:
        server.ensure_running()
        server.stop()
        yield server.directory
