import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.factories.workflows import agent_node, report_node, workflow_of
from tiktok_ops.queue import Cluster
from workflows.nodes import MOST_NODES, AgentNode, ReportNode, Workflow
from workflows.retrying import RetryPolicy

CHAIN = workflow_of(
    agent_node("first", inputs={"text": "brief.topic", "number": "brief.count"}),
    agent_node("second", "first", inputs={"text": "first.output.text", "tags": "brief.topic"}),
    report_node("report", "second"),
)


def test_read_workflow_from_its_own_json_gives_the_same() -> None:
    read = Workflow.model_validate(json.loads(json.dumps(CHAIN.model_dump(mode="json"))))
    assert read == CHAIN
    assert read.digest == CHAIN.digest
    assert [type(node) for node in read.nodes] == [AgentNode, AgentNode, ReportNode]


def test_digest_differs_where_anything_does() -> None:
    changed = [
        CHAIN.model_copy(update={"label": "Other"}),
        CHAIN.model_copy(update={"nodes": CHAIN.nodes[:-1]}),
        workflow_of(*CHAIN.nodes[:-1], report_node("report", "second", timeout_seconds=10)),
    ]
    assert len({workflow.digest for workflow in [CHAIN, *changed]}) == 4
    assert len(CHAIN.digest) == 64


def test_copy_with_other_nodes_finds_out_anew_what_follows_from_them() -> None:
    assert [begun.node.key for begun in CHAIN.openings] == ["first", "second", "report"]
    assert CHAIN.longest_seconds == {Cluster.SHORT: 120}
    shorter = CHAIN.model_copy(update={"nodes": (agent_node("other", timeout_seconds=200),)})
    assert [begun.node.key for begun in shorter.openings] == ["other"]
    assert shorter.longest_seconds == {Cluster.LONG: 200}
    assert shorter.node("other") is shorter.nodes[0]
    with pytest.raises(KeyError):
        shorter.node("first")


def test_find_node_by_its_key() -> None:
    assert CHAIN.node("second") is CHAIN.nodes[1]
    with pytest.raises(KeyError):
        CHAIN.node("third")


def test_list_brief_fields_says_what_each_feeds() -> None:
    assert CHAIN.brief_fields == {
        "topic": [("first", "text"), ("second", "tags")],
        "count": [("first", "number")],
    }


@pytest.mark.parametrize("key", ["", "A", "1st", "a-b", "a b", "ä", "a" * 81, "a.b"])
def test_make_node_with_a_wrong_key_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="String should match pattern"):
        agent_node(key)
    with pytest.raises(ValidationError, match="String should match pattern"):
        agent_node("good", key)


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": "x" * 121},
        {"timeout_seconds": 0},
        {"timeout_seconds": 281},  # longer than a doorbell may take
        {"surprise": 1},
        {"kind": "action"},
        {"inputs": ["brief.a"]},
    ],
)
def test_make_node_with_a_wrong_field_is_refused(changes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"key": "good", "label": "Good", "agent": "made", "kind": "agent"}
    AgentNode.model_validate(fields)
    with pytest.raises(ValidationError):
        AgentNode.model_validate(fields | changes)


@pytest.mark.parametrize(
    "changes",
    [{"max_tries": 0}, {"max_tries": 21}, {"base_seconds": 0}, {"base_seconds": 601}, {"max_seconds": 3601}],
)
def test_make_retry_policy_out_of_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RetryPolicy.model_validate(changes)


def test_make_workflow_of_too_many_nodes_is_refused() -> None:
    workflow_of(*(agent_node(f"n{number}") for number in range(MOST_NODES)))
    with pytest.raises(ValidationError, match="at most 200 items"):
        workflow_of(*(agent_node(f"n{number}") for number in range(MOST_NODES + 1)))


def test_change_node_is_refused() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(CHAIN.nodes[0], "key", "other")  # noqa: B010 - mypy refuses it, too


@pytest.mark.parametrize(
    ("seconds", "cluster"), [(5, "short"), (120, "short"), (120.1, "long"), (280, "long")]
)
def test_place_a_node_by_how_long_it_may_take(seconds: float, cluster: str) -> None:
    assert agent_node("a", timeout_seconds=seconds).cluster == cluster


def test_tell_whether_a_node_leads_on_to_more_than_one_step_of_its_cluster() -> None:
    looped = agent_node("each", for_each="brief.items", inputs={"text": "item"})
    workflow = workflow_of(
        agent_node("first"),
        agent_node("left", "first"),
        agent_node("right", "first"),
        agent_node("joined", "left", "right"),
        agent_node("slow", "joined", timeout_seconds=200),
        agent_node("last", "slow", timeout_seconds=200),
        looped,
    )
    assert {node.key: workflow.leads_on(node) for node in (*workflow.nodes, *workflow.expanders)} == {
        "first": True,
        "left": False,
        "right": False,
        "joined": True,
        "slow": False,
        "last": False,
        "each": False,
        workflow.expanders[0].key: True,
    }
