"""The embedded PostgreSQL server of one directory, shared by all processes of the project."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tiktok_ops.postgres import cluster, identity, launcher, locks, postmaster, programs, sockets, users
from tiktok_ops.postgres.errors import EmbeddedServerError, check_platform, explained
from tiktok_ops.postgres.postmaster import StopMode

DIRECTORY_VARIABLE = "TIKTOK_OPS_POSTGRES_DIR"
TIMEOUT_SECONDS = 60.0
RETRY_SECONDS = 0.2
LARGEST_LOG_BYTES = 20_000_000
# A killed server's own children may outlive it for a moment; PostgreSQL says so and asks to wait.
ORPHANS_REMAIN = "is still in use"


@dataclass(frozen=True)
class EmbeddedServer:
    """PostgreSQL 18 with its data, log and locks in one directory and its socket in a private short one.

    Reached by `host=<socket_directory> dbname=tiktok_ops user=postgres`; it has no TCP port.
    All methods raise EmbeddedServerError, one sentence with the remedy.
    """

    directory: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", Path(os.path.realpath(self.directory)))

    @classmethod
    def default(cls) -> "EmbeddedServer":
        """Return the server of TIKTOK_OPS_POSTGRES_DIR, else of `var/postgres` in the project."""
        return cls(Path(os.environ.get(DIRECTORY_VARIABLE) or launcher.PROJECT_ROOT / "var" / "postgres"))

    @property
    def data(self) -> Path:
        """The data directory, owned by the account PostgreSQL runs as."""
        return self.directory / "data"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.directory / "server.log"

    @property
    def socket_directory(self) -> Path:
        """The HOST to connect to."""
        return sockets.socket_directory_for(self.directory)

    @property
    def _lock_files(self) -> tuple[Path, Path]:
        return self.data / "postmaster.pid", self.socket_directory / sockets.LOCK_NAME

    @property
    def _users_file(self) -> Path:
        return self.directory / "users.lock"

    def is_running(self) -> bool:
        """Say whether the server accepts connections (about 0.1 ms)."""
        check_platform()
        with explained(self.directory):
            said = postmaster.read_pid_file(self._lock_files[0])
            return said is not None and said.is_ready and sockets.accepts(self.socket_directory)

    def pid(self) -> int | None:
        """Return the server's process id; None when it does not live, whatever its files say."""
        with explained(self.directory):
            for path in self._lock_files:
                said = postmaster.read_pid_file(path)
                if said is not None and postmaster.is_postmaster(said.pid, self.data):
                    return said.pid
        return None

    def ensure_running(self) -> None:
        """Start the server unless it runs; any number of processes may call this at the same moment.

        A separate launcher process starts it, so that it outlives this one and shares nothing with it.
        """
        if not self.is_running():
            launcher.launch(self.directory)

    def start(self) -> None:
        """Start the server from this process unless it runs; for the launcher, which ends soon after."""
        with self._exclusively():
            if not self.is_running():
                self._start()

    def stop(self, mode: StopMode = "fast") -> bool:
        """Stop the server, whoever uses it, and say whether it ran. `mode` is PostgreSQL's shutdown mode."""
        with self._exclusively():
            pid = self.pid()
            if pid is not None:
                postmaster.end(pid, self.data, mode=mode, timeout_seconds=TIMEOUT_SECONDS)
            with suppress(OSError):  # absent, or a crash left something in it; the next start copes
                self.socket_directory.rmdir()
            return pid is not None

    def restart(self, mode: StopMode = "immediate") -> None:
        """Stop and start the server; `immediate` is a crash, with recovery at the start."""
        self.stop(mode)
        self.ensure_running()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Count as a user for the length of the block, or until this process dies; forked children do not."""
        check_platform()
        with explained(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            mine = users.hold(self._users_file, timeout_seconds=2 * TIMEOUT_SECONDS)
        try:
            yield
        finally:
            users.release(mine)

    def stop_if_unused(self) -> bool:
        """Stop the server unless anybody, this process included, is in `hold()`; say whether one stopped."""
        check_platform()
        with explained(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            with users.alone(self._users_file) as is_alone:
                return is_alone and self.stop()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Run the block while no other process starts or stops this server."""
        check_platform()
        with explained(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            # Longer than one turn may take, so that waiting for a slow one ends in its answer, not in ours.
            with locks.exclusive(self.directory / "start.lock", timeout_seconds=3 * TIMEOUT_SECONDS):
                yield

    def _start(self) -> None:
        found = programs.find_programs()
        account = identity.server_account()
        self._end_orphan()
        cluster.remove_drafts(self.data)
        is_new = not cluster.exists(self.data)
        if not is_new:
            identity.check_owner(self.data, account)
        sockets.prepare(self.socket_directory, account)
        if account is not None:
            self._admit(account, programs.library_trees(found))
        if is_new:
            cluster.initialise(self.data, programs=found, account=account)
        self._run(postmaster.command(found, self.data, self.socket_directory), account)

    def _admit(self, account: identity.Account, trees: Sequence[Path]) -> None:
        """Let the account reach the programs, which it must be able to use, the data and the socket."""
        identity.check_usable(trees, account)
        for path in (*trees, self.data, self.socket_directory):
            identity.make_reachable(path, account)

    def _end_orphan(self) -> None:
        """End a server whose data directory was deleted or replaced under it and who has not noticed yet."""
        pid = self.pid()
        if pid is not None and not self._lock_files[0].exists():
            postmaster.end(pid, self.data, mode="immediate", timeout_seconds=TIMEOUT_SECONDS)

    def _run(self, command: Sequence[str], account: identity.Account | None) -> None:
        """Start the server and wait until it accepts connections, whoever started it."""
        self._set_large_log_aside()
        log_start = self._log_size()
        process: subprocess.Popen[bytes] | None = None
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.is_running():
            if process is not None and process.poll() is not None:
                self._check_worth_retrying(log_start)
                process = None
            if process is None and self.pid() is None:
                log_start = self._log_size()
                postmaster.remove_stale(self._lock_files)
                process = programs.spawn(command, account=account, log_file=self.log_file)
            self._check_socket()
            if time.monotonic() > deadline:
                raise self._failure(log_start)
            time.sleep(postmaster.PAUSE_SECONDS)
        if process is not None:
            process.returncode = 0  # it is meant to outlive us: do not warn that it still runs

    def _check_worth_retrying(self, log_start: int) -> None:
        """Raise the reason for which the server ended, unless waiting a moment removes it."""
        if ORPHANS_REMAIN not in self._log_since(log_start):
            raise self._failure(log_start)
        time.sleep(RETRY_SECONDS)

    def _check_socket(self) -> None:
        """Raise when the server runs but listens where a process with another TMPDIR looks for it."""
        said = postmaster.read_pid_file(self._lock_files[0])
        if said is None or not said.is_ready or said.socket_directory == str(self.socket_directory):
            return
        if postmaster.is_postmaster(said.pid, self.data):
            raise EmbeddedServerError(
                f"PostgreSQL (process {said.pid}) runs but listens in {said.socket_directory!r}, not in "
                f"{str(self.socket_directory)!r}: use the TMPDIR it was started with, or `make down` first."
            )

    def _set_large_log_aside(self) -> None:
        if self._log_size() > LARGEST_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".old.log"))

    def _log_size(self) -> int:
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def _log_since(self, position: int) -> str:
        """Return what the server logged after this many bytes."""
        with self.log_file.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _failure(self, log_start: int) -> EmbeddedServerError:
        lines = self._log_since(log_start).strip().splitlines()[-5:]
        said = " / ".join(lines) or "nothing"
        return EmbeddedServerError(
            f"PostgreSQL did not start in {str(self.directory)!r}; {str(self.log_file)!r} ends with: {said}"
        )
