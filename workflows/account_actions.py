"""What workflows offer on the pages of accounts: the audit, posts, and how the last run went; and of media."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.html import format_html

from tiktok_ops.accounts.account_actions import (
    AccountAction,
    AccountFact,
    Started,
    register_action,
    register_fact,
)
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.cells import status_badge
from tiktok_ops.content.asset_uses import register_uses
from tiktok_ops.content.imports.listeners import register_listener
from tiktok_ops.workers import NO_WORKER, no_worker_is_up, register_count
from workflows.asset_uses import find_runs
from workflows.models import WorkflowRun
from workflows.post_pages import draft_page, new_post_page
from workflows.presence import present
from workflows.schedules.events import IMPORT_FINISHED
from workflows.schedules.firing import fire_event
from workflows.services import start_run

PROFILE_AUDIT = "profile_audit"


def register() -> None:
    """Offer the audit and posts, show last runs and where media are used, count workers, listen for imports."""
    register_action(
        AccountAction(
            name="run_profile_audit",
            label="Run profile audit",
            question="Four agents read the posts of this account and write a report. Nothing is published.",
            icon="monitor_heart",
            capability=Capability.RUN,
            start=start_profile_audit,
        )
    )
    register_action(
        AccountAction(
            name="draft_a_post",
            label="Draft a post",
            question="",
            icon="edit_note",
            capability=Capability.RUN,
            page=draft_page,
        )
    )
    register_action(
        AccountAction(
            name="new_post",
            label="New post",
            question="",
            icon="add_box",
            capability=Capability.RUN,
            page=new_post_page,
        )
    )
    register_uses(find_runs)
    register_listener(tell_schedules)
    runs = WorkflowRun.objects.filter(account=OuterRef("pk")).order_by("-id")
    newest = Subquery(runs.values(found=JSONObject(id="id", status="status"))[:1])
    register_fact(AccountFact(name="last_run", title="Last run", annotation=newest, show=_show_last_run))
    register_count(lambda: present().workers)


def start_profile_audit(*, account: TikTokAccount, by: User) -> Started:
    """Start the audit on workers; raises `Refused` with one sentence when it cannot start."""
    run = start_run(PROFILE_AUDIT, account_id=account.id, by=by)
    return Started(
        text=f"The profile audit of {account} has started.",
        url=reverse("admin:workflows_workflowrun_change", args=[run.id]),
        warning=NO_WORKER if no_worker_is_up() else "",
    )


def tell_schedules(account: TikTokAccount) -> None:
    """Let the schedules be due that wait for an import into the account."""
    fire_event(IMPORT_FINISHED, account_id=account.id)


def _show_last_run(account: TikTokAccount, newest: Any) -> str:
    """Return the status of the newest run, leading to it."""
    if newest is None:
        return "None yet"
    url = reverse("admin:workflows_workflowrun_change", args=[newest["id"]])
    return format_html('<a href="{}">{}</a>', url, status_badge(newest["status"]))
