from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.registry import AGENTS
from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, report_node, workflow_of
from workflows.definitions.profile_audit import workflow as profile_audit
from workflows.nodes import AnyNode
from workflows.validation import (
    DefinitionRefused,
    InputRefused,
    check_input,
    check_workflow,
    find_cycle,
    parse_workflow,
    problems,
)


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are two agents, both made."""
    use_agents(monkeypatch, made_agent("made"), made_agent("other"))


def node(key: str, *depends_on: str, **changes: Any) -> AnyNode:
    """Return a node that asks the made agent."""
    return agent_node(key, *depends_on, **{"agent": "made", **changes})


REFUSED: dict[str, tuple[list[AnyNode], str]] = {
    "empty": ([], "it has no nodes."),
    "duplicate key": ([node("a"), node("b"), node("a")], "the key 'a' is used by two nodes."),
    "unknown dependency": ([node("a", "b")], "the node 'a' depends on 'b', which is not a node."),
    "dependency twice": ([node("a"), node("b", "a", "a")], "the node 'b' names a dependency twice."),
    "waits for itself": ([node("a", "a")], "its nodes wait for each other in a circle: a → a."),
    "cycle": (
        [node("x"), node("a", "x", "c"), node("b", "a"), node("c", "b")],
        "its nodes wait for each other in a circle: a → c → b → a.",
    ),
    "unknown agent": (
        [node("a", agent="nobody")],
        "the node 'a' asks for the agent 'nobody'; there are made, other.",
    ),
    "unknown agent after one that reads from it": (
        [node("b", "a", inputs={"text": "a.output.text"}), node("a", agent="nobody")],
        "the node 'a' asks for the agent 'nobody'; there are made, other.",
    ),
    "unknown report": (
        [node("a"), report_node("r", "a", report="poem")],
        "the node 'r' asks for the report 'poem'; there are acts, profile_audit, sync_account.",
    ),
    "input the agent does not take": (
        [node("a", inputs={"colour": "brief.colour"})],
        "the node 'a' gives 'colour', which the agent 'made' does not take.",
    ),
    "option the agent does not take": (
        [node("a", options={"colour": "red"})],
        "the node 'a' gives 'colour', which the agent 'made' does not take.",
    ),
    "path without a field": (
        [node("a", inputs={"text": "brief"})],
        "the node 'a' reads 'text' from 'brief'; write it as brief.FIELD.",
    ),
    "path too deep in the brief": (
        [node("a", inputs={"text": "brief.a.b"})],
        "the node 'a' reads 'text' from 'brief.a.b'; write it as brief.FIELD.",
    ),
    "path to a node it does not wait for": (
        [node("a"), node("b", inputs={"text": "a.output.text"})],
        "the node 'b' reads 'text' from 'a.output.text', but does not depend on 'a'.",
    ),
    "path to a field that is not put out": (
        [node("a"), node("b", "a", inputs={"text": "a.output.colour"})],
        "the node 'b' reads 'text' from 'a.output.colour', which 'a' does not put out.",
    ),
    "path to the whole node": (
        [node("a"), node("b", "a", inputs={"text": "a"})],
        "the node 'b' reads 'text' from 'a', which 'a' does not put out.",
    ),
    "path to something else than output": (
        [node("a"), node("b", "a", inputs={"text": "a.input.text"})],
        "the node 'b' reads 'text' from 'a.input.text', which 'a' does not put out.",
    ),
    "path into a report": (
        [node("a"), report_node("r", "a"), node("b", "r", inputs={"text": "r.output.report"})],
        "the node 'b' reads 'text' from 'r.output.report', which 'r' does not put out.",
    ),
}


@pytest.mark.parametrize(("nodes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_check_definition_that_cannot_run_is_refused_naming_the_node(
    nodes: list[AnyNode], sentence: str
) -> None:
    workflow = workflow_of(*nodes)
    assert list(problems(workflow)) == [sentence]
    with pytest.raises(DefinitionRefused) as refusal:
        check_workflow(workflow)
    assert str(refusal.value) == f"The workflow 'made' is refused: {sentence}"
    with pytest.raises(DefinitionRefused) as refusal:
        parse_workflow(workflow.model_dump(mode="json"))
    assert str(refusal.value) == f"The workflow 'made' is refused: {sentence}"


def test_check_definition_with_several_problems_tells_them_all() -> None:
    workflow = workflow_of(node("a", "z"), node("a", agent="nobody"), report_node("r", report="poem"))
    assert list(problems(workflow)) == [
        "the key 'a' is used by two nodes.",
        "the node 'a' depends on 'z', which is not a node.",
        "the node 'a' asks for the agent 'nobody'; there are made, other.",
        "the node 'r' asks for the report 'poem'; there are acts, profile_audit, sync_account.",
    ]


def test_check_definition_that_can_run_passes() -> None:
    workflow = workflow_of(
        node("a", options={"number": 3}, inputs={"text": "brief.topic"}),
        node("b", "a", inputs={"text": "a.output.text", "number": "a.output.nested.number"}, agent="other"),
        report_node("r", "a", "b", inputs={"whatever": "a.output.text"}),
    )
    assert list(problems(workflow)) == []
    assert parse_workflow(workflow.model_dump(mode="json")) == workflow


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (
            [],
            "The definition is refused at the whole: Input should be a valid dictionary or instance of Workflow.",
        ),
        (
            "{}",
            "The definition is refused at the whole: Input should be a valid dictionary or instance of Workflow.",
        ),
        ({}, "The definition is refused at slug: Field required."),
        (
            {
                "slug": "a",
                "label": "A",
                "purpose": "",
                "nodes": [{"key": "x", "kind": "magic", "label": "X"}],
            },
            "The definition is refused at nodes.0: Input tag 'magic' found using 'kind' does not match any of the "
            "expected tags: 'agent', 'report', 'gate', 'action', 'preflight', 'render', 'assemble', 'review', "
            "'studio_job', 'studio_clip', 'sync', 'wait'.",
        ),
        (
            {
                "slug": "a",
                "label": "A",
                "purpose": "",
                "nodes": [{"key": "x", "kind": "agent", "agent": "made"}],
            },
            "The definition is refused at nodes.0.agent.label: Field required.",
        ),
        (
            {"slug": "No!", "label": "A", "purpose": "", "nodes": []},
            "The definition is refused at slug: String should match pattern '^[a-z][a-z0-9_]{0,79}$'.",
        ),
    ],
)
def test_parse_definition_of_the_wrong_shape_is_refused_naming_the_field(
    definition: Any, sentence: str
) -> None:
    with pytest.raises(DefinitionRefused) as refusal:
        parse_workflow(definition)
    assert str(refusal.value) == sentence


edges = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=3, unique=True).map(tuple)
)


@given(edges)
def test_find_cycle_in_any_graph_gives_a_closed_path_along_its_edges_or_none(
    graph: dict[str, tuple[str, ...]],
) -> None:
    cycle = find_cycle(graph)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(later in graph[earlier] for earlier, later in pairwise(cycle))
    else:
        assert is_ordered(graph)


def is_ordered(graph: dict[str, tuple[str, ...]]) -> bool:
    """Return whether the graph can be taken apart from its ends, which no cycle can."""
    left = {key: set(upstreams) & set(graph) for key, upstreams in graph.items()}
    while free := [key for key, upstreams in left.items() if not upstreams]:
        left = {key: upstreams - set(free) for key, upstreams in left.items() if key not in free}
    return not left


BRIEF = workflow_of(
    node("a", inputs={"text": "brief.topic", "number": "brief.count"}),
    node("b", "a", options={"text": "x" * 101}, inputs={"tags": "brief.tags"}),
    report_node("r", "a", inputs={"text": "brief.title"}),
)


@pytest.mark.parametrize(
    "given_input", [{}, {"topic": "cheese"}, {"topic": "", "count": 3, "title": 4, "tags": ["a"]}]
)
def test_check_input_the_agents_take_passes(given_input: dict[str, Any]) -> None:
    check_input(BRIEF, given_input)


@pytest.mark.parametrize(
    ("given_input", "sentence"),
    [
        (
            {"colour": "red"},
            "The input has 'colour' ('red'), which 'made' does not take; it takes count, tags, title, topic.",
        ),
        (
            {"count": -1},
            "The input 'count' is -1, which does not do: Input should be greater than or equal to 0.",
        ),
        (
            {"topic": "ok", "count": "many"},
            "The input 'count' is 'many', which does not do: Input should be a valid",
        ),
        ({"topic": None}, "The input 'topic' is None, which does not do: Input should be a valid string."),
        ({"tags": "a"}, "The input 'tags' is 'a', which does not do: Input should be a valid tuple."),
    ],
)
def test_check_input_an_agent_does_not_take_is_refused_naming_the_field(
    given_input: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        check_input(BRIEF, given_input)
    assert str(refusal.value).startswith(sentence)


def test_check_input_of_a_workflow_that_takes_none_says_so() -> None:
    with pytest.raises(InputRefused) as refusal:
        check_input(workflow_of(node("a")), {"topic": "cheese"})
    assert (
        str(refusal.value)
        == "The input has 'topic' ('cheese'), which 'made' does not take; it takes no input."
    )


def test_check_profile_audit_with_its_real_agents_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    use_agents(monkeypatch, *AGENTS.values())
    assert list(problems(profile_audit)) == []
    check_input(profile_audit, {"window_days": 7, "min_score": 0.4})
    with pytest.raises(InputRefused, match="'window_days' is 0, which does not do"):
        check_input(profile_audit, {"window_days": 0})
