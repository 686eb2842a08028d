"""The pages of replays: what is asked, what a refusal looks like, and a replay beside the run it replays."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person
from tests.factories.agents import made_agent, scripted, use_agents
from tests.factories.posting import work
from tests.factories.workflows import WorkflowStepFactory, agent_node, report_node, run_of, workflow_of
from tiktok_ops.accounts.roles import Role
from workflows.comparing import MOST_CHANGES, NothingToCompare, Pair, Side, compare
from workflows.models import WorkflowRun
from workflows.overrides import Changes
from workflows.replay import replay_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, settings: Any) -> WorkflowRun:
    """Return a run of a → b → report that succeeded."""
    settings.PROVIDERS = scripted([{"summary": "Good."}])
    use_agents(monkeypatch, made_agent("a", speaks=True), made_agent("b", speaks=True))
    nodes = (
        agent_node("a", agent="a", inputs={"text": "brief.text"}),
        agent_node("b", "a", agent="b", options={"number": 1}),
        report_node("report", "b"),
    )
    return work(run_of(workflow_of(*nodes, slug="two"), given={"text": "Lamps"}))


def signed_in(run: WorkflowRun, role: Role = Role.OPERATOR) -> Client:
    """Return a browser of somebody with this role in the run's workspace."""
    client = Client()
    client.force_login(person(run.workspace, role))
    return client


def address(run: WorkflowRun, page: str = "replay", step: str | None = None) -> str:
    """Return the address of a page of the run."""
    return reverse(f"admin:workflows_workflowrun_{page}", args=[run.id]) + (f"?from={step}" if step else "")


def form_of(client: Client, run: WorkflowRun, step: str) -> dict[str, Any]:
    """Return what the form of a replay holds before anybody changed it."""
    form = client.get(address(run, step=step)).context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def test_run_page_leads_to_a_replay_of_each_step_that_ended(run: WorkflowRun) -> None:
    page = signed_in(run).get(address(run, "change")).content.decode()
    assert page.count("Replay from here") == 3
    assert f'href="{address(run)}?from=b"' in page
    assert "Replay from here" not in signed_in(run, Role.VIEWER).get(address(run, "change")).content.decode()


def test_replay_without_a_change_takes_over_and_leads_to_the_new_run(run: WorkflowRun) -> None:
    client = signed_in(run)
    answer = client.post(address(run, step="b"), form_of(client, run, "b"), follow=True)
    again = WorkflowRun.objects.get(replay_of=run)
    assert answer.redirect_chain == [(address(again, "change"), 302)]
    assert [str(message) for message in answer.context["messages"]] == [
        "Replayed from 'B'; what came before was taken over."
    ]
    assert (again.overrides, again.input) == ({}, run.input)
    page = answer.content.decode()
    assert "taken over" in page
    assert f'href="{address(again, "compare")}">compare the two</a>' in page


def test_replay_with_another_option_and_prompt_is_started_with_them(run: WorkflowRun) -> None:
    client = signed_in(run)
    given = form_of(client, run, "b") | {"options": '{"number": 4}', "prompt": "Shout.", "reason": "Louder."}
    page = client.post(address(run, step="b"), given, follow=True).content.decode()
    again = WorkflowRun.objects.get(replay_of=run)
    assert again.overrides == {"b": {"options": {"number": 4}, "prompt": "Shout."}}
    assert "Changed: B (prompt, options)." in page
    assert form_of(client, again, "b")["prompt"] == "Shout."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"given": '{"text": "Chairs"}'}, "was read by &#x27;a&#x27;"),
        ({"given": "{}"}, "&#x27;text&#x27; is left out"),
        ({"given": ""}, "&#x27;text&#x27; is left out"),
        ({"given": "["}, "This is not JSON"),
        ({"given": "[1]"}, "The input has to be an object"),
        ({"options": "[1]"}, "The options has to be an object"),
        ({"options": '{"number": -2}'}, "which does not do"),
        ({"prompt": "x" * 8_001}, "at most 8000 characters"),
    ],
)
def test_replay_with_what_does_not_do_shows_the_sentence_and_starts_nothing(
    run: WorkflowRun, changes: dict[str, str], sentence: str
) -> None:
    client = signed_in(run)
    page = client.post(address(run, step="b"), form_of(client, run, "b") | changes).content.decode()
    assert sentence in page
    assert WorkflowRun.objects.count() == 1


