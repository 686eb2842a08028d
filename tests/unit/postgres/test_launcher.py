import os
import shlex
import sys
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.launcher import PROJECT_ROOT, launch

PYTHON = shlex.quote(sys.executable)
REPORT = 'echo "$(pwd) $* safe=${PYTHONSAFEPATH:-no}" >&2; cat; echo lost; '


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell script in the place of Python."""
    path = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def write(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_project_root_is_the_directory_above_the_package() -> None:
    assert (PROJECT_ROOT / "tiktok_ops" / "postgres" / "launcher.py").is_file()


def test_launch_runs_start_in_the_project_and_repeats_its_notices(
    interpreter: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(interpreter, REPORT)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")

    launch(Path("/srv/d a"))

    said = capfd.readouterr()
    assert said.err == f"{PROJECT_ROOT} -m tiktok_ops.postgres start --directory /srv/d a safe=no\n"
    assert said.out == ""


def test_launch_with_nothing_to_say_says_nothing(
    interpreter: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(interpreter, "exit 0")

    launch(Path("/srv/data"))

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo The disk is full. >&2; exit 2", "The disk is full."),
        ("kill -9 $$", "The launcher of PostgreSQL in '/srv/data' ended with -9: try again."),
    ],
)
def test_launch_that_fails_raises_its_sentence(interpreter: Path, script: str, sentence: str) -> None:
    write(interpreter, script)

    with pytest.raises(EmbeddedServerError) as raised:
        launch(Path("/srv/data"))

    assert str(raised.value) == sentence


def test_launch_without_an_interpreter_is_explained(interpreter: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"'/srv/data' cannot be used .*No such file.*python"):
        launch(Path("/srv/data"))


def test_launch_runs_in_a_session_of_its_own(interpreter: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(
        interpreter,
        f"exec {os.path.realpath('/proc/self/exe')} -c 'import os; os.write(2, str(os.getsid(0)).encode())'",
    )

    launch(Path("/srv/data"))

    assert int(capfd.readouterr().err) != os.getsid(0)
