"""Replays: what came before is taken over and paid by nobody, the rest is done again, and nothing is sent unasked."""

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from agents.models import AgentRun, AgentStep
from tests.factories.agents import asked, made_agent, scripted, use_agents
from tests.factories.posting import (
    work,
)
from tests.factories.workflows import (
    agent_node,
    doorbells,
    report_node,
    run_of,
    statuses,
    workflow_of,
)
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import Artifact
from workflows.control import cancel_run, retry_step
from workflows.models import WorkflowRun
from workflows.overrides import LONGEST_PROMPT, ChangeRefused, Changes
from workflows.replay import output_sha256, replay_run
from workflows.replay_plan import ReplayRefused
from workflows.validation import DefinitionRefused, InputRefused

BY = "a test"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> set[str]:
    """Have agents "a" to "d" that speak to a model, and fail while they are named in what this returns."""
    settings.PROVIDERS = scripted([{"summary": "Good."}])
    fails: set[str] = set()

    def failing(name: str) -> Any:
        def on_compute(given: Any, context: Any) -> None:
            if name in fails:
                raise RuntimeError("Broken.")

        return on_compute

    names = ("a", "b", "c", "d")
    use_agents(monkeypatch, *(made_agent(name, speaks=True, on_compute=failing(name)) for name in names))
    return fails


def chain(given: dict[str, Any] | None = None) -> WorkflowRun:
    """Return a run of a → b → c, with d beside them and a report behind, done as far as it goes."""
    nodes = (
        agent_node("a", agent="a", inputs={"text": "brief.text"}),
        agent_node("b", "a", agent="b", inputs={"text": "a.output.summary"}, options={"number": 1}),
        agent_node("c", "b", agent="c", inputs={"tags": "brief.tags"}),
        agent_node("d", agent="d"),
        report_node("report", "c", "d"),
    )
    return work(run_of(workflow_of(*nodes, slug="chain"), given=given or {"text": "Lamps"}))


def replayed(run: WorkflowRun, *names: str, **changes: Mapping[str, Any]) -> WorkflowRun:
    """Return the replay of a run from these steps, done as far as it goes."""
    return work(replay_run(run_id=run.id, from_steps=names, by=BY, changes=Changes(**changes)))


def taken(run: WorkflowRun) -> set[str]:
    """Return the names of the steps that were taken over."""
    return {
        f"{step.key}#{step.item}" if step.item else step.key
        for step in run.steps.filter(taken_from__isnull=False)
    }


def test_replay_from_a_step_takes_over_what_came_before_and_asks_no_model_for_it(broken: set[str]) -> None:
    old = chain()
    calls = len(asked())
    run = replayed(old, "c")
    assert (run.status, run.replay_of_id, run.definition_id) == ("succeeded", old.id, old.definition_id)
    assert (run.input, run.as_of) == (old.input, old.as_of)
    assert taken(run) == {"a", "b", "d"}
    assert len(asked()) == calls + 1
    asked_for = AgentRun.objects.filter(run_id=run.id)
    assert [one.agent for one in asked_for] == ["c"]
    assert AgentStep.objects.filter(agent_run__in=asked_for, kind="claude").count() == 1
    for step in run.steps.filter(taken_from__isnull=False):
        before = old.steps.get(key=step.key)
        assert (step.taken_from, step.output, step.claims) == (before, before.output, 0)
        assert step.taken_sha256 == output_sha256(before)


def test_replay_writes_down_what_was_taken_over_and_rings_once(broken: set[str]) -> None:
    old = chain()
    rung = len(doorbells())
    run = replay_run(run_id=old.id, from_steps=["c"], by=BY, reason="Once more.")
    told = AuditEvent.objects.get(verb="run.replayed")
    assert (told.subject, told.data["from"], told.data["reason"]) == (f"run {run.id}", ["c"], "Once more.")
    assert sorted(told.data["taken_over"]) == ["a", "b", "d"]
    assert len(doorbells()) == rung + 1
    assert list(run.events.order_by("seq").values_list("kind", flat=True)) == ["run.queued", "step.ready"]


