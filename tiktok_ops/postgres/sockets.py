"""The Unix socket: the only door to the server, in a private directory with a short name."""

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.identity import Account, hand_over

SOCKET_NAME = ".s.PGSQL.5432"
LOCK_NAME = f"{SOCKET_NAME}.lock"
# sockaddr_un.sun_path with its final NUL: 104 bytes on macOS, 108 on Linux.
LONGEST_PATH_BYTES = 103
CONNECT_TIMEOUT_SECONDS = 1.0


def socket_directory_for(directory: Path) -> Path:
    """Return where the server of this directory listens: the same for all processes with the same TMPDIR."""
    name = f"tiktok-ops-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:8]}"
    place = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(place / SOCKET_NAME)) > LONGEST_PATH_BYTES:
        return Path("/tmp") / name  # noqa: S108 - `prepare` refuses a directory that is not ours
    return place


def prepare(place: Path, account: Account | None) -> None:
    """Make the socket directory, private to the account; raise EmbeddedServerError when it is not ours.

    Anybody may make names in a temporary directory: the checks are on the opened directory, not its name.
    """
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        if place.is_symlink() or not place.is_dir():
            raise _refusal(place, "is not a directory") from None
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        # Root's own is fine too: a start that was killed before it handed the directory over leaves one.
        if status.st_uid not in {os.geteuid(), account.uid if account else os.geteuid()}:
            raise _refusal(place, f"belongs to the account with uid {status.st_uid}")
        hand_over(descriptor, account)
        if stat.S_IMODE(status.st_mode) != 0o700:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def _refusal(place: Path, reason: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"The socket directory {str(place)!r} {reason}, so somebody else could listen there: "
        "remove it, or set TMPDIR to a directory of your own."
    )


def accepts(place: Path) -> bool:
    """Say whether somebody listens on the socket in this directory."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(CONNECT_TIMEOUT_SECONDS)
        return client.connect_ex(os.fspath(place / SOCKET_NAME)) == 0
