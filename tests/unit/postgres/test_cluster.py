from pathlib import Path

import pytest

from tiktok_ops.postgres.cluster import exists, initialise, remove_drafts
from tiktok_ops.postgres.errors import EmbeddedServerError


def programs_that(place: Path, *, initdb: str = "exit 0", postgres: str = "exit 0") -> Path:
    """Shell scripts in the place of the programs: what a failing one leaves is what is tested here."""
    programs = place / "bin"
    programs.mkdir()
    for name, script in (("initdb", initdb), ("postgres", postgres)):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return programs


def names_in(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "var").mkdir()
    return tmp_path / "var" / "data"


def test_exists_with_a_version_file_only(data: Path) -> None:
    assert not exists(data)
    data.mkdir()
    assert not exists(data)

    (data / "PG_VERSION").write_text("18\n")

    assert exists(data)


def test_initialise_moves_what_the_programs_made_into_place(data: Path, tmp_path: Path) -> None:
    initdb = 'for last in "$@"; do :; done; echo 18 > "${last#--pgdata=}/PG_VERSION"'
    programs = programs_that(tmp_path, initdb=initdb, postgres='cat > "$3/asked"; echo "$@" > "$3/options"')

    initialise(data, programs=programs, account=None)

    assert exists(data)
    assert (data / "asked").read_text() == "CREATE DATABASE tiktok_ops;\n"
    assert (data / "options").read_text().endswith(" -c exit_on_error=true template1\n")
    assert names_in(data.parent) == ["data"]


@pytest.mark.parametrize(
    ("initdb", "postgres", "sentence"),
    [
        ("echo no space left; exit 1", "exit 0", "initdb failed with code 1: no space left"),
        ("exit 0", "echo no memory >&2; exit 2", "postgres failed with code 2: no memory"),
        ("kill -9 $$", "exit 0", "initdb failed with code -9: "),
    ],
)
def test_initialise_with_a_failing_program_leaves_nothing(
    data: Path, tmp_path: Path, initdb: str, postgres: str, sentence: str
) -> None:
    programs = programs_that(tmp_path, initdb=initdb, postgres=postgres)

    with pytest.raises(EmbeddedServerError) as raised:
        initialise(data, programs=programs, account=None)

    assert str(raised.value) == sentence
    assert names_in(data.parent) == []


def test_initialise_where_something_else_is_refuses_and_keeps_it(data: Path, tmp_path: Path) -> None:
    data.mkdir()
    (data / "diary.txt").touch()

    with pytest.raises(EmbeddedServerError, match=r"data' is not a data directory .* move it away\.$"):
        initialise(data, programs=programs_that(tmp_path), account=None)

    assert names_in(data) == ["diary.txt"]


def test_initialise_with_a_path_postgres_would_cut_is_refused(tmp_path: Path) -> None:
    data = tmp_path.joinpath(*["x" * 200] * 5) / "data"

    with pytest.raises(EmbeddedServerError, match=r"longer than the 900 bytes .* TIKTOK_OPS_POSTGRES_DIR"):
        initialise(data, programs=programs_that(tmp_path), account=None)


def test_remove_drafts_takes_what_killed_starts_left_and_nothing_else(data: Path) -> None:
    for name in ("data", "data.new-abc", "data.new-def", "data.news", "server.log"):
        (data.parent / name / "base").mkdir(parents=True)

    remove_drafts(data)

    assert names_in(data.parent) == ["data", "data.news", "server.log"]
