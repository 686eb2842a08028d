"""Any definition of every kind of node is refused with a sentence, or runs to an end whatever people say."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from approvals.models import ApprovalRequest
from approvals.services import approve, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import BRIEF, given_on
from tests.factories.posting import time_passes, work
from tests.factories.workflows import HOUR
from tests.forms import examples
from tests.unit.workflows.test_definitions_at_random import check_refusal, fail, mostly
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from workflows.catalogue import store_definition
from workflows.executors import EXECUTORS
from workflows.models import StepDependency, WorkflowRun
from workflows.nodes import ACTION_OUTPUT, RENDER_OUTPUT, Workflow
from workflows.outcomes import Outcome, Succeeded, Waits
from workflows.services import start_run
from workflows.steps import newest_steps
from workflows.transitions import STEP
from workflows.validation import DefinitionRefused, InputRefused, parse_workflow
from workflows.work import Work

pytestmark = pytest.mark.django_db

KEYS = "abcdef"
MOST_ROUNDS = 60
LOOP = "brief.items"
KINDS = {
    *("agent", "wait", "wait until", "render", "assemble", "sync", "review", "report", "gate", "action"),
    *("refused", "agent again", "gate again", "review again"),
}
"""What has to have been run, or the definitions that were drawn show too little."""
_numbers = count()


def make_video(work: Work) -> Outcome:
    """Stand for a rendering, or a joining of clips."""
    return Succeeded(output=dict.fromkeys(RENDER_OUTPUT, "made"))


def take_in(work: Work) -> Outcome:
    """Stand for a sync."""
    return Succeeded(output={"part": "profile", "said": {"data_as_of": "2026-11-20T12:00:00+00:00"}})


def act_later(work: Work) -> Outcome:
    """Stand for an effect TikTok is asked about once."""
    if work.claim.number == 1:
        return Waits("TikTok has it.", 60)
    return Succeeded(output=dict.fromkeys(ACTION_OUTPUT, "done"))


@pytest.fixture(autouse=True)
def made_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that works, one that does not, and videos and posts that cost nothing."""
    use_agents(monkeypatch, made_agent("fine"), made_agent("critic"), made_agent("broken", on_compute=fail))
    monkeypatch.setitem(EXECUTORS, "render", make_video)
    monkeypatch.setitem(EXECUTORS, "assemble", make_video)
    monkeypatch.setitem(EXECUTORS, "sync", take_in)
    monkeypatch.setitem(EXECUTORS, "action", act_later)


