"""Making the data directory: whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.identity import Account
from tiktok_ops.postgres.programs import run

DATABASE = "tiktok_ops"
SUPERUSER = "postgres"
# PostgreSQL cuts paths at 1024 bytes (MAXPGPATH) without a word; its own names below need some of them.
LONGEST_DIRECTORY_BYTES = 900

INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # the same order on every machine, and macOS has no C.UTF-8 in its C library
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",  # the private socket directory is the guard
    "--auth-host=reject",
    "--data-checksums",
)


def exists(data: Path) -> bool:
    """Say whether there is a data directory; what initdb makes last is moved here whole."""
    return (data / "PG_VERSION").exists()


def initialise(data: Path, *, programs: Path, account: Account | None) -> None:
    """Make the data directory with the empty database `tiktok_ops`; the caller holds the start lock.

    All work is done beside it and renamed in one step, so that a kill at any moment leaves no half of it.
    Raise EmbeddedServerError when a program fails or something else is in the place of the data directory.
    """
    if len(os.fsencode(data)) > LONGEST_DIRECTORY_BYTES:
        raise EmbeddedServerError(
            f"The path {str(data)!r} is longer than the {LONGEST_DIRECTORY_BYTES} bytes "
            "PostgreSQL can take: set TIKTOK_OPS_POSTGRES_DIR to a shorter one."
        )
    if data.exists():
        raise EmbeddedServerError(
            f"{str(data)!r} is not a data directory of PostgreSQL (it has no PG_VERSION): move it away."
        )
    draft = Path(tempfile.mkdtemp(prefix=_draft_prefix(data), dir=data.parent))
    try:
        if account is not None:
            os.chown(draft, account.uid, account.gid)
        run((str(programs / "initdb"), *INITDB_OPTIONS, f"--pgdata={draft}"), account=account)
        _create_database(draft, programs=programs, account=account)
        draft.rename(data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_drafts(data: Path) -> None:
    """Remove what killed initialisations left; a program that still writes there is gone by the next time."""
    for draft in data.parent.glob(f"{_draft_prefix(data)}*"):
        shutil.rmtree(draft, ignore_errors=True)


def _draft_prefix(data: Path) -> str:
    return f"{data.name}.new-"


def _create_database(draft: Path, *, programs: Path, account: Account | None) -> None:
    """Create the database without a server, so that a data directory never lacks it."""
    options = ("--single", "-D", str(draft), "-c", "exit_on_error=true", "template1")
    run((str(programs / "postgres"), *options), account=account, stdin=f"CREATE DATABASE {DATABASE};\n")
