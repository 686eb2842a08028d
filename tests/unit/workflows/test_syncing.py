"""`sync_account` from its start to its report, and what waits for an account to be up to date."""

from datetime import timedelta

import pytest

from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import World
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxCreator, SandboxRequest
from tests.factories.accounts import AccountFactory
from tests.factories.posting import work
from tests.factories.schedules import make_schedule
from tests.factories.workflows import statuses
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact, Post
from workflows.models import WorkflowRun
from workflows.schedules.events import IMPORT_FINISHED
from workflows.schedules.firing import fire_due
from workflows.services import start_run


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