def of_kind(place: int, before: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what a node does, by its kind; mostly of what is before it."""
    earlier = st.sampled_from(before or [KEYS[place]])
    no = st.sampled_from(["skip_branch", "fail_run", "redraft", "redraft"])
    kinds: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "agent": {
            "agent": st.sampled_from(["fine", "fine", "critic", "critic", "broken"]),
            "options": st.fixed_dictionaries({"text": st.sampled_from(["", "Not so."])}),
        },
        "wait": {"seconds": mostly(st.just(3600), st.none())},
        "wait until": {"kind": st.just("wait"), "inputs": st.just({"until": "brief.at"})},
        "render": {"inputs": st.just({"lines": "brief.lines", "seconds": "brief.seconds"})},
        "assemble": {"inputs": st.just({"clips": "brief.clips"})},
        "sync": {"part": mostly(st.just("profile"), st.just("weather"))},
        "review": {"redraft": earlier, "inputs": earlier.map(found_by)},
        "report": {"report": st.just("profile_audit")},
        "gate": {
            "approval": st.just("post_video"),
            "inputs": st.just({name: f"brief.{name}" for name in BRIEF}),
            "on_reject": no,
            "most_redrafts": st.integers(1, 2),
        },
        "action": {"effect": st.just("post_video"), "gate": earlier},
    }
    return st.sampled_from([*kinds, "agent", "agent", "gate", "gate", "gate"]).flatmap(
        lambda kind: st.fixed_dictionaries({"kind": st.just(kind), **kinds[kind]})
    )


def found_by(reviewer: str) -> dict[str, str]:
    """Return the inputs of a review: what a made agent puts out is no finding, and its text a reason to send back."""
    return {"findings": f"{reviewer}.output.summary", "blocked": f"{reviewer}.output.text"}


@st.composite
def nodes_at(draw: st.DrawFn, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a node: mostly behind some before it, now and then in the loop or under a condition.

    Where there is a gate before it, it often acts on what that approved; where an agent follows another one, it
    often is the review that sends the first one's draft back.
    """
    place = len(nodes)
    for follows in (act_on(nodes), review_of(nodes)):
        is_taken: bool = draw(st.booleans())
        if follows and is_taken:
            return {**follows, "key": KEYS[place], "label": f"Node {KEYS[place]}"}
    before = list(KEYS[:place])
    node = draw(of_kind(place, before))
    depends_on = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
    if node["kind"] == "action" and node["gate"] not in depends_on and draw(st.integers(0, 9)):
        depends_on.append(node["gate"])
    again = node.get("on_reject") == "redraft"
    when = {"path": "brief.flag", "op": "equal", "value": draw(st.booleans())}
    return {
        "key": KEYS[place],
        "label": f"Node {KEYS[place]}",
        "depends_on": depends_on,
        "for_each": draw(st.sampled_from([None, None, LOOP])),
        "when": draw(st.sampled_from([None, None, when])),
        **node,
        **({"on_reject": f"redraft:{(depends_on or before or [KEYS[place]])[0]}"} if again else {}),
    }


def review_of(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a review of what an agent made of another one's draft; nothing where there is no such pair."""
    agents = {node["key"]: node for node in nodes if node["kind"] == "agent"}
    for node in reversed(agents.values()):
        for author in (agents[key] for key in node["depends_on"] if key in agents):
            if author["agent"] != node["agent"] and author["for_each"] == node["for_each"]:
                return {
                    "kind": "review",
                    "redraft": author["key"],
                    "inputs": found_by(node["key"]),
                    "depends_on": [node["key"]],
                    "for_each": node["for_each"],
                }
    return {}


def act_on(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an act that sends what a gate approved; nothing where each is sent already."""
    sent = {node["gate"] for node in nodes if node["kind"] == "action"}
    gates = [node for node in nodes if node["kind"] == "gate" and node["key"] not in sent]
    if not gates:
        return {}
    gate = gates[-1]
    return {
        "kind": "action",
        "effect": "post_video",
        "gate": gate["key"],
        "depends_on": [gate["key"]],
        "for_each": gate["for_each"],
    }


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Return a definition of up to six nodes of any kind."""
    nodes: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, len(KEYS)))):
        nodes.append(draw(nodes_at(nodes)))
    return {"slug": "drawn", "label": "Drawn", "purpose": "At random.", "nodes": nodes}


def in_a_circle() -> dict[str, Any]:
    """Return a draft that another agent sends back, and a person too: chance draws that seldom."""
    nodes: list[dict[str, Any]] = [
        {"kind": "agent", "agent": "fine"},
        {"kind": "agent", "agent": "critic", "options": {"text": "Not so."}, "depends_on": ["a"]},
        {"kind": "review", "redraft": "a", "inputs": found_by("b"), "depends_on": ["b"]},
        {
            "kind": "gate",
            "approval": "post_video",
            "inputs": {name: f"brief.{name}" for name in BRIEF},
            "on_reject": "redraft:a",
            "most_redrafts": 1,
            "depends_on": ["c"],
        },
        {"kind": "report", "report": "profile_audit", "depends_on": ["d"]},
        {"kind": "sync", "part": "profile"},
    ]
    named = [{"key": key, "label": f"Node {key}", **node} for key, node in zip(KEYS, nodes, strict=False)]
    return {"slug": "drawn", "label": "Drawn", "purpose": "At random.", "nodes": named}


def check_sentence(refusal: Exception) -> None:
    """Assert that a refusal is a sentence."""
    assert str(refusal).endswith(".")


def started(workflow: Workflow, items: int) -> WorkflowRun:
    """Start the workflow on an account of its own, with all it reads."""
    account = AccountFactory.create()
    whole = {
        **given_on(account),
        "items": list(range(items)),
        "flag": True,
        "lines": ["A lamp"],
        "seconds": 3,
        "clips": [str(uuid4())],
        "at": (timezone.now() + HOUR).isoformat(),
    }
    given = {name: value for name, value in whole.items() if name in workflow.brief_fields}
    named = workflow.model_copy(update={"slug": f"every_{next(_numbers)}"})
    store_definition(named, by="a test")
    return start_run(named.slug, account_id=account.id, by="a test", given=given)


