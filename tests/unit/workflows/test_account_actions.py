"""What workflows offer on the pages of accounts: the audit, its run, and the last run's status."""

from typing import Any

import pytest
from django.contrib.messages import get_messages

from tests.factories.accounts import AccountFactory
from tests.factories.pages import World, make_world
from tests.factories.workflows import WorkflowRunFactory, doorbells
from tiktok_ops.accounts.account_actions import account_actions, account_facts
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused
from tiktok_ops.workers import NO_WORKER
from workflows import account_actions as offered
from workflows.account_actions import PROFILE_AUDIT, start_profile_audit
from workflows.doorbells import DOORBELL
from workflows.models import WorkflowRun
from workflows.services import RunRefused

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/tiktokaccount/"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_audit_is_offered_to_whoever_may_run() -> None:
    action = next(each for each in account_actions() if each.name == "run_profile_audit")
    assert (action.label, action.capability) == ("Run profile audit", Capability.RUN)
    assert "last_run" in {fact.name for fact in account_facts()}


def test_start_audit_starts_a_run_on_workers_and_names_its_page(world: World) -> None:
    started = start_profile_audit(account=world.account, by=world.people["operator"])
    run = WorkflowRun.objects.get()
    assert (run.account, run.requested_by, run.status) == (world.account, world.people["operator"], "queued")
    assert run.definition.slug == PROFILE_AUDIT
    assert started.url == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert (DOORBELL, (str(run.pk),)) in doorbells()


def test_sync_from_the_accounts_page_starts_a_run_and_leads_to_it(world: World) -> None:
    TikTokAccount.objects.filter(id=world.account.id).update(data_source="sync")
    answer = world.client("operator").post(f"{LIST}{world.account.pk}/sync-now/", {"_form_submitted": "True"})
    run = WorkflowRun.objects.get()
    assert (run.definition.slug, run.status) == ("sync_account", "queued")
    assert answer["Location"] == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert (
        world.client("viewer")
        .post(f"{LIST}{world.account.pk}/sync-now/", {"_form_submitted": "True"})
        .status_code
        == 403
    )


def test_sync_of_an_account_whose_posts_come_from_a_file_is_refused_at_once(world: World) -> None:
    TikTokAccount.objects.filter(id=world.account.id).update(data_source="file")
    answer = world.client("operator").post(f"{LIST}{world.account.pk}/sync-now/", {"_form_submitted": "True"})
    assert "come from an imported file: connect the account to TikTok to sync it" in " ".join(_said(answer))
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(("is_missing", "warning"), [(True, NO_WORKER), (False, "")])
def test_start_audit_warns_when_no_worker_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch, is_missing: bool, warning: str
) -> None:
    monkeypatch.setattr(offered, "no_worker_is_up", lambda: is_missing)
    assert start_profile_audit(account=world.account, by=world.people["operator"]).warning == warning


def test_start_audit_from_the_accounts_page_leads_to_the_run(world: World) -> None:
    answer = world.client("operator").post(
        f"{LIST}{world.account.pk}/run-profile-audit/", {"_form_submitted": "True"}
    )
    run = WorkflowRun.objects.get()
    assert answer["Location"] == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert world.client("operator").get(answer["Location"]).status_code == 200


def test_start_audit_from_the_list_starts_one_for_each_account(world: World) -> None:
    other = AccountFactory.create(workspace=world.workspace)
    given = {"action": "run_profile_audit", "_selected_action": [str(world.account.pk), str(other.pk)]}
    answer = world.client("operator").post(LIST, given)
    runs = {run.account: run for run in WorkflowRun.objects.all()}
    assert set(runs) == {world.account, other}
    links = "".join(_said(answer))
    for account, run in runs.items():
        assert f"/admin/workflows/workflowrun/{run.pk}/change/" in links
        assert f"The profile audit of {account} has started." in links


def test_start_audit_that_is_refused_shows_the_services_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(slug: str, **_: object) -> WorkflowRun:
        raise RunRefused("The workflow cannot start today.")

    monkeypatch.setattr(offered, "start_run", refuse)
    answer = world.client("operator").post(
        f"{LIST}{world.account.pk}/run-profile-audit/", {"_form_submitted": "True"}
    )
    assert _said(answer) == ["The workflow cannot start today."]
    assert answer["Location"] == f"{LIST}{world.account.pk}/change/"
    with pytest.raises(Refused):
        start_profile_audit(account=world.account, by=world.people["operator"])


@pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed"])
def test_show_last_run_leads_to_the_newest_with_its_status(world: World, status: str) -> None:
    WorkflowRunFactory.create(account=world.account, status="cancelled")
    newest = WorkflowRunFactory.create(account=world.account, status=status)
    text = world.client("viewer").get(LIST).content.decode()
    assert f'<a href="/admin/workflows/workflowrun/{newest.pk}/change/">' in text
    assert f">{status.capitalize()}</span>" in text
    assert "Cancelled" not in text


def test_show_last_run_of_an_account_never_run_says_so(world: World) -> None:
    changelist: Any = world.client("viewer").get(LIST).context["cl"]
    assert [row.last_run for row in changelist.result_list] == [None]
