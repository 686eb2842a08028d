"""The admin's sidebar: a person's day, in the order it is worked."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from tiktok_ops.alerts.badge import open_alerts

_GROUPS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        "Work",
        [
            ("Accounts", "person_play", "accounts_tiktokaccount"),
            ("Needs review", "fact_check", "approvals_approvalrequest"),
            ("Runs", "play_circle", "workflows_workflowrun"),
            ("Batches", "stacks", "workflows_batch"),
            ("Effects", "send", "workflows_effect"),
            ("Alerts", "notifications_active", "alerts_alert"),
            ("Schedules", "schedule", "workflows_schedule"),
            ("Workflows", "account_tree", "workflows_workflowdefinition"),
            ("Agents", "smart_toy", "workflows_workflowdefinition:agents"),
            ("Stop switch", "front_hand", "workflows_stopswitch"),
            ("Imports", "upload_file", "content_contentimport"),
        ],
    ),
    (
        "Content",
        [
            ("Posts", "movie", "content_post"),
            ("Media", "video_library", "content_asset"),
            ("Reports", "description", "content_artifact"),
            ("Agent runs", "neurology", "agents_agentrun"),
            ("Memory", "lightbulb", "agents_memoryitem"),
            ("Findings", "shield", "agents_guardrailfinding"),
        ],
    ),
    (
        "Set up",
        [
            ("Workspaces", "apartment", "accounts_workspace"),
            ("Brands", "sell", "accounts_brand"),
            ("People", "group", "accounts_user"),
            ("API keys", "key", "accounts_apikey"),
            ("Budgets", "savings", "agents_budget"),
            ("Guardrails", "health_and_safety", "agents_guardrailpolicy"),
            ("Secrets", "lock", "vault_secret"),
            ("Prices", "payments", "agents_modelprice"),
            ("Breakers", "electrical_services", "agents_breaker"),
            ("Webhooks", "webhook", "workflows_webhookmessage"),
            ("Refused webhooks", "block", "workflows_webhookrefusal"),
            ("Audit", "policy", "audit_auditevent"),
        ],
    ),
]

_COUNTED: dict[str, Callable[[HttpRequest], int]] = {"alerts_alert": open_alerts}
"""Pages whose entry says how much waits there for a person; nothing is said of nothing."""


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return unfold's navigation: every group with the pages this person may open."""
    current = _current(request)
    return [
        {"title": title, "items": [_item(request, current, *page) for page in pages]}
        for title, pages in _GROUPS
    ]


def page_titles() -> dict[str, str]:
    """Return what the sidebar calls each page, by its address."""
    return {_address(page): title for _, pages in _GROUPS for title, _, page in pages}


def _current(request: HttpRequest) -> str:
    """Return the address of the entry a request is within: the longest, for one may lie below another."""
    within = [address for address in page_titles() if request.path.startswith(address)]
    return max(within, key=len, default="")


def _address(page: str) -> str:
    """Return where a page is: a model's list, or `MODEL:VIEW` beside it."""
    model, _, view = page.partition(":")
    return reverse(f"admin:{model}_{view or 'changelist'}")


def _item(request: HttpRequest, current: str, title: str, icon: str, page: str) -> dict[str, Any]:
    """Return one entry; it is shown to whoever may view the page's rows, and marked where they are."""
    app, model = page.partition(":")[0].split("_", 1)
    item = {
        "title": title,
        "icon": icon,
        "link": (address := _address(page)),
        "active": address == current,
        "permission": lambda request: _may_view(request, app, model),
    }
    counted = _COUNTED.get(page)
    return item if counted is None else item | {"badge": counted(request), "badge_variant": "danger"}


def _may_view(request: HttpRequest, app: str, model: str) -> bool:
    """Return whether the page's own admin lets this person in."""
    page = admin.site._registry.get(apps.get_model(app, model))
    return page is not None and page.has_view_permission(request)
