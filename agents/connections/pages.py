"""What the pages of accounts say and offer of connections: how it is, 'Connect to TikTok' and 'Disconnect'."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.connections.flow import begin, end
from agents.connections.models import TikTokConnection
from agents.connections.services import connection_of
from tiktok_ops.accounts.account_actions import AccountAction, AccountFact, Started
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.cells import badge

_WORDS = {
    "connected": ("Connected", "good"),
    "reconnect": ("Connect it again", "bad"),
    "disconnected": ("Disconnected", "neutral"),
}


def connection_actions() -> tuple[AccountAction, ...]:
    """Return what owners may do about an account's connection."""
    return (
        AccountAction(
            name="connect_to_tiktok",
            label="Connect to TikTok",
            question="",
            icon="link",
            capability=Capability.MANAGE,
            page=connect_page,
        ),
        AccountAction(
            name="disconnect_from_tiktok",
            label="Disconnect",
            question="TikTok is asked to end our access, and what it gave us is destroyed. What is on its way and "
            "not out yet waits, or fails, until the account is connected again.",
            icon="link_off",
            capability=Capability.MANAGE,
            start=disconnect_account,
        ),
    )


def connection_fact() -> AccountFact:
    """Return what the list of accounts shows: how the account is connected in its mode."""
    found = TikTokConnection.objects.filter(account=OuterRef("pk"), mode=OuterRef("mode"))
    newest = Subquery(found.values(found=JSONObject(status="status"))[:1])
    return AccountFact(name="connection", title="TikTok", annotation=newest, show=_show)


def connect_page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
    """Say what TikTok will ask; on POST lead there. Raises what `begin` refuses with."""
    if request.method == "POST":
        url = begin(request.session, account=account, redirect_uri=callback_address(request))
        return HttpResponseRedirect(url)
    known = connection_of(account, account.mode)
    context = {
        **admin.site.each_context(request),
        "opts": TikTokAccount._meta,
        "account": account,
        "title": f"Connect {account} to TikTok",
        "now": _shown(account, known.status if known else None),
        "why": known.why if known else "",
        "account_url": reverse("admin:accounts_tiktokaccount_change", args=[account.pk]),
    }
    return TemplateResponse(request, "admin/agents/connection/connect.html", context)


def callback_address(request: HttpRequest) -> str:
    """Return where TikTok sends the browser back to: under `PUBLIC_URL`, else where this request came in.

    TikTok knows it from its portal, character by character: absolute, static, without a query.
    """
    path = reverse("tiktok_callback")
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def disconnect_account(*, account: TikTokAccount, by: User) -> Started:
    """End the account's connection."""
    end(account=account, by=by)
    return Started(
        text=f"{account} is disconnected from TikTok.",
        url=reverse("admin:accounts_tiktokaccount_change", args=[account.pk]),
    )


def _show(account: TikTokAccount, found: Any) -> str:
    return _shown(account, found["status"] if found else None)


def _shown(account: TikTokAccount, status: str | None) -> str:
    """Return how an account is connected, as a badge; one of the sandbox needs no connection."""
    if status is not None:
        return badge(*_WORDS[status])
    return badge("Sandbox access", "info") if account.mode == "sandbox" else badge("Not connected", "warning")
