"""Starting the server from a process apart, which neither dies with its caller nor keeps its pipes open."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tiktok_ops.postgres.errors import EmbeddedServerError, explained

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def launch(directory: Path) -> None:
    """Run `python -m tiktok_ops.postgres start` for the directory and wait for it.

    What it says goes through a file, not a pipe: if we are killed it can still finish.
    Its notices are repeated on stderr; when it fails, EmbeddedServerError carries its sentence.
    """
    command = (sys.executable, "-m", "tiktok_ops.postgres", "start", "--directory", str(directory))
    # `-m` finds the project in the working directory, unless this variable forbids it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    with explained(directory), tempfile.TemporaryFile() as output:
        outcome = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            cwd=PROJECT_ROOT,
            env=environment,
            start_new_session=True,
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if outcome.returncode:
        raise EmbeddedServerError(
            said
            or f"The launcher of PostgreSQL in {str(directory)!r} ended with {outcome.returncode}: try again."
        )
    if said:
        sys.stderr.write(f"{said}\n")
