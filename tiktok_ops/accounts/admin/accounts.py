"""The page of TikTok accounts, and what may be started on them."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action as unfold_action
from unfold.enums import ActionVariant

from tiktok_ops.accounts.account_actions import (
    AccountAction,
    AccountFact,
    Started,
    account_actions,
    account_facts,
)
from tiktok_ops.accounts.forms import AccountForm
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.cells import link, moment, status_badge
from tiktok_ops.dialogs import go_to
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter

MAX_ACCOUNTS = 50


@admin.register(TikTokAccount)
class AccountAdmin(ScopedAdmin):
    """TikTok accounts: where their posts come from, and what was last done with them."""

    form = AccountForm
    audit_noun = "account"
    list_display = ("handle_cell", "brand", "ownership", "mode_cell", "data_cell")
    list_select_related = ("workspace", "brand")
    list_filter_submit = True
    list_filter = (
        ("brand", ScopedRelatedFilter),
        ("ownership", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
    )
    search_fields = ("handle",)
    search_help_text = "Search by handle"
    empty_text = (
        "There are no accounts yet. Add one with the + above, then import a file of its posts: "
        "an audit reads those."
    )
    readonly_fields = ("mode_cell", "data_source", "as_of_cell")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the accounts with what the apps above know of them."""
        facts = {fact.name: fact.annotation for fact in account_facts()}
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**facts)
        return rows

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Return the columns, with the facts of the apps above as the last ones."""
        return [*self.list_display, *map(_fact_cell, _fact_names())]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        """Return what is not written here: the mode takes two people, and the workspace stays."""
        fixed = [*self.readonly_fields, *map(_fact_cell, _fact_names())]
        return fixed if obj is None else ["workspace", *fixed]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields: what is known of the account, then what people write."""
        written = (
            None,
            {"fields": ["workspace", "handle", "brand", "ownership", "time_zone", "locale", "delivery"]},
        )
        if obj is None:
            return [written]
        known = [*self.readonly_fields, *map(_fact_cell, _fact_names())]
        return [(None, {"fields": [tuple(known)]}), ("Settings", written[1])]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the account may go: only while nothing was imported into it."""
        is_empty = obj is None or obj.data_source == TikTokAccount.Source.NONE
        return is_empty and super().has_delete_permission(request, obj)

    def has_run_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may start runs on this account, or on any."""
        return self._may(request, Capability.RUN, object_id)

    def has_import_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may import posts into this account, or into any."""
        return self._may(request, Capability.IMPORT, object_id)

    def has_manage_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may say how this account, or any, is connected."""
        return self._may(request, Capability.MANAGE, object_id)

    def _may(self, request: HttpRequest, capability: Capability, object_id: str | None) -> bool:
        if object_id is None:
            return self.is_granted(request, capability)
        account = self.get_object(request, unquote(object_id))
        return account is not None and self.is_granted(request, capability, account)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the way to an import for whoever may import."""
        context = (extra_context or {}) | {"import_url": self._import_url(request, None)}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Return the account's page, with the way to an import for whoever may import."""
        context = (extra_context or {}) | {"import_url": self._import_url(request, object_id)}
        return super().changeform_view(request, object_id, form_url, context)

    def _import_url(self, request: HttpRequest, object_id: str | None) -> str:
        if not self.has_import_permission(request, object_id):
            return ""
        url = reverse("admin:content_contentimport_upload")
        return url if object_id is None else f"{url}?account={unquote(object_id)}"

    @admin.display(description="Account", ordering="handle")
    def handle_cell(self, account: TikTokAccount) -> SafeString:
        """Show the handle with its workspace."""
        return format_html("{}<small>{}</small>", account, account.workspace)

    @admin.display(description="Mode", ordering="mode")
    def mode_cell(self, account: TikTokAccount) -> SafeString:
        """Show whether outward acts are real."""
        return status_badge(account.mode)

    @admin.display(description="Data as of", ordering="data_as_of")
    def as_of_cell(self, account: TikTokAccount) -> str:
        """Show the time of the last post known."""
        return moment(account.data_as_of)

    @admin.display(description="Data as of", ordering="data_as_of")
    def data_cell(self, account: TikTokAccount) -> SafeString | str:
        """Show the time of the last post known, with where the posts come from."""
        source = account.get_data_source_display()
        as_of = account.data_as_of
        return (
            source if as_of is None else format_html("<div>{}<small>{}</small></div>", moment(as_of), source)
        )

    # What apps above offer -----------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the list's actions: what this person may start somewhere."""
        actions = super().get_actions(request)
        if IS_POPUP_VAR in request.GET:
            return actions
        offered = [each for each in account_actions() if self.is_granted(request, each.capability)]
        return actions | {each.name: (_list_action(each), each.name, each.label) for each in offered}

    @property
    def actions_detail(self) -> list[str]:
        """The names of what may be started from an account's page."""
        return [each.name for each in account_actions() if each.several is None]

    def get_unfold_action(self, action: str) -> UnfoldAction:
        """Return what unfold shows, asks and calls for a registered action."""
        offered = _offered(action)
        method = _detail_page(offered) if offered.page else _detail_action(offered)
        return UnfoldAction(
            action_name=f"accounts_tiktokaccount_{action}",
            method=method.__get__(self),
            description=offered.label,
            path=action.replace("_", "-"),
            icon=offered.icon,
            variant=ActionVariant.PRIMARY if action == self.actions_detail[0] else ActionVariant.DEFAULT,
            dialog=getattr(method, "dialog", None),
        )

    def show_page(self, request: HttpRequest, action: AccountAction, account: TikTokAccount) -> HttpResponse:
        """Return the action's page for the account, or lead back to the account with the refusal."""
        user: Any = request.user
        assert action.page is not None
        try:
            return action.page(request, account=account, by=user)
        except Refused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse("admin:accounts_tiktokaccount_change", args=[account.pk]))

    def start_on(
        self, request: HttpRequest, action: AccountAction, accounts: list[TikTokAccount], **given: Any
    ) -> list[Started]:
        """Start `action` on each account with what its form asked, telling of every refusal; return what began."""
        user: Any = request.user
        chosen = TikTokAccount.objects.filter(pk__in=[account.pk for account in accounts])
        allowed = set(chosen.visible_to(user, action.capability).values_list("pk", flat=True))
        began = []
        for account in accounts:
            try:
                began.append(_start(action, account, user, given, is_allowed=account.pk in allowed))
            except Refused as refused:
                messages.error(request, str(refused))
        return began