def test_replay_of_a_replay_names_who_did_the_step_first_and_keeps_the_changes(broken: set[str]) -> None:
    old = chain()
    first = replayed(old, "b", options={"b": {"number": 5}})
    second = replayed(first, "c")
    assert second.steps.get(key="a").taken_from == old.steps.get(key="a")
    assert second.steps.get(key="b").taken_from == first.steps.get(key="b")
    assert second.overrides == {"b": {"options": {"number": 5}}}
    third = replayed(second, "b", prompts={"b": "Shout."})
    assert third.overrides == {"b": {"options": {"number": 5}, "prompt": "Shout."}}


def test_replay_with_another_option_is_done_with_it_and_the_definition_stays(broken: set[str]) -> None:
    old = chain()
    run = replayed(old, "b", options={"b": {"number": 7}})
    before, after = old.steps.get(key="b").output, run.steps.get(key="b").output
    assert before
    assert after
    assert (before["number"], after["number"]) == (1, 7)
    assert run.definition_id == old.definition_id


def test_replay_with_another_prompt_sends_it_and_its_digest_is_another(broken: set[str]) -> None:
    old = chain()
    run = replayed(old, "b", prompts={"b": "  Summarise in one word. "})
    calls = {
        one.agent_run.run_id: one for one in AgentStep.objects.filter(agent_run__agent="b", kind="claude")
    }
    assert calls[run.id].request["user"].startswith("Summarise in one word.\n\n<facts>")
    assert calls[old.id].request["user"].startswith("Summarise.\n\n<facts>")
    assert calls[run.id].prompt_digest != calls[old.id].prompt_digest
    assert len([one for one in asked() if one.user.startswith("Summarise in one word.")]) == 1


def test_replay_with_another_input_is_done_with_it(broken: set[str]) -> None:
    run = replayed(chain(), "c", given={"tags": ["new"]})
    agent_run = AgentRun.objects.get(run_id=run.id, agent="c")
    assert agent_run.input == {"tags": ["new"]}


def test_replay_with_an_input_that_was_read_before_names_the_step_to_replay_from(broken: set[str]) -> None:
    old = chain()
    with pytest.raises(ReplayRefused, match=r"'text' was read by 'a'.*: replay from 'a'"):
        replayed(old, "c", given={"text": "Chairs"})
    assert taken(replayed(old, "c", given={"text": "Lamps"})) == {"a", "b", "d"}
    assert taken(replayed(old, "a", given={"text": "Chairs"})) == {"d"}


@pytest.mark.parametrize(
    ("changes", "refusal", "sentence"),
    [
        ({"options": {"a": {"number": 2}}}, ReplayRefused, "'a' would be taken over .*: replay from 'a'"),
        ({"prompts": {"a": "Shout."}}, ReplayRefused, "'a' would be taken over"),
        (
            {"options": {"nobody": {"n": 2}}},
            ChangeRefused,
            "There is no node 'nobody' to change: there are a, b",
        ),
        ({"options": {"report": {"n": 2}}}, ChangeRefused, "The node 'report' has no options"),
        ({"options": {"b": {"text": "x"}}}, ChangeRefused, "'b' reads 'text' from 'a.output.summary'"),
        ({"options": {"b": {"colour": 1}}}, DefinitionRefused, "'b' gives 'colour', which the agent 'b'"),
        (
            {"options": {"b": {"number": -1}}},
            InputRefused,
            "'number' of 'b' is -1, which does not do: Input",
        ),
        ({"prompts": {"report": "Shout."}}, ChangeRefused, "The node 'report' asks no agent"),
        ({"prompts": {"b": "  "}}, ChangeRefused, "The prompt of 'b' has 0 characters: write 1 to"),
        ({"prompts": {"b": "x" * (LONGEST_PROMPT + 1)}}, ChangeRefused, "has 8001 characters"),
        ({"given": {"colour": "red"}}, InputRefused, "'colour'"),
    ],
)
def test_replay_with_a_change_that_cannot_be_is_refused_and_leaves_nothing(
    broken: set[str], changes: Any, refusal: type[Exception], sentence: str
) -> None:
    old = chain()
    with pytest.raises(refusal, match=sentence):
        replayed(old, "b", **changes)
    assert WorkflowRun.objects.get() == old


