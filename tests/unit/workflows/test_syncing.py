"""`sync_account` from its start to its report, and what waits for an account to be up to date."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string

from agents.models import AgentRun
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import World
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxCreator, SandboxRequest
from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.posting import work
from tests.factories.schedules import make_schedule
from tests.factories.workflows import agent_node, run_of, statuses, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact, Post
from workflows.admin import run_context
from workflows.engine import run_step
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import SyncNode
from workflows.outcomes import Succeeded
from workflows.overview import overview_of
from workflows.protocol import claim
from workflows.schedules.events import IMPORT_FINISHED
from workflows.schedules.firing import fire_due
from workflows.services import start_run
from workflows.step_reading import Runs
from workflows.syncing import sync
from workflows.validation import parse_workflow
from workflows.work import Work


@pytest.fixture(scope="module")
def world(module_db: str) -> World:
    """Plant a world once; each test has an account of it for itself."""
    world = build_world(4)
    plant_world(world, grows=False)
    return world


def synced(account: TikTokAccount) -> WorkflowRun:
    return work(start_run("sync_account", account_id=account.id, by="a test"))


def report_of(run: WorkflowRun) -> str:
    return Artifact.objects.get(run_id=run.id, kind="report").text


def test_sync_account_takes_everything_in_and_says_what_is_new(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumenaria.home")
    run = synced(account)
    assert run.status == "succeeded", list(run.steps.values("key", "status", "error"))
    account.refresh_from_db()
    assert Post.objects.filter(account=account).count() == 133
    text = report_of(run)
    assert "**Posts**: 133 read, 133 new, 0 changed, 0 as they were" in text
    assert "**Shop**: 15 products" in text
    assert f"Data as of **{account.data_as_of:%Y-%m-%d %H:%M} UTC**" in text


def test_sync_account_rings_for_schedules_that_wait_for_new_data(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumenaria.workshop")
    make_schedule(account=account, kind="event", expression=IMPORT_FINISHED, workflow="profile_audit")
    synced(account)
    fire_due(limit=10)
    assert WorkflowRun.objects.filter(account=account, definition__slug="profile_audit").count() == 1


def audited(account: TikTokAccount) -> str:
    """Audit the account and return why its data was not asked for, "" where it was."""
    run = work(start_run("profile_audit", account_id=account.id, by="a test"))
    assert run.status == "succeeded", list(run.steps.values("key", "status", "error"))
    fresh = run.steps.get(key="fresh").output
    assert isinstance(fresh, dict)
    return str(fresh["said"].get("left_out", ""))


def test_audit_syncs_first_and_takes_data_of_a_moment_ago_as_it_is(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="velvetfern.lab", data_as_of=None)
    assert audited(account) == ""
    account.refresh_from_db()
    assert Post.objects.filter(account=account).exists()
    asked = SandboxRequest.objects.count()
    assert (
        audited(account)
        == f"The data is as of {account.data_as_of:%Y-%m-%d %H:%M} UTC, less than 15 minutes ago."
    )
    assert SandboxRequest.objects.count() == asked
    TikTokAccount.objects.filter(id=account.id).update(data_as_of=world.as_of - timedelta(days=1))
    assert audited(account) == ""


def test_audit_after_its_sync_is_as_of_what_that_brought_wherever_it_says_so(world: World) -> None:
    long_ago = world.as_of - timedelta(days=40)
    account: TikTokAccount = AccountFactory.create(
        handle="fellrunner.supply", data_source="sync", data_as_of=long_ago
    )
    run = start_run("profile_audit", account_id=account.id, by="a test")
    assert run.as_of == long_ago
    run = work(run)
    account.refresh_from_db()
    as_of = account.data_as_of
    assert as_of is not None
    assert (run.as_of, as_of > long_ago) == (as_of, True)
    assert set(AgentRun.objects.filter(run_id=run.id).values_list("as_of", flat=True)) == {as_of}
    assert f"Data as of **{as_of:%Y-%m-%d %H:%M} UTC**" in report_of(run)
    overview = overview_of(run)
    chart = run_context(overview)["chart"]
    page = render_to_string("admin/workflows/workflowrun/live.html", run_context(overview))
    assert chart.as_of == as_of
    assert f"90 days up to {as_of:%Y-%m-%d};" in page
    assert f"{long_ago:%Y-%m-%d}" not in page


def test_agent_that_only_indirectly_follows_a_sync_works_as_of_what_it_brought(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_agents(monkeypatch, made_agent("first"), made_agent("second"))
    long_ago = world.as_of - timedelta(days=40)
    account: TikTokAccount = AccountFactory.create(
        handle="fellrunner.mending", data_source="sync", data_as_of=long_ago
    )
    run = run_of(
        workflow_of(
            SyncNode(key="fresh", label="Fresh", part="all"),
            agent_node("first", "fresh", agent="first"),
            agent_node("second", "first", agent="second"),
            slug="indirect",
        ),
        account,
    )
    busy = Runs()
    assert busy.get(run.id).as_of == long_ago  # as a worker has it that was at the run a moment ago
    for key, runs in (("fresh", Runs()), ("first", Runs()), ("second", busy)):
        claimed = claim(run.id)
        assert claimed is not None
        assert run.steps.get(key=key).id == claimed.step_id
        run_step(claimed, seconds_left=lambda: 0.0, runs=runs)
    account.refresh_from_db()
    times = list(AgentRun.objects.filter(run_id=run.id).values_list("as_of", flat=True))
    assert times == [account.data_as_of] * 2
    assert account.data_as_of != long_ago


def test_sync_another_worker_has_by_now_leaves_the_time_of_the_run(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="fellrunner.alps", data_as_of=None)
    run = run_of(workflow_of(SyncNode(key="fresh", label="Fresh", part="all"), slug="late"), account)
    begun = run.as_of
    late = taken(run, "fresh")
    WorkflowStep.objects.filter(id=late.step.id).update(claims=9)
    assert isinstance(sync(late), Succeeded)
    run.refresh_from_db()
    assert run.as_of == begun


def taken(run: WorkflowRun, key: str) -> Work:
    """Return the step as a worker took it."""
    claimed = claim(run.id)
    assert claimed is not None
    workflow = parse_workflow(run.definition.definition)
    step = WorkflowStep.objects.select_related("run").get(id=claimed.step_id)
    return Work(
        claim=claimed, step=step, workflow=workflow, node=workflow.node(key), hold=lambda seconds: None
    )


def test_audit_that_new_data_starts_starts_no_other(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="velvetfern")
    make_schedule(account=account, kind="event", expression=IMPORT_FINISHED, workflow="profile_audit")
    synced(account)
    for _ in range(3):
        fire_due(limit=10)
        for run in WorkflowRun.objects.filter(account=account, status="queued"):
            work(run)
    assert WorkflowRun.objects.filter(account=account, definition__slug="profile_audit").count() == 1


def test_audit_of_what_is_not_synced_goes_on_with_what_is_there(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(
        handle="nobody.there", data_source="file", data_as_of=world.as_of
    )
    assert "come from an imported file" in audited(account)


def test_sync_account_without_access_to_posts_fails_and_keeps_the_data_as_it_was(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(handle="lumenaria.de")
    SandboxCreator.objects.filter(username="lumenaria.de").update(scopes=["user.info.basic"])
    run = synced(account)
    account.refresh_from_db()
    assert (run.status, account.data_as_of) == ("failed", None)
    assert statuses(run)["finish"] == "skipped"
    assert "stays as of the last sync" in report_of(run)


def test_sync_account_of_a_file_says_why_it_is_not_synced(world: World) -> None:
    account: TikTokAccount = AccountFactory.create(
        handle="brothwell", data_source="file", data_as_of=world.as_of
    )
    run = synced(account)
    assert run.status == "failed"
    assert "come from an imported file" in run.steps.get(key="posts").error
