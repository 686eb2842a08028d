"""A definition as a graph and in words."""

from typing import Any

import pytest

from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, report_node, workflow_of
from workflows.catalogue import WORKFLOWS
from workflows.definitions_admin.sheet import KIND_WORDS, cards_of, graph_of, path_in_words, why_refused
from workflows.drawing import BACK_DEPTH
from workflows.executors import EXECUTORS
from workflows.nodes import ActionNode, GateNode, RenderNode, WaitNode, Workflow
from workflows.retrying import RetryPolicy


@pytest.fixture(autouse=True)
def agents(monkeypatch: pytest.MonkeyPatch) -> None:
    use_agents(monkeypatch, made_agent("drafter"))


def posting(**gate: Any) -> Workflow:
    """Return a workflow that drafts for each idea, asks, and posts."""
    return workflow_of(
        agent_node("draft", agent="drafter", for_each="brief.ideas", inputs={"text": "item"}),
        RenderNode(key="video", label="Video", depends_on=("draft",), inputs={"lines": "brief.lines"}),
        WaitNode(key="pause", label="Pause", depends_on=("video",), seconds=90),
        GateNode(
            key="gate",
            label="Publish?",
            approval="post_video",
            depends_on=("pause",),
            facts={"a": "brief.a"},
            **gate,
        ),
        ActionNode(key="post", label="Post", effect="post_video", gate="gate", depends_on=("gate",)),
        report_node("report", "post", when={"path": "brief.loud", "op": "equal", "value": True}),
    )


def facts(workflow: Workflow, key: str) -> dict[str, str]:
    """Return what the node's card says of when and how."""
    [card] = [card for card in cards_of(workflow) if card.key == key]
    return card.facts


def test_words_there_are_for_every_kind_of_node_that_is_written() -> None:
    assert set(KIND_WORDS) == set(EXECUTORS) - {"expand"}


def test_graph_marks_loops_and_conditions_and_says_so() -> None:
    graph = graph_of(posting())
    marks = {one.box.key: (one.in_loop, one.has_condition) for one in graph.boxes}
    assert marks.pop("draft") == (True, False)
    assert marks.pop("report") == (False, True)
    assert set(marks.values()) == {(False, False)}
    assert (graph.has_loop, graph.has_condition) == (True, True)
    said = {one.box.key: one.said for one in graph.boxes}
    assert said["draft"] == "Draft: asks an agent, once for each item"
    assert said["report"] == "Report: writes a report, only if its condition holds"
    assert said["gate"] == "Publish?: asks a person"


@pytest.mark.parametrize(
    ("on_reject", "lines"), [("skip_branch", 0), ("fail_run", 0), ("redraft:draft", 1), ("redraft:gone", 0)]
)
def test_graph_leads_back_only_to_a_draft_that_is_made_again(on_reject: str, lines: int) -> None:
    graph = graph_of(posting(on_reject=on_reject))
    assert len(graph.back) == lines
    assert graph.height == graph.drawing.height + lines * BACK_DEPTH


def test_cards_say_what_each_kind_of_node_does() -> None:
    does = {card.key: card.does for card in cards_of(posting())}
    assert does["draft"].startswith("Asks the agent “drafter”: ")
    assert does == does | {
        "video": "Makes a video.",
        "pause": "Waits for a time or a call back.",
        "gate": "Asks a person: Post a video.",
        "post": "Post a video: what was approved, and nothing else.",
        "report": "Writes the report “profile audit” once everything before it has ended, however it ended.",
    }


def test_cards_say_when_and_how_each_node_runs() -> None:
    workflow = posting(on_reject="redraft:draft", most_redrafts=3)
    assert facts(workflow, "draft") == {
        "Once for each item of": "“ideas” of the input, at most 50",
    }
    assert (
        facts(workflow, "gate")["After a no"] == "again from 'Draft' on, with what was said, at most 3 times"
    )
    assert facts(workflow, "gate")["Runs after"] == "Pause"
    assert facts(workflow, "pause")["Waits"] == "90 s"
    assert facts(workflow, "post")["Sends what was approved at"] == "Publish?"
    assert facts(workflow, "report")["Only if"] == "“loud” of the input is yes"


@pytest.mark.parametrize(
    ("on_reject", "words"), [("skip_branch", "what is behind it is skipped"), ("fail_run", "the run fails")]
)
def test_card_of_a_gate_says_what_a_no_means(on_reject: str, words: str) -> None:
    assert facts(posting(on_reject=on_reject), "gate")["After a no"] == words


def test_card_of_a_gate_says_that_posts_are_spread() -> None:
    assert "Slots" not in facts(posting(), "gate")
    told = facts(WORKFLOWS["content_batch"], "gate")
    assert told["Slots"] == "each post 96 minutes after the one before, at most 15 a day"


def test_cards_call_what_is_gone_by_its_name() -> None:
    workflow = workflow_of(
        agent_node("lost", agent="gone"),
        GateNode(key="gate", label="Gate", approval="gone", depends_on=("nowhere",)),
        ActionNode(key="act", label="Act", effect="gone", gate="away", depends_on=("gate",)),
    )
    does = {card.key: card.does for card in cards_of(workflow)}
    assert does == {
        "lost": "Asks the agent “gone”.",
        "gate": "Asks a person: gone.",
        "act": "gone: what was approved, and nothing else.",
    }
    assert facts(workflow, "gate")["Runs after"] == "nowhere"
    assert facts(workflow, "act")["Sends what was approved at"] == "away"


def test_card_says_how_often_and_how_long_it_tries() -> None:
    node = agent_node(
        "a", agent="drafter", timeout_seconds=200, retry=RetryPolicy(max_tries=5, base_seconds=0.5)
    )
    [card] = cards_of(workflow_of(node))
    assert card.limits == {
        "Asks": "claude",
        "Tried at most": "5 times, 0.5 to 300 s apart",
        "Time for one try": "200 s",
        "Done by": "the long workers",
        "Name in the definition": "a",
    }


def test_card_of_a_node_that_asks_nobody_names_no_provider() -> None:
    [card] = cards_of(workflow_of(report_node("report")))
    assert "Asks" not in card.limits


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("brief.window_days", "“window days” of the input"),
        ("draft.output.caption", "“caption” of First draft"),
        ("draft.output", "all of First draft"),
        ("gone.output.score", "“score” of gone"),
        ("item", "the item"),
        ("item.topic", "“topic” of the item"),
    ],
)
def test_card_says_where_a_value_comes_from(path: str, words: str) -> None:
    assert path_in_words(path, {"draft": "First draft"}) == words


@pytest.mark.parametrize("slug", sorted(WORKFLOWS))
def test_every_workflow_of_code_has_a_graph_and_cards(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    workflow = WORKFLOWS[slug]
    assert [one.box.key for one in graph_of(workflow).boxes] == [card.key for card in cards_of(workflow)]
    assert why_refused(workflow) == ""


def test_refusal_of_a_workflow_that_cannot_run_is_its_sentence() -> None:
    assert why_refused(workflow_of(agent_node("a", agent="gone"))).startswith(
        "The workflow 'made' is refused: "
    )