def test_replay_from_no_step_or_an_unknown_one_is_refused(broken: set[str]) -> None:
    old = chain()
    with pytest.raises(ReplayRefused, match="The run has no step 'e': there are a, b, c, d, report"):
        replayed(old, "e")
    with pytest.raises(ReplayRefused, match="Say from which step"):
        replayed(old)
    with pytest.raises(ReplayRefused, match="There is no run"):
        replay_run(run_id=uuid4(), from_steps=["a"], by=BY)


def test_replay_behind_a_step_that_failed_names_that_step(broken: set[str]) -> None:
    broken.add("b")
    old = chain()
    assert statuses(old)["c"] == "skipped"
    with pytest.raises(ReplayRefused, match=r"'b' before 'c' is failed.*: replay from 'b'"):
        replayed(old, "c")
    broken.clear()
    run = replayed(old, "b")
    assert (run.status, taken(run)) == ("succeeded", {"a", "d"})


def test_replay_does_again_what_failed_beside_it(broken: set[str]) -> None:
    broken.add("d")
    old = chain()
    broken.clear()
    run = replayed(old, "c")
    assert (taken(run), set(statuses(run).values())) == ({"a", "b"}, {"succeeded"})


def test_replay_from_the_report_takes_over_a_step_that_was_skipped(broken: set[str]) -> None:
    condition = {"path": "brief.text", "op": "equal", "value": "Chairs"}
    a = agent_node("a", agent="a", inputs={"text": "brief.text"}, when=condition)
    nodes = (a, agent_node("b", "a", agent="b"), report_node("report", "b"))
    old = work(run_of(workflow_of(*nodes, slug="conditional"), given={"text": "Lamps"}))
    assert statuses(old)["b"] == "skipped"
    run = replayed(old, "report")
    assert (run.status, taken(run)) == ("succeeded", {"a", "b"})
    assert run.steps.get(key="a").error == old.steps.get(key="a").error
    with pytest.raises(ReplayRefused, match="'a' was skipped, so 'b' would be, too: replay from 'a'"):
        replayed(old, "b")


def test_replay_of_a_cancelled_run_from_its_beginning_runs_to_the_end(broken: set[str]) -> None:
    nodes = (agent_node("a", agent="a"), agent_node("b", "a", agent="b"))
    old = cancel_run(run_id=run_of(workflow_of(*nodes, slug="two")).id, by=BY)
    run = replayed(old, "a")
    assert (run.status, statuses(run), taken(run)) == (
        "succeeded",
        {"a": "succeeded", "b": "succeeded"},
        set(),
    )


def test_replay_takes_over_the_report_with_its_text(broken: set[str]) -> None:
    nodes = (agent_node("a", agent="a"), report_node("report", "a"), agent_node("b", agent="b"))
    old = work(run_of(workflow_of(*nodes, slug="beside")))
    run = replayed(old, "b")
    assert taken(run) == {"a", "report"}
    before, after = (Artifact.objects.get(run_id=one.id) for one in (old, run))
    assert (after.text, after.sha256, after.step_id) == (
        before.text,
        before.sha256,
        run.steps.get(key="report").id,
    )


