"""A new agent is written whole or not at all; what is written works, in a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from agents.management.commands import startagent
from agents.skeleton.write import SkeletonRefused, write_agent
from tests.forms import only_long
from tiktok_ops.env import BASE_DIR

COPIED = ("agents", "approvals", "tiktok_ops", "workflows", "templates", "tests/factories")
FILES = (
    "manage.py",
    "pyproject.toml",
    "tests/__init__.py",
    "tests/unit/__init__.py",
    "tests/unit/agents/__init__.py",
)
MADE = (
    "agents/definitions/hashtag_coach.py",
    "tests/unit/agents/definitions/test_hashtag_coach.py",
    "agents/registry.py",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with nothing but a registry and the folders files are written to."""
    for folder in ("agents/definitions", "tests/unit/agents/definitions"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(BASE_DIR / "agents" / "registry.py", tmp_path / "agents")
    return tmp_path


def text(root: Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_text() for file in root.rglob("*.py")}


def test_write_agent_writes_module_test_and_registry(root: Path) -> None:
    before = (root / "agents" / "registry.py").read_text().splitlines()
    made = write_agent("hashtag_coach", root=root, purpose="Say which hashtags to try.")
    assert [str(file.relative_to(root)) for file in made] == list(MADE)
    assert 'purpose = "Say which hashtags to try."' in made[0].read_text()
    after = (root / "agents" / "registry.py").read_text().splitlines()
    assert [line for line in after if line not in before] == [
        "    hashtag_coach,",
        "        hashtag_coach.agent,",
    ]
    at = after.index("    hashtag_coach,")
    assert after[at - 1] < after[at] < after[at + 1]
    assert after[after.index("        hashtag_coach.agent,") + 1] == "    ]"


@pytest.mark.parametrize(
    "name",
    ["", "ab", "Hashtag", "hashtag-coach", "1st_agent", "_coach", "coach_", "two__lines", "lambda", "a/b", "../up",
     "é_coach", "a" * 61],
)  # fmt: skip
def test_write_agent_of_a_bad_name_is_refused_and_writes_nothing(root: Path, name: str) -> None:
    before = text(root)
    with pytest.raises(SkeletonRefused, match="is no name for an agent: take 3 to 60 lower-case letters"):
        write_agent(name, root=root)
    assert text(root) == before


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("compliance", "There is an agent 'compliance' already; names are permanent, take another."),
        ("drafting", "agents/definitions/drafting.py is there already; take another name."),
    ],
)
def test_write_agent_of_a_taken_name_is_refused_and_writes_nothing(
    root: Path, name: str, complaint: str
) -> None:
    shutil.copy(BASE_DIR / "agents" / "definitions" / "drafting.py", root / "agents" / "definitions")
    before = text(root)
    with pytest.raises(SkeletonRefused) as refused:
        write_agent(name, root=root)
    assert str(refused.value) == complaint
    assert text(root) == before


@pytest.mark.parametrize(
    "purpose", ["", "no capital.", "No stop", 'It is "so".', "Two\nlines.", f"A{'a' * 90}.", "A\\b."]
)
def test_write_agent_of_a_bad_purpose_is_refused(root: Path, purpose: str) -> None:
    with pytest.raises(SkeletonRefused, match="does not do: write one sentence"):
        write_agent("hashtag_coach", root=root, purpose=purpose)


def test_write_agent_into_an_unexpected_registry_is_refused_and_writes_nothing(root: Path) -> None:
    (root / "agents" / "registry.py").write_text("AGENTS = {}\n")
    with pytest.raises(SkeletonRefused, match="is not written as expected"):
        write_agent("hashtag_coach", root=root)
    assert list(text(root)) == ["agents/registry.py"]


def test_write_agent_outside_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SkeletonRefused, match=r"There is no folder .*definitions; run this in the project"):
        write_agent("hashtag_coach", root=tmp_path)


def test_start_an_agent_of_a_taken_name_says_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        call_command("startagent", "compliance")
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert said == "There is an agent 'compliance' already; names are permanent, take another.\n"


def test_start_an_agent_names_the_files_and_what_comes_next(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(BASE_DIR / "pyproject.toml", root)
    monkeypatch.setattr(startagent, "BASE_DIR", root)
    call_command("startagent", "hashtag_coach", purpose="Say which hashtags to try.")
    said = capsys.readouterr().out
    assert said.splitlines()[:3] == [f"wrote {file}" for file in MADE]
    assert "run `python manage.py write_docs`" in said


LONGEST = "a_name_with_as_many_letters_as_the_name_of_an_agent_may_have"
COPY = (f"agents/definitions/{LONGEST}.py", f"tests/unit/agents/definitions/test_{LONGEST}.py", MADE[2])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the project, as far as an agent needs it, with an agent begun in it."""
    ignored = shutil.ignore_patterns("__pycache__", "static")
    for folder in COPIED:
        shutil.copytree(BASE_DIR / folder, tmp_path / folder, ignore=ignored)
    (tmp_path / "tests" / "unit" / "agents" / "definitions").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "agents" / "definitions" / "__init__.py").touch()
    for file in FILES:
        shutil.copy(BASE_DIR / file, tmp_path / file)
    said = run(tmp_path, "manage.py", "startagent", LONGEST)
    assert said.splitlines()[:3] == [f"wrote {file}" for file in COPY]
    return tmp_path


def run(root: Path, *arguments: str) -> str:
    """Run Python in a project and return what it said; it must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_start_an_agent_in_a_copy_passes_the_linter_and_its_own_test(copy: Path) -> None:
    run(copy, "-m", "ruff", "check", *COPY)
    run(copy, "-m", "ruff", "format", "--check", *COPY)
    tested = run(copy, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "--noconftest", COPY[1])
    assert "9 passed" in tested


@only_long
def test_start_an_agent_in_a_copy_passes_the_type_checker(copy: Path) -> None:
    run(copy, "-m", "mypy", "--no-incremental", *COPY)
    assert f"{LONGEST} (fast, asks claude)" in run(copy, "manage.py", "agents", LONGEST)
