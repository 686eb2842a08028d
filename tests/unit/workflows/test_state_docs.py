"""The page of states is what the tables say."""

from pathlib import Path

import pytest
from django.core.management import call_command

from workflows import state_docs
from workflows.management.commands import write_docs
from workflows.state_docs import FILE, MACHINES, render


def test_page_of_states_in_the_project_is_up_to_date() -> None:
    assert FILE.read_text() == render()


def test_page_lists_every_status_of_every_machine_and_every_move() -> None:
    text = render()

    for machine in MACHINES:
        assert f"## {machine.name.capitalize()}\n" in text
        for source, target in machine.pairs:
            assert f"    {source} --> {target}\n" in text
        for status in machine.statuses:
            assert f"| {status} | " in text
    assert "| succeeded | nothing: it is the end |" in text


def test_write_docs_writes_what_check_then_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "states.md"
    monkeypatch.setattr(write_docs, "FILE", file)
    monkeypatch.setattr(write_docs, "FOLDER", tmp_path / "agents")

    with pytest.raises(SystemExit) as missing:
        call_command("write_docs", check=True)
    call_command("write_docs")
    call_command("write_docs", check=True)
    file.write_text("something else")
    with pytest.raises(SystemExit) as outdated:
        call_command("write_docs", check=True)

    assert (missing.value.code, outdated.value.code) == (2, 2)
    assert "is out of date: run `python manage.py write_docs`." in capsys.readouterr().err
    assert file != state_docs.FILE