def loop() -> WorkflowRun:
    """Return a run in which a and b are done for each of three texts, and c once behind them; done."""
    each = {"for_each": "brief.tags"}
    nodes = (
        agent_node("d", agent="d"),
        agent_node("a", "d", agent="a", inputs={"text": "item"}, **each),
        agent_node("b", "a", agent="b", inputs={"text": "a.output.summary"}, **each),
        agent_node("c", "b", agent="c"),
    )
    return work(run_of(workflow_of(*nodes, slug="loop"), given={"tags": ["x", "y", "z"]}))


def test_replay_from_one_item_of_a_loop_takes_over_the_others(broken: set[str]) -> None:
    old = loop()
    calls = len(asked())
    run = replayed(old, "b#2")
    assert taken(run) == {"d", "each_brief_tags", "a#1", "a#2", "a#3", "b#1", "b#3"}
    assert (run.status, len(asked()) - calls) == ("succeeded", 2)
    assert run.steps.get(key="b", item=2).item_value == "y"


def test_replay_from_a_looped_step_does_every_item_again_and_from_its_beginning_makes_them_anew(
    broken: set[str],
) -> None:
    old = loop()
    assert taken(replayed(old, "b")) == {"d", "each_brief_tags", "a#1", "a#2", "a#3"}
    run = replayed(old, "each_brief_tags", given={"tags": ["x", "y"]})
    assert (run.status, taken(run)) == ("succeeded", {"d"})
    assert run.steps.filter(key="a").count() == 2
    with pytest.raises(ReplayRefused, match="replay from 'each_brief_tags'"):
        replayed(old, "b", given={"tags": ["x"]})


def test_replay_takes_over_the_newest_round_and_what_was_said_of_the_draft(broken: set[str]) -> None:
    broken.add("b")
    old = chain()
    broken.clear()
    retry_step(step_id=old.steps.get(key="b").id, by=BY)
    work(old)
    newest = old.steps.get(key="b", round=1)
    old.steps.filter(id=newest.id).update(feedback="Shorter.")
    run = replayed(old, "c")
    step = run.steps.get(key="b")
    assert (step.taken_from, step.round, step.feedback) == (newest, 0, "Shorter.")
    assert run.steps.count() == 5


def test_retry_in_a_replay_leaves_what_was_taken_over_as_it_is(broken: set[str]) -> None:
    old = chain()
    broken.add("c")
    run = replayed(old, "c")
    assert run.status == "failed"
    broken.clear()
    retry_step(step_id=run.steps.get(key="c").id, by=BY)
    work(run)
    assert (run.status, taken(run)) == ("succeeded", {"a", "b", "d"})
    assert run.steps.get(key="c", round=1).taken_from is None


def command(*words: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("replay_run", *words, stdout=out)
    return out.getvalue()


def test_command_replays_with_changes_and_prints_the_new_run(broken: set[str], tmp_path: Path) -> None:
    old = chain()
    file = tmp_path / "prompt.txt"
    file.write_text("Shout.\n")
    changes = [
        "--input",
        'tags=["x"]',
        "--input",
        "text=Lamps",
        "--option",
        "b.number=3",
        "--prompt",
        f"b={file}",
    ]
    said = json.loads(command(str(old.id), "--from", "b", *changes, "--json"))
    run = WorkflowRun.objects.get(id=said["run"]["id"])
    assert (run.replay_of, run.input) == (old, {"text": "Lamps", "tags": ["x"]})
    assert run.overrides == {"b": {"options": {"number": 3}, "prompt": "Shout."}}
    assert "is queued" in command(str(old.id), "--from", "c")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--input", "text"], "--input 'text' has no '=': write it as FIELD=VALUE"),
        (["--option", "number=3"], "--option 'number=3' names no node: write it as KEY.NAME=VALUE"),
        (["--prompt", "b=/no/such/file"], "The file '/no/such/file' of --prompt cannot be read"),
    ],
)
def test_command_with_a_change_it_cannot_read_exits_2_with_a_sentence(
    broken: set[str], words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old = chain()
    with pytest.raises(SystemExit) as ended:
        command(str(old.id), "--from", "b", *words)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