def _start(
    action: AccountAction, account: TikTokAccount, user: Any, given: dict[str, Any], *, is_allowed: bool
) -> Started:
    if not is_allowed:
        raise Refused(_not_yours(action, account))
    assert action.start is not None
    return action.start(account=account, by=user, **given)


def _not_yours(action: AccountAction, account: TikTokAccount) -> str:
    return (
        f"You may not start {action.label!r} on {account}: ask an owner of its workspace "
        f"for a role that may {action.capability.value}."
    )


def _offered(name: str) -> AccountAction:
    return next(each for each in account_actions() if each.name == name)


def _list_action(offered: AccountAction) -> Callable[..., HttpResponse | None]:
    """Return the list's action."""
    if offered.several is not None:
        return _list_several(offered.several)
    return _list_page(offered) if offered.page else _list_start(offered)


def _list_several(address_of: Callable[[Sequence[TikTokAccount]], str]) -> Callable[..., HttpResponse | None]:
    """Return the list's way to where something is started on all that are selected."""

    def lead(
        page: AccountAdmin, request: HttpRequest, queryset: QuerySet[TikTokAccount]
    ) -> HttpResponse | None:
        accounts = list(queryset[: MAX_ACCOUNTS + 1])
        if len(accounts) > MAX_ACCOUNTS:
            messages.error(request, f"Choose at most {MAX_ACCOUNTS} accounts at a time.")
            return None
        return HttpResponseRedirect(address_of(accounts))

    return lead


def _list_page(offered: AccountAction) -> Callable[..., HttpResponse | None]:
    """Return the list's way to the action's page, for the one account that is selected."""

    def lead(
        page: AccountAdmin, request: HttpRequest, queryset: QuerySet[TikTokAccount]
    ) -> HttpResponse | None:
        accounts = list(queryset[:2])
        if len(accounts) > 1:
            messages.error(request, f"Choose one account at a time for {offered.label!r}.")
            return None
        if not page.is_granted(request, offered.capability, accounts[0]):
            messages.error(request, _not_yours(offered, accounts[0]))
            return None
        name = f"admin:accounts_tiktokaccount_{offered.name}"
        return HttpResponseRedirect(reverse(name, args=[accounts[0].pk]))

    return lead


def _list_start(offered: AccountAction) -> Callable[..., HttpResponse | None]:
    """Return the list's action: one account leads to what began, several to a message with links."""

    def start(
        page: AccountAdmin, request: HttpRequest, queryset: QuerySet[TikTokAccount]
    ) -> HttpResponse | None:
        accounts = list(queryset[: MAX_ACCOUNTS + 1])
        if len(accounts) > MAX_ACCOUNTS:
            messages.error(request, f"Choose at most {MAX_ACCOUNTS} accounts at a time.")
            return None
        began = page.start_on(request, offered, accounts)
        if len(accounts) == 1 and began:
            return HttpResponseRedirect(began[0].url)
        for each in began:
            messages.success(request, link(each.text, each.url))
        for warning in dict.fromkeys(each.warning for each in began if each.warning):
            messages.warning(request, warning)
        return None

    return start


def _detail_action(offered: AccountAction) -> Any:
    """Return the action of an account's page: a dialog that asks, then a POST that starts."""

    def start(page: AccountAdmin, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        account = page.get_object(request, unquote(object_id))
        asked = offered.form.declared_fields if offered.form else ()
        given = {name: form.cleaned_data[name] for name in asked if not name.startswith("_")}
        began = page.start_on(request, _offered(offered.name), [account], **given)
        here = reverse("admin:accounts_tiktokaccount_change", args=[account.pk])
        return go_to(request, began[0].url if began else here)

    start.__name__ = offered.name  # unfold looks the action up by it
    return unfold_action(
        start,
        permissions=[offered.capability.value],
        description=offered.label,
        icon=offered.icon,
        dialog={
            "title": offered.label,
            "description": offered.question,
            "form_class": offered.form,
            "form_submit_text": offered.label,
        },
    )


def _detail_page(offered: AccountAction) -> Any:
    """Return the action of an account's page that leads to a page: GET shows it, POST acts on it."""

    def show(page: AccountAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        account = page.get_object(request, unquote(object_id))
        return page.show_page(request, _offered(offered.name), account)

    show.__name__ = offered.name  # unfold looks the action up by it
    return unfold_action(
        show, permissions=[offered.capability.value], description=offered.label, icon=offered.icon
    )


def _fact_names() -> list[str]:
    return [fact.name for fact in account_facts()]


@cache  # Django finds a field's function again by its identity
def _fact_cell(name: str) -> Callable[[TikTokAccount], str]:
    """Return the column that shows a fact of an app above."""
    fact: AccountFact = next(each for each in account_facts() if each.name == name)

    def cell(account: TikTokAccount) -> str:
        return fact.show(account, getattr(account, name, None))

    cell.__name__ = name
    cell.short_description = fact.title  # type: ignore[attr-defined]
    return cell