def test_replay_page_of_a_report_has_neither_options_nor_prompt(run: WorkflowRun) -> None:
    assert set(form_of(signed_in(run), run, "report")) == {"given", "reason"}


def test_replay_from_no_step_leads_back_with_a_sentence(run: WorkflowRun) -> None:
    answer = signed_in(run).get(address(run, step="z"), follow=True)
    assert "has no step &#x27;z&#x27;" in answer.content.decode()
    assert answer.redirect_chain == [(address(run, "change"), 302)]


def test_replay_without_the_role_or_of_others_is_refused(run: WorkflowRun) -> None:
    assert signed_in(run, Role.VIEWER).post(address(run, step="b")).status_code == 403
    stranger = signed_in(WorkflowStepFactory.create().run)
    for page in ("replay", "compare"):
        assert stranger.get(address(run, page)).status_code == 404


def test_compare_shows_each_step_before_and_after(run: WorkflowRun) -> None:
    changes = Changes(options={"b": {"number": 3}})
    again = work(replay_run(run_id=run.id, from_steps=["b"], by="a test", changes=changes))
    pairs = {pair.name: pair for pair in compare(again)}
    assert {name: pair.verdict for name, pair in pairs.items()} == {
        "a": "taken over",
        "b": "different",
        "report": "the same",
    }
    before, after = pairs["b"].before, pairs["b"].after
    assert before is not None
    assert after is not None
    assert (before.output["number"], after.output["number"]) == (1, 3)
    assert before.cost_usd == after.cost_usd > 0
    assert pairs["a"].after is not None
    assert (pairs["a"].after.cost_usd, pairs["a"].after.seconds) == (Decimal(0), None)
    page = signed_in(run, Role.VIEWER).get(address(again, "compare")).content.decode()
    assert "Of 3 steps: 1 taken over, 1 the same, 1 different." in page
    assert [(one.name, one.before, one.now) for one in pairs["b"].changes] == [
        ("nested: number", "1", "3"),
        ("number", "1", "3"),
    ]
    assert pairs["a"].changes == pairs["report"].changes == []
    assert before.sha256 in page
    assert after.sha256 in page


def test_compare_names_steps_that_only_one_of_the_runs_has(run: WorkflowRun) -> None:
    WorkflowStepFactory.create(run=run, key="b", item=7, position=8, status="failed")
    again = work(replay_run(run_id=run.id, from_steps=["a"], by="a test"))
    again.steps.filter(key="b", item=7).delete()
    WorkflowStepFactory.create(run=again, key="b", item=8, position=9)
    verdicts = {pair.name: pair.verdict for pair in compare(again)}
    assert (verdicts["b#7"], verdicts["b#8"]) == ("only before", "only after")
    assert "There was no such step." in signed_in(run).get(address(again, "compare")).content.decode()


def test_compare_a_run_that_is_no_replay_says_so(run: WorkflowRun) -> None:
    with pytest.raises(NothingToCompare):
        compare(run)
    answer = signed_in(run).get(address(run, "compare"), follow=True)
    assert "This run is no replay" in answer.content.decode()


def test_changes_name_each_single_value_that_differs_and_no_more_than_fit() -> None:
    def side(output: Any) -> Side:
        return Side("succeeded", output, str(output), Decimal(0), None, is_taken=False)

    before = {
        "window": {"posts": 13, "days": 7},
        "marks": [{"kind": "new"}, {"name": "comments", "is_tripped": False}],
        "tags": ["a"],
        "views": 1000,
    }
    after = {
        "window": {"posts": 8, "days": 7},
        "marks": [{"kind": "old"}, {"name": "comments", "is_tripped": True}],
        "tags": ["a", "b"],
        "views": 12496.05,
    }
    pair = Pair("a", "A", side(before), side(after))
    assert [(one.name, one.before, one.now) for one in pair.changes] == [
        ("window: posts", "13", "8"),
        ("marks: 1: kind", "new", "old"),
        ("marks: comments: is tripped", "no", "yes"),
        ("tags", "a", "a, b"),
        ("views", "1,000", "12,496.05"),
    ]
    assert [one.name for one in Pair("a", "A", side("x"), side("y")).changes] == ["output"]
    many = [{str(number): number + plus for number in range(30)} for plus in (0, 1)]
    assert len(Pair("a", "A", side(many[0]), side(many[1])).changes) == MOST_CHANGES
