"""The pages of agents: up to date in the project, complete, and written by the command."""

from pathlib import Path

import pytest
from django.core.management import call_command

from agents.catalogue.pages import FOLDER, index, page, pages
from agents.catalogue.sheet import label_of, sheet_of
from agents.registry import AGENTS
from tests.factories.agents import made_agent
from workflows.management.commands import write_docs

NAMES = sorted(AGENTS)


def test_pages_in_the_project_are_up_to_date() -> None:
    assert {file: file.read_text("utf-8") for file in FOLDER.glob("*.md")} == pages(FOLDER)


def test_pages_list_every_agent_and_lead_to_each() -> None:
    text = index(sheet_of(AGENTS[name]) for name in NAMES)
    assert [line for line in text.splitlines() if line.startswith("| [")] == [
        f"| [{name}]({name}.md) | {AGENTS[name].model_tier.value} | {AGENTS[name].purpose} |"
        for name in NAMES
    ]
    assert len(NAMES) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_page_of_an_agent_says_all_there_is_to_know(name: str) -> None:
    agent, sheet = AGENTS[name], sheet_of(AGENTS[name])
    text = page(sheet)
    assert text.startswith(f"# {label_of(name)}\n")
    assert agent.purpose in text
    for model in (agent.Input, agent.Output):
        assert all(f"| `{field}` |" in text for field in model.model_fields)
    assert sheet.rules, "no formula is documented"
    assert all(f"**{rule.label}.**" in text for rule in sheet.rules)
    assert sheet.thresholds, "no threshold is named"
    assert bool(sheet.prompt) == bool(sheet.providers)
    assert ("It asks no model" in text) == (not sheet.providers)


@pytest.mark.parametrize("name", NAMES)
def test_sheet_of_an_agent_has_an_example_it_takes(name: str) -> None:
    example = sheet_of(AGENTS[name]).example
    assert AGENTS[name].Input.model_validate(dict(example))


def test_sheet_of_an_agent_without_rules_of_its_own_is_still_a_page() -> None:
    text = page(sheet_of(made_agent("made", speaks=True)))
    assert "> Summarise." in text
    assert "## Shared skills it uses\n\nNone.\n" in text


def test_write_docs_writes_pages_and_takes_those_of_agents_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "agents"
    monkeypatch.setattr(write_docs, "FILE", tmp_path / "states.md")
    monkeypatch.setattr(write_docs, "FOLDER", folder)
    call_command("write_docs")
    call_command("write_docs", check=True)
    assert {file.name for file in folder.glob("*.md")} == {"README.md", *(f"{name}.md" for name in NAMES)}
    (folder / "gone.md").write_text("An agent that is gone.")
    with pytest.raises(SystemExit):
        call_command("write_docs", check=True)
    assert "gone.md is out of date: run `python manage.py write_docs`." in capsys.readouterr().err
    call_command("write_docs")
    assert not (folder / "gone.md").exists()
    (folder / "compliance.md").write_text("Something else.")
    with pytest.raises(SystemExit):
        call_command("write_docs", check=True)
    assert "compliance.md is out of date" in capsys.readouterr().err
