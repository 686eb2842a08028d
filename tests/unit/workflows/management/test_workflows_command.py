"""`manage.py workflows`, for people and for programs."""

import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.factories.workflows import agent_node, report_node, workflow_of
from workflows.catalogue import WORKFLOWS, store_definition

pytestmark = pytest.mark.django_db


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command("workflows", *args)
    return capsys.readouterr().out


def test_workflows_as_json_tell_slug_label_purpose_version_input_and_steps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[dict[str, Any]] = json.loads(said(capsys, "--json"))
    assert [row["slug"] for row in rows] == sorted(WORKFLOWS)
    for row in rows:
        workflow = WORKFLOWS[row["slug"]]
        assert set(row) == {"slug", "label", "purpose", "version", "input", "steps"}
        assert (row["label"], row["purpose"]) == (workflow.label, workflow.purpose)
        assert [step["key"] for step in row["steps"]] == [node.key for node in workflow.nodes]
        assert {field["name"] for field in row["input"]} == set(workflow.brief_fields)


def test_workflows_as_text_tell_what_each_takes_and_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    workflow = workflow_of(
        agent_node("a", inputs={"window_days": "brief.days"}), report_node("r", "a"), slug="zz_made"
    )
    store_definition(workflow, by="a test")
    blocks = said(capsys).strip().split("\n\n")
    assert len(blocks) == len(WORKFLOWS) + 1
    assert blocks[-1].splitlines() == [
        "zz_made (Made, version 1)",
        "  For a test.",
        "  takes: days",
        "  1. a: A (agent account_health)",
        "  2. r: R (report, after a)",
    ]
    assert json.loads(said(capsys, "zz_made", "--json"))["version"] == 1


def test_workflows_with_an_unknown_slug_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        call_command("workflows", "nothing")
    assert refused.value.code == 2
    assert capsys.readouterr().err.startswith("There is no workflow 'nothing'; there are campaign_launch,")
