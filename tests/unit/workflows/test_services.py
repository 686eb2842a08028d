from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.content import store_posts
from tests.factories.figures import NOON, make_posts
from tests.factories.workflows import agent_node, doorbells, report_node, run_of, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from workflows.catalogue import WorkflowUnknown, store_definition
from workflows.doorbells import DOORBELL
from workflows.models import StepDependency, WorkflowRun, WorkflowStep
from workflows.services import RunRefused, start_run
from workflows.validation import InputRefused

pytestmark = pytest.mark.django_db

GRAPH = workflow_of(
    agent_node("a", agent="made", inputs={"text": "brief.topic"}),
    agent_node("b", agent="made"),
    agent_node("c", "a", "b", agent="made"),
    report_node("r", "a", "c"),
)


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one agent."""
    use_agents(monkeypatch, made_agent("made"))


def with_posts(**changes: Any) -> TikTokAccount:
    """Return an account with posts up to `NOON`."""
    account: TikTokAccount = AccountFactory.create(**changes)
    store_posts(account, make_posts(3))
    return account


def test_start_run_adds_a_step_for_each_node_in_order() -> None:
    run = run_of(GRAPH)
    rows = run.steps.values_list("key", "position", "kind", "status", "runs_when", "open_dependencies")
    assert list(rows) == [
        ("a", 0, "agent", "ready", "all_succeeded", 0),
        ("b", 1, "agent", "ready", "all_succeeded", 0),
        ("c", 2, "agent", "pending", "all_succeeded", 2),
        ("r", 3, "report", "pending", "all_settled", 2),
    ]
    edges = StepDependency.objects.order_by("downstream__key", "upstream__key")
    assert [str(edge) for edge in edges] == [f"{edge.upstream_id} → {edge.downstream_id}" for edge in edges]
    assert list(edges.values_list("upstream__key", "downstream__key")) == [
        ("a", "c"),
        ("b", "c"),
        ("a", "r"),
        ("c", "r"),
    ]


def test_start_run_rings_once_for_each_step_that_is_ready() -> None:
    run = run_of(GRAPH)
    assert doorbells() == [(DOORBELL, (str(run.id),))] * 2
    assert set(run.steps.filter(rung_at__isnull=False).values_list("key", flat=True)) == {"a", "b"}


def test_start_run_takes_the_time_of_the_last_post_for_now() -> None:
    run = run_of(GRAPH, with_posts())
    assert run.as_of == NOON
    assert run.warnings == []


def test_start_run_on_an_account_without_posts_takes_the_clock_and_warns() -> None:
    before = timezone.now()
    account = AccountFactory.create(handle="empty")
    run = run_of(GRAPH, account)
    assert isinstance(run.as_of, datetime)
    assert before <= run.as_of <= timezone.now()
    assert run.warnings == ["@empty has no posts yet: sync it or import a file of its posts first."]


def test_start_run_that_syncs_an_account_without_posts_says_so() -> None:
    account = AccountFactory.create(handle="empty")
    run = start_run("sync_account", account_id=account.id, by="a test")
    assert run.warnings == ["@empty had no posts when this run began: it is synced first."]


def test_start_run_on_an_account_without_a_brand_warns() -> None:
    run = run_of(GRAPH, with_posts(handle="alone", brand=None))
    assert run.warnings == [
        "@alone is linked to no brand: voice, guidelines and banned claims were not considered."
    ]


def test_start_run_keeps_who_asked_for_it_and_with_what() -> None:
    account, person = with_posts(), UserFactory.create(username="ana")
    definition = store_definition(GRAPH, by="test")
    run = start_run("made", account_id=account.id, by=person, given={"topic": "cheese"})
    assert (run.requested_by, run.input, run.definition) == (person, {"topic": "cheese"}, definition)
    assert (run.workspace, run.mode, run.status) == (account.workspace, "sandbox", "queued")
    assert str(run) == f"Made of @{account.handle}"
    entry = AuditEvent.objects.get(verb="run.started")
    assert (entry.actor, entry.subject, entry.workspace_id) == (
        "user:ana",
        f"run {run.id}",
        account.workspace_id,
    )
    assert entry.data == {
        "workflow": "made",
        "version": 1,
        "account": account.handle,
        "input": {"topic": "cheese"},
    }


def test_start_run_by_a_process_names_no_person() -> None:
    run = run_of(GRAPH, with_posts())
    assert run.requested_by is None
    assert AuditEvent.objects.get(verb="run.started").actor == "test"


def test_start_run_begins_its_events_with_number_one() -> None:
    run = run_of(GRAPH)
    event = run.events.get()
    assert (event.seq, event.kind, event.data) == (1, "run.queued", {"workflow": "made"})
    assert str(event) == "1 run.queued"
    run.refresh_from_db()
    assert run.events.count() == 1


@pytest.mark.parametrize(
    ("slug", "given_input", "error"),
    [("nothing", {}, WorkflowUnknown), ("made", {"colour": "red"}, InputRefused)],
)
def test_start_run_that_is_refused_writes_nothing(
    slug: str, given_input: dict[str, Any], error: type[Exception]
) -> None:
    store_definition(GRAPH, by="test")
    with pytest.raises(error):
        start_run(slug, account_id=with_posts().id, by="test", given=given_input)
    assert not WorkflowRun.objects.exists()
    assert not AuditEvent.objects.filter(verb="run.started").exists()
    assert doorbells() == []


def test_start_run_on_an_account_that_is_gone_writes_nothing() -> None:
    store_definition(GRAPH, by="test")
    with pytest.raises(RunRefused, match="There is no account with the id"):
        start_run("made", account_id=uuid4(), by="test")
    assert not WorkflowRun.objects.exists()


def test_start_run_in_a_transaction_that_rolls_back_leaves_no_doorbell() -> None:
    with transaction.atomic():
        run_of(GRAPH)
        transaction.set_rollback(True)
    assert not WorkflowStep.objects.exists()
    assert doorbells() == []
