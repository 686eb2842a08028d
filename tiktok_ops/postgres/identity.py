"""The account PostgreSQL runs as: ours, or `nobody` when we are root, which PostgreSQL refuses."""

import os
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiktok_ops.postgres.errors import OTHER_SERVER, EmbeddedServerError

if sys.platform != "win32":
    import pwd

UNPRIVILEGED = "nobody"
READ, EXECUTE = 4, 1


@dataclass(frozen=True)
class Account:
    """An operating system account, with no group but its own."""

    name: str
    uid: int
    gid: int


def server_account(name: str = UNPRIVILEGED) -> Account | None:
    """Return the account to run PostgreSQL as, None for our own; raise EmbeddedServerError without one."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL refuses to run as root and there is no account {name!r} to run it as: create it "
            f"with `useradd --system {name}`, work as a normal user, or {OTHER_SERVER}."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def is_permitted(status: os.stat_result, account: Account, bits: int) -> bool:
    """Say whether the account has these bits (4 read, 2 write, 1 execute), by the first class that fits."""
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (status.st_mode >> shift) & bits == bits


def make_reachable(path: Path, account: Account) -> None:
    """Let the account pass through every directory above the path, and print a line for each one changed.

    The change is o+x and no more: names in the directory stay unreadable.
    """
    for directory in reversed(Path(os.path.realpath(path)).parents):
        status = directory.stat()
        if not is_permitted(status, account, EXECUTE):
            directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            sys.stderr.write(
                f"Changed {str(directory)!r}: o+x, so that PostgreSQL can pass as {account.name!r}.\n"
            )


def _unusable(tree: Path, account: Account) -> Iterator[Path]:
    """Give what the account cannot read or, for directories and programs, execute in this tree."""
    for path in (tree, *tree.rglob("*")):
        status = path.stat()
        is_executable = stat.S_ISDIR(status.st_mode) or bool(status.st_mode & stat.S_IXUSR)
        if not is_permitted(status, account, READ | EXECUTE if is_executable else READ):
            yield path


def check_usable(trees: Sequence[Path], account: Account) -> None:
    """Raise EmbeddedServerError, with the chmod to run, when the account cannot use all of these trees."""
    for path in (path for tree in trees for path in _unusable(tree, account)):
        places = shlex.join(str(tree) for tree in trees)
        raise EmbeddedServerError(
            f"PostgreSQL runs as {account.name!r} when started by root, which may not use {str(path)!r}: "
            f"run `chmod -R o+rX {places}`."
        )


def hand_over(descriptor: int, account: Account | None) -> None:
    """Give an open file or directory to the account; nothing to do when it is our own."""
    if account is not None:
        os.fchown(descriptor, account.uid, account.gid)


def check_owner(path: Path, account: Account | None) -> None:
    """Raise EmbeddedServerError unless the path belongs to the account (None: our own)."""
    owner = path.stat().st_uid
    if owner != (account.uid if account else os.geteuid()):
        raise EmbeddedServerError(
            f"{str(path)!r} belongs to the account with uid {owner} but PostgreSQL would run as "
            f"{account.name if account else os.geteuid()!r}: run this as its owner, or remove it."
        )
