"""The run pages: what they show of a run, and that text by other people stays text."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.services import Asking, open_request
from tests.factories.accounts import AccountFactory, WorkspaceFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.content import store_posts
from tests.factories.effects import effect_on
from tests.factories.figures import make_posts
from tests.factories.workflows import WorkflowRunFactory, WorkflowStepFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.engine import advance_run
from workflows.models import RunEvent, WorkflowRun
from workflows.services import start_run
from workflows.templatetags.run_pages import at, pretty, seconds

pytestmark = pytest.mark.django_db


def audited() -> WorkflowRun:
    """Return an audit that has run to its end."""
    account: TikTokAccount = AccountFactory.create(handle="lumen")
    store_posts(account, make_posts(60, seed=5))
    run = start_run("profile_audit", account_id=account.id, by="a test")
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass
    run.refresh_from_db()
    return run


def page_of(run: WorkflowRun, *, live: bool = False) -> str:
    """Return the run's page as a viewer of its workspace sees it."""
    client = Client()
    client.force_login(person(run.workspace, Role.VIEWER))
    name = "live" if live else "change"
    return client.get(reverse(f"admin:workflows_workflowrun_{name}", args=[run.id])).content.decode()


def test_page_of_a_run_that_succeeded_shows_steps_report_trace_and_cost() -> None:
    run = audited()

    page = page_of(run)

    assert "7 of 7 steps" in page
    assert "<h1>Profile audit of @lumen</h1>" in page
    assert "calls to Claude" in page
    assert "simulated" in page
    assert page.count('class="run-trace"') == 5
    assert "Views of 60 posts" in page or "posts of the last 90 days" in page
    live = page.partition('id="run-live"')[2].partition(">")[0]
    assert 'data-said="succeeded, 7 of 7 steps"' in live
    assert "hx-get" not in live
    assert "data-events" not in live
    assert 'role="status" aria-live="polite"' in page
    assert "No worker is running" not in page


def test_page_of_a_run_under_way_asks_again_and_says_what_it_waits_for() -> None:
    account = AccountFactory.create()
    run = start_run("profile_audit", account_id=account.id, by="a test")

    page = page_of(run)
    fragment = page_of(run, live=True)

    assert f'hx-get="{reverse("admin:workflows_workflowrun_live", args=[run.id])}"' in page
    assert 'hx-trigger="run-news"' in fragment
    last = RunEvent.objects.filter(run=run).count()
    assert f'data-events="{reverse("api-run-events", args=[run.id])}?after={last}"' in fragment
    assert " step.running " in fragment.partition('data-kinds="')[2].partition('"')[0]
    assert "waits for a worker since" in fragment
    assert "No worker is running. Nothing is lost" in fragment
    assert "No agent has been asked yet" in fragment
    assert "<html" not in fragment
    assert "Views per post" not in fragment


def test_page_of_a_run_shows_text_of_others_as_text() -> None:
    account = AccountFactory.create(handle="lumen")
    hostile = "<script>alert(1)</script> ![x](https://evil.example/p.png) [y](javascript:alert(1))"
    posts = [
        post.__class__(**{**{name: getattr(post, name) for name in post.__slots__}, "caption": hostile})
        for post in make_posts(20, seed=5)
    ]
    store_posts(account, posts)
    run = start_run("profile_audit", account_id=account.id, by="a test")
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass

    page = page_of(run)

    assert "<script>alert(1)" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_page_of_a_run_that_asked_leads_to_what_is_asked_now() -> None:
    run = asked_run()
    before = request_of(run)

    assert leads_to_request(page_of(run, live=True), before)
    assert "Needs review</span>" in page_of(run)
    again = open_request(
        kind=before.kind,
        account=before.account,
        payload=json.loads(bytes(before.payload)),
        facts={},
        asking=Asking(run_id=run.id, step_id=before.step_id, requested_by=None),
    )
    page = page_of(run)
    assert leads_to_request(page, again)
    assert not leads_to_request(page, before)


def test_page_of_a_run_whose_post_went_out_leads_to_the_proof() -> None:
    effect = effect_on(status="confirmed")

    page = page_of(effect.step.run)

    assert leads_to_request(page, effect.request)
    assert "posted (TikTok confirmed)" in page
    assert reverse("admin:workflows_effect_change", args=[effect.id]) in page


def leads_to_request(page: str, asked: ApprovalRequest) -> bool:
    """Return whether the page has a link to what was asked."""
    return reverse("admin:approvals_approvalrequest_change", args=[asked.id]) in page


@pytest.mark.parametrize("name", ["change", "live"])
def test_page_of_a_run_of_another_workspace_is_not_there(name: str) -> None:
    run = WorkflowRunFactory.create()
    client = Client()
    client.force_login(person(WorkspaceFactory.create(), Role.OWNER))

    answer = client.get(reverse(f"admin:workflows_workflowrun_{name}", args=[run.id]))

    assert answer.status_code == (404 if name == "live" else 302)
    assert str(run.account) not in answer.content.decode()


def test_list_of_runs_shows_progress_without_a_query_for_each(django_assert_max_num_queries: object) -> None:
    workspace = WorkspaceFactory.create()
    for _ in range(12):
        account = AccountFactory.create(workspace=workspace)
        run = WorkflowRunFactory.create(account=account, status="running")
        WorkflowStepFactory.create(run=run, status="succeeded")
        WorkflowStepFactory.create(run=run)
    client = Client()
    client.force_login(person(workspace, Role.VIEWER))

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = client.get(reverse("admin:workflows_workflowrun_changelist")).content.decode()

    assert page.count("1 of 2") == 12


def test_filters_of_the_page_show_values_as_people_read_them() -> None:
    step = WorkflowStepFactory.create()

    assert pretty({"b": "ü"}) == '{\n  "b": "ü"\n}'
    assert (at({"a": "First"}, "a"), at({}, "a")) == ("First", "a")
    assert seconds(step) == "–"
