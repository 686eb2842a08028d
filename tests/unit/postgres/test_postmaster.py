import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.postmaster import (
    PidFile,
    StopMode,
    command,
    command_of,
    end,
    is_postmaster,
    read_pid_file,
    remove_stale,
)

FULL = "4711\n/srv/data\n1700000000\n5432\n/run/ä b\n\n  5432001   12\nready   \n"
BESIDE_SOCKET = "4711\n/srv/data\n1700000000\n5432\n/run/ä b\n"
# Ends with the number of the signal that reached it.
REPORTS_ITS_SIGNAL = """
import signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, lambda received, frame: sys.exit(received))
print("ready", flush=True)
time.sleep(60)
"""
IGNORES_ALL = REPORTS_ITS_SIGNAL.replace("lambda received, frame: sys.exit(received)", "signal.SIG_IGN")


@contextmanager
def process_named(data: Path, code: str = REPORTS_ITS_SIGNAL) -> Iterator["subprocess.Popen[str]"]:
    """A process with the command line of a server of this data directory."""
    arguments = (sys.executable, "-c", code, "-D", str(data), "-c", "port=5432")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FULL, PidFile(4711, "/run/ä b", "ready")),
        (FULL.replace("ready   ", "starting"), PidFile(4711, "/run/ä b", "starting")),
        (BESIDE_SOCKET, PidFile(4711, "/run/ä b", "")),
        ("4711\n", PidFile(4711, "", "")),
        ("", None),
        ("what\n", None),
        ("-4711\n", None),  # a backend without a server, not one to connect to
        ("0\n", None),
    ],
)
def test_read_pid_file_gives_pid_socket_and_status(
    tmp_path: Path, text: str, expected: PidFile | None
) -> None:
    (tmp_path / "postmaster.pid").write_text(text)

    assert read_pid_file(tmp_path / "postmaster.pid") == expected


@pytest.mark.parametrize("name", ["absent", "file/postmaster.pid"])
def test_read_pid_file_without_one_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    assert read_pid_file(tmp_path / name) is None


@pytest.mark.parametrize(
    ("status", "is_ready"), [("ready", True), ("starting", False), ("stopping", False), ("", False)]
)
def test_is_ready_with_that_status_only(status: str, is_ready: bool) -> None:
    assert PidFile(1, "", status).is_ready is is_ready


@pytest.mark.parametrize("proc", [Path("/proc"), Path("/absent")])
def test_command_of_a_process_gives_its_parts_on_every_system(proc: Path) -> None:
    if proc == Path("/absent") and not Path("/bin/ps").exists():
        pytest.skip("no ps on this machine")
    with process_named(Path("/srv/some data")) as process:
        assert b" -D /srv/some data -c port=5432" in command_of(process.pid, proc=proc)
        process.kill()
        process.wait()

        assert command_of(process.pid, proc=proc) == b""


def test_command_of_a_zombie_names_no_data_directory() -> None:
    with process_named(Path("/srv/data")) as process:
        process.kill()
        while is_postmaster(process.pid, Path("/srv/data")):
            time.sleep(0.01)

        os.kill(process.pid, 0)  # not reaped, so the number is still taken


@pytest.mark.parametrize(
    ("data", "is_its"),
    [("/srv/da ta", True), ("/srv/da", False), ("/srv/da ta.new-1", False), ("/srv", False), ("ta", False)],
)
def test_is_postmaster_of_the_whole_path_only(data: str, is_its: bool) -> None:
    with process_named(Path("/srv/da ta")) as process:
        assert is_postmaster(process.pid, Path(data)) is is_its


def test_command_names_data_and_quoted_socket_directory_and_opens_no_port() -> None:
    parts = command(Path("/pg/bin"), Path("/srv/da ta"), Path('/run/a,b"c'))

    assert parts[:3] == ("/pg/bin/postgres", "-D", "/srv/da ta")
    assert 'unix_socket_directories="/run/a,b""c"' in parts
    assert "listen_addresses=" in parts
    assert "fsync" not in " ".join(parts)


@pytest.mark.parametrize(("mode", "number"), [("smart", 15), ("fast", 2), ("immediate", 3)])
def test_end_sends_the_signal_of_the_mode_and_waits(mode: StopMode, number: int) -> None:
    with process_named(Path("/srv/data")) as process:
        end(process.pid, Path("/srv/data"), mode=mode, timeout_seconds=5)

        assert process.wait(0.5) == number


def test_end_of_a_process_that_stays_names_it_and_the_stronger_way() -> None:
    with (
        process_named(Path("/srv/data"), IGNORES_ALL) as process,
        pytest.raises(EmbeddedServerError, match=rf"process {process.pid}.* 0.1 seconds .*--mode immediate"),
    ):
        end(process.pid, Path("/srv/data"), mode="fast", timeout_seconds=0.1)


def test_end_of_a_process_that_is_gone_returns_at_once() -> None:
    with process_named(Path("/srv/data")) as process:
        process.kill()
        process.wait()

        end(process.pid, Path("/srv/data"), mode="fast", timeout_seconds=0)


def test_remove_stale_removes_the_files_there_are(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").touch()

    remove_stale((tmp_path / "postmaster.pid", tmp_path / "absent"))

    assert list(tmp_path.iterdir()) == []
