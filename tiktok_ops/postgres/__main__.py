"""Start, stop and look at the embedded PostgreSQL from a terminal; also the launcher itself."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.postmaster import StopMode
from tiktok_ops.postgres.server import DIRECTORY_VARIABLE, EmbeddedServer

NOT_RUNNING = 1
FAILED = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tiktok_ops.postgres", description=__doc__)
    parser.add_argument("command", choices=("start", "stop", "status", "restart"))
    parser.add_argument(
        "--directory",
        type=Path,
        help=f"its place (default: ${DIRECTORY_VARIABLE} or var/postgres)",
    )
    parser.add_argument(
        "--mode",
        choices=get_args(StopMode),
        default="fast",
        help="how to end it (default: fast)",
    )
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _run(server: EmbeddedServer, command: str, mode: StopMode) -> int:
    if command == "stop":
        _say("PostgreSQL stopped." if server.stop(mode) else "PostgreSQL was not running.")
        return 0
    if command == "restart":
        server.stop(mode)
    if command in {"start", "restart"}:
        server.start()
    return _report(server)


def _report(server: EmbeddedServer) -> int:
    if not server.is_running():
        _say(f"PostgreSQL is not running in {str(server.directory)!r}.")
        return NOT_RUNNING
    _say(
        f"PostgreSQL runs as process {server.pid()}; "
        f"connect to host {str(server.socket_directory)!r}; log in {str(server.log_file)!r}."
    )
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code: 0 done, 1 not running, 2 failed with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    server = EmbeddedServer(options.directory) if options.directory else EmbeddedServer.default()
    try:
        return _run(server, options.command, options.mode)
    except EmbeddedServerError as error:
        sys.stderr.write(f"{error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; run the command again to finish it.\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
