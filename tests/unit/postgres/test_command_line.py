import os
import subprocess
import sys
from pathlib import Path

import pytest

from tiktok_ops.postgres.__main__ import main
from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.server import EmbeddedServer


def test_main_with_status_of_a_server_that_never_was_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--directory", str(tmp_path)]) == 1

    assert capsys.readouterr() == (f"PostgreSQL is not running in {str(tmp_path)!r}.\n", "")


def test_main_with_stop_of_a_stopped_server_exits_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_OPS_POSTGRES_DIR", str(tmp_path))

    assert main(["stop"]) == 0

    assert capsys.readouterr() == ("PostgreSQL was not running.\n", "")


@pytest.mark.parametrize("command", ["start", "stop", "restart"])
def test_main_where_a_file_is_in_the_way_exits_2_with_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert main([command, "--directory", str(tmp_path / "file")]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "File exists" in said.err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EmbeddedServerError("No."), "No.\n"),
        (KeyboardInterrupt(), "Interrupted; run the command again to finish it.\n"),
    ],
)
def test_main_that_cannot_finish_exits_2_with_its_sentence(
    error: BaseException,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: EmbeddedServer, mode: str) -> bool:
        raise error

    monkeypatch.setattr(EmbeddedServer, "stop", fail)

    assert main(["stop", "--directory", str(tmp_path)]) == 2

    assert capsys.readouterr() == ("", sentence)


@pytest.mark.parametrize("arguments", [[], ["begin"], ["stop", "--mode", "brutal"]])
def test_main_with_wrong_arguments_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 2
    assert "usage: python -m tiktok_ops.postgres" in capsys.readouterr().err


def test_start_without_the_wheel_names_both_remedies_and_needs_no_library(tmp_path: Path) -> None:
    # -S leaves out every installed package, as if the wheel were not there.
    command = (sys.executable, "-S", "-m", "tiktok_ops.postgres", "start", "--directory", str(tmp_path))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    outcome = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
    EmbeddedServer(tmp_path).stop()  # in case this test fails

    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "DATABASE_URL=postgres://" in outcome.stderr
    assert "requirements/demo.txt" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
