"""`/api/v1/workflows/` and `/api/v1/agents/`: what can be started and asked, and with what."""

from typing import Any

import pytest
from django.test import Client

from agents.registry import AGENTS
from tests.factories.accounts import WorkspaceFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import gate_node
from tests.factories.workflows import agent_node, report_node, run_of, workflow_of
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.workflows.api.starting import body_for, post, starter
from workflows.catalogue import WORKFLOWS, current_workflows, load_definition, store_definition
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    """Return a client with a key of some workspace."""
    return using(make_key(WorkspaceFactory.create()))


def entry(client: Client, slug: str) -> dict[str, Any]:
    """Return a workflow of the catalogue."""
    answer = client.get(f"/api/v1/workflows/{slug}/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_list_agents_tells_of_every_one_by_name(client: Client) -> None:
    body = client.get("/api/v1/agents/").json()
    assert [row["name"] for row in body["results"]] == sorted(AGENTS)
    assert (body["next"], body["previous"]) == (None, None)
    for row in body["results"]:
        agent = AGENTS[row["id"]]
        assert (row["purpose"], row["model_tier"]) == (agent.purpose, agent.model_tier.value)
        assert set(row["input_schema"].get("properties", {})) == set(agent.Input.model_fields)
        assert set(row["output_schema"]["properties"]) == set(agent.Output.model_fields)


def test_list_workflows_tells_of_those_of_code_and_those_stored(client: Client) -> None:
    store_definition(workflow_of(agent_node("only"), slug="zz_made"), by="test")
    rows = client.get("/api/v1/workflows/").json()["results"]
    assert [row["slug"] for row in rows] == sorted([*WORKFLOWS, "zz_made"])


def test_get_a_workflow_tells_its_nodes_and_what_it_takes(client: Client) -> None:
    workflow = workflow_of(
        agent_node("a", inputs={"window_days": "brief.days"}),
        agent_node("b", "a", inputs={"baseline_days": "brief.days"}),
        report_node("r", "a", "b"),
    )
    store_definition(workflow, by="test")
    body = entry(client, "made")
    assert (body["id"], body["version"], body["label"], body["purpose"]) == ("made", 1, "Made", "For a test.")
    assert [(node["key"], node["kind"], node["agent"], node["depends_on"]) for node in body["nodes"]] == [
        ("a", "agent", "account_health", []),
        ("b", "agent", "account_health", ["a"]),
        ("r", "report", None, ["a", "b"]),
    ]
    [field] = body["input_fields"]
    assert (field["name"], field["required"], field["nodes"]) == ("days", False, ["a", "b"])
    assert field["schema"] == {"default": 14, "minimum": 1, "maximum": 365, "type": "integer"}


def test_get_a_workflow_with_a_gate_tells_what_the_approval_takes(client: Client) -> None:
    store_definition(workflow_of(gate_node()), by="test")
    body = entry(client, "made")
    [node] = body["nodes"]
    assert (node["kind"], node["agent"]) == ("gate", None)
    fields = {field["name"]: field for field in body["input_fields"]}
    assert {name: field["required"] for name, field in fields.items()} == {
        "asset": True,
        "asset_sha256": True,
        "caption": True,
        "privacy_level": True,
        "is_branded_content": False,
    }
    assert fields["asset"]["schema"] == {"type": "string", "format": "uuid"}
    assert fields["is_branded_content"]["schema"] == {"default": False, "type": "boolean"}


def test_get_a_workflow_whose_report_reads_the_input_tells_that_anything_goes(client: Client) -> None:
    store_definition(workflow_of(report_node("r", inputs={"tone": "brief.tone"})), by="test")
    [field] = entry(client, "made")["input_fields"]
    assert field == {"name": "tone", "required": False, "nodes": ["r"], "schema": {}}


def test_start_what_the_catalogue_offers_with_the_defaults_it_tells(client: Client) -> None:
    workspace = WorkspaceFactory.create()
    fields = entry(client, "profile_audit")["input_fields"]
    assert fields
    given = {field["name"]: field["schema"]["default"] for field in fields}
    run = run_of(WORKFLOWS["profile_audit"])
    answer = post(starter(run.workspace), body_for(run.account, input=given))
    assert (answer.status_code, answer.json()["input"]) == (201, given)
    assert workspace.id != run.workspace_id


def test_get_a_workflow_of_code_tells_the_version_a_run_would_have(client: Client) -> None:
    assert entry(client, "profile_audit")["version"] == 1
    run = run_of(WORKFLOWS["profile_audit"])
    assert entry(client, "profile_audit")["version"] == run.definition.version == 1
    WorkflowDefinition.objects.create(slug="profile_audit", version=2, definition={}, digest="d" * 64)
    assert entry(client, "profile_audit")["version"] == 3
    assert run_of(WORKFLOWS["profile_audit"]).definition.version == 3


def test_get_a_workflow_changed_since_tells_the_newest(client: Client) -> None:
    for node in ("one", "two"):
        load_definition(workflow_of(agent_node(node)).model_dump(mode="json"), by="test")
    body = entry(client, "made")
    assert (body["version"], [node["key"] for node in body["nodes"]]) == (2, ["two"])


def test_list_workflows_leaves_out_what_can_no_longer_run(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_definition(workflow_of(agent_node("only", agent="made")), by="test")
    assert "made" not in [workflow.slug for workflow, _ in current_workflows()]
    assert client.get("/api/v1/workflows/made/").status_code == 404
    use_agents(monkeypatch, made_agent("made"), *AGENTS.values())
    assert "made" in [workflow.slug for workflow, _ in current_workflows()]