def answer_people(run: WorkflowRun, by: User, verdicts: list[bool]) -> None:
    """Decide on everything the run asks now: yes or no as drawn, yes once there are none left."""
    for asked in ApprovalRequest.objects.filter(run_id=run.id, status="open"):
        says_yes = verdicts.pop() if verdicts else True
        what: dict[str, Any] = {
            "request_id": asked.id, "by": by, "channel": "admin", "seen_sha256": asked.payload_sha256,
        }  # fmt: skip
        approve(**what) if says_yes else reject(**what, comment="Not so.")


def run_to_its_end(run: WorkflowRun, verdicts: list[bool]) -> None:
    """Work, let time pass and people decide until the run is over; fails when it does not come to that."""
    by = person(run.workspace, Role.APPROVER)
    for _ in range(MOST_ROUNDS):
        work(run)
        answer_people(run, by, verdicts)
        # A wait counts from its first turn.
        run.steps.filter(kind="wait", status="waiting").update(started_at=timezone.now() - 2 * HOUR)
        if "at" in run.input:
            past = {**run.input, "at": (timezone.now() - HOUR).isoformat()}
            WorkflowRun.objects.filter(id=run.id).update(input=past)
        if time_passes(run).is_over:
            return
    raise AssertionError(
        f"After {MOST_ROUNDS} rounds: {list(run.steps.values_list('key', 'status', 'error'))}"
    )


def check_end(run: WorkflowRun) -> None:
    """Assert that every step has ended, that it began after all it waits for, and only where it might."""
    steps = list(run.steps.all())
    assert {step.status for step in steps} <= STEP.terminal
    failed = any(step.status == "failed" for step in newest_steps(run))
    assert run.status == ("failed" if failed else "succeeded")
    begun, ended = moments(run)
    edges = StepDependency.objects.filter(downstream__run=run).select_related("upstream", "downstream")
    for edge in edges:
        name = name_of(edge.downstream)
        if name not in begun:
            continue
        assert ended[name_of(edge.upstream)] < begun[name], (name, name_of(edge.upstream))
        if edge.downstream.runs_when == "all_succeeded":
            assert edge.upstream.status == "succeeded", (name, name_of(edge.upstream))
    assert {name_of(step) for step in steps} == set(ended)


Name = tuple[str, int, int]


def name_of(step: Any) -> Name:
    return step.key, step.item, step.round


def moments(run: WorkflowRun) -> tuple[dict[Name, int], dict[Name, int]]:
    """Return when each step began first and when it ended, as numbers of events; each ends once."""
    begun: dict[Name, int] = {}
    ended: dict[Name, int] = {}
    for seq, kind, data in run.events.order_by("seq").values_list("seq", "kind", "data"):
        subject, _, what = kind.partition(".")
        if subject != "step":
            continue
        name = (data["key"], data["item"], data["round"])
        if what == "running":
            begun.setdefault(name, seq)
        elif what in STEP.terminal:
            assert name not in ended
            ended[name] = seq
    return begun, ended


def test_run_any_definition_of_every_kind_is_refused_or_runs_to_its_end() -> None:
    ran: Counter[str] = Counter()

    @given(definitions(), st.integers(0, 3), st.lists(st.booleans(), max_size=4))
    @example(in_a_circle(), 1, [True, False])
    @settings(
        max_examples=examples(60),
        phases=[Phase.explicit, Phase.generate],  # shrinking a run takes minutes
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def any_definition(definition: dict[str, Any], items: int, verdicts: list[bool]) -> None:
        ran.update(refuse_or_run(definition, items, verdicts))

    any_definition()
    assert ran.keys() >= KINDS, f"some kinds were never run: {ran}"


def refuse_or_run(definition: dict[str, Any], items: int, verdicts: list[bool]) -> Iterator[str]:
    """Refuse the definition with a sentence, or run it to its end; yield what was run of it."""
    try:
        workflow = parse_workflow(definition)
    except DefinitionRefused as refusal:
        yield "refused"
        check_refusal(refusal)
        return
    try:
        run = started(workflow, items)
    except InputRefused as refusal:
        yield "input refused"
        check_sentence(refusal)
        return
    run_to_its_end(run, verdicts)
    check_end(run)
    for node in workflow.nodes:
        until = " until" if "until" in node.inputs else ""
        yield f"{node.kind}{until}"
        if run.steps.filter(key=node.key, round__gt=0).exists():
            yield f"{node.kind} again"
