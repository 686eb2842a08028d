"""`make mutants`: put each bug into a copy of the project, and see its test fail there, and pass without it.

Exit code 0 when every bug is caught, 1 when one survives or a test fails by itself.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.seeded_bugs.bugs import BUGS, SeededBug
from tiktok_ops.env import BASE_DIR

LEFT_OUT = shutil.ignore_patterns("var", ".venv*", ".git", ".*_cache", "__pycache__", ".hypothesis")
NOT_HANDED_ON = {"DATABASE_URL", "TIKTOK_OPS_VAR", "TIKTOK_OPS_POSTGRES_DIR", "TIKTOK_OPS_TESTS", "CRASH_AT"}


class BugMisplaced(Exception):
    """The text a bug replaces is not there once: write the bug anew for the code as it is."""


def main() -> int:
    """Try every bug, or those named on the command line; say what came of each."""
    wanted = [bug for bug in BUGS if not sys.argv[1:] or bug.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="seeded-bugs-") as place:
        copy = copied_to(Path(place) / "project")
        failed = failures(copy, [bug.test for bug in wanted])
        for test in failed:
            print(f"FAILS WITHOUT ANY BUG: {test}")  # noqa: T201
        survivors = [bug for bug in wanted if not is_caught(bug, copy)]
    print(f"{len(wanted) - len(survivors)} of {len(wanted)} bugs caught.")  # noqa: T201
    return 1 if survivors or failed else 0


def copied_to(place: Path) -> Path:
    """Copy the project without what it makes for itself; the copy has a database of its own."""
    shutil.copytree(BASE_DIR, place, ignore=LEFT_OUT, symlinks=True)
    return place


def is_caught(bug: SeededBug, copy: Path) -> bool:
    """Return whether the bug's test fails with the bug in; the copy is as before afterwards."""
    began = time.monotonic()
    file = copy / bug.file
    sound = file.read_text()
    file.write_text(seeded(bug, sound))
    try:
        caught = failures(copy, [bug.test]) == [bug.test]
    finally:
        file.write_text(sound)
    said = "caught" if caught else "SURVIVES"
    print(f"{bug.name}: {said} by {bug.test} ({time.monotonic() - began:.0f} s)", flush=True)  # noqa: T201
    return caught


def seeded(bug: SeededBug, sound: str) -> str:
    """Return the file's text with the bug in it. Raises `BugMisplaced`."""
    if sound.count(bug.sound) != 1:
        raise BugMisplaced(
            f"The bug {bug.name!r} replaces {bug.sound!r}, which {bug.file} has {sound.count(bug.sound)} times: "
            "write it anew for the code as it is."
        )
    return sound.replace(bug.sound, bug.broken)


def failures(copy: Path, tests: list[str]) -> list[str]:
    """Run the tests in the copy and return those that failed; raises `RuntimeError` when they could not be run."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--reuse-db", "-q", "--tb=no", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env={name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [test for test in tests if f"FAILED {test}" in ran.stdout]
    if ran.returncode not in {0, 1} or (ran.returncode == 1 and not failed):
        raise RuntimeError(f"The tests could not be run:\n{ran.stdout}\n{ran.stderr}")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
