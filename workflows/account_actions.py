"""What workflows offer on the pages of accounts: the audit, posts, and how the last run went; and of media."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html

from agents.connections.listeners import register_listener as register_listener_to_connections
from agents.connections.pages import connection_actions, connection_fact
from agents.sync.parts import check_is_synced
from tiktok_ops.accounts.account_actions import (
    AccountAction,
    AccountFact,
    Page,
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
from workflows.cap_fields import RunForm
from workflows.effects.models import Effect
from workflows.estimates import estimate_words
from workflows.models import WorkflowRun
from workflows.post_pages import draft_page, new_photo_post_page, new_post_page
from workflows.presence import present
from workflows.protocol import wake
from workflows.schedules.events import IMPORT_FINISHED
from workflows.schedules.firing import fire_event
from workflows.schedules.keeping_up import SYNC, keep_up_to_date
from workflows.services import start_run

PROFILE_AUDIT = "profile_audit"
ON_ACCOUNT_PAGES = frozenset({PROFILE_AUDIT, SYNC, "post_draft", "own_post", "photo_post"})
"""The workflows that are started on the page of an account, which asks for what they need."""


def register() -> None:
    """Offer the audit and posts, show last runs and where media are used, count workers, listen for imports."""
    for action in (*_actions(), *connection_actions()):
        register_action(action)
    register_uses(find_runs)
    register_listener(tell_schedules)
    runs = WorkflowRun.objects.filter(account=OuterRef("pk")).order_by("-id")
    newest = Subquery(runs.values(found=JSONObject(id="id", status="status"))[:1])
    register_fact(AccountFact(name="last_run", title="Last run", annotation=newest, show=_show_last_run))
    register_fact(connection_fact())
    register_listener_to_connections(wake_effects)
    register_listener_to_connections(keep_up_to_date)
    register_count(lambda: present().workers)


def _actions() -> tuple[AccountAction, ...]:
    """Return what may be started on an account."""
    return (
        AccountAction(
            name="run_profile_audit",
            label="Run profile audit",
            question=lazy(_about_profile_audit, str)(),
            icon="monitor_heart",
            capability=Capability.RUN,
            start=start_profile_audit,
            form=RunForm,
        ),
        AccountAction(
            name="sync_now",
            label="Sync now",
            question="Takes in what is new on TikTok: posts with their figures, comments, shop and trends. Nothing "
            "is changed there, and it costs nothing. An account whose posts come from a file is not synced.",
            icon="sync",
            capability=Capability.RUN,
            start=start_sync,
        ),
        _page("draft_a_post", "Draft a post", "edit_note", draft_page),
        _page("new_post", "New post", "add_box", new_post_page),
        _page("new_photo_post", "New photo post", "add_photo_alternate", new_photo_post_page),
        AccountAction(
            name="run_a_batch",
            label="Run a workflow as a batch",
            question="",
            icon="stacks",
            capability=Capability.RUN,
            several=start_batch_url,
        ),
    )


def _about_profile_audit() -> str:
    """Return what the audit does, and what it costs by its last runs; worked out when it is shown."""
    return (
        "Five agents read the posts of this account and write a report. Nothing is published. "
        f"{estimate_words(PROFILE_AUDIT)}"
    )


def _page(name: str, label: str, icon: str, page: Page) -> AccountAction:
    """Return an action with a page of its own."""
    return AccountAction(name=name, label=label, question="", icon=icon, capability=Capability.RUN, page=page)


def start_batch_url(accounts: Sequence[TikTokAccount]) -> str:
    """Return the address of the form of a batch, with these accounts chosen."""
    chosen = urlencode([("account", str(account.id)) for account in accounts])
    return f"{reverse('admin:workflows_batch_start')}?{chosen}"


def start_profile_audit(*, account: TikTokAccount, by: User, cap_usd: Decimal | None = None) -> Started:
    """Start the audit on workers; raises `Refused` with one sentence when it cannot start."""
    run = start_run(PROFILE_AUDIT, account_id=account.id, by=by, cap_usd=cap_usd)
    return _started(run, f"The profile audit of {account} has started.")


def start_sync(*, account: TikTokAccount, by: User) -> Started:
    """Start a sync on workers; raises `Refused` with one sentence when it cannot start."""
    check_is_synced(account)
    run = start_run(SYNC, account_id=account.id, by=by)
    return _started(run, f"The sync of {account} has started.")


def _started(run: WorkflowRun, text: str) -> Started:
    """Return what the person is told, and where it leads."""
    return Started(
        text=text,
        url=reverse("admin:workflows_workflowrun_change", args=[run.id]),
        warning=NO_WORKER if no_worker_is_up() else "",
    )


def wake_effects(account: TikTokAccount) -> None:
    """Let what waits to look, of the account's effects, look now: it is connected."""
    waiting = Effect.objects.filter(
        account=account, step__status="waiting", step__wake_at__isnull=False
    ).exclude(status__in=["held", "handed_over"])
    for step_id in waiting.values_list("step_id", flat=True):
        with transaction.atomic():
            wake(step_id)


def tell_schedules(account: TikTokAccount) -> None:
    """Let the schedules be due that wait for an import into the account."""
    fire_event(IMPORT_FINISHED, account_id=account.id)


def _show_last_run(account: TikTokAccount, newest: Any) -> str:
    """Return the status of the newest run, leading to it."""
    if newest is None:
        return "None yet"
    url = reverse("admin:workflows_workflowrun_change", args=[newest["id"]])
    return format_html('<a href="{}">{}</a>', url, status_badge(newest["status"]))
