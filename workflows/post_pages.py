"""The pages on which a person begins a post: a video and words of their own, or a draft by agents."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.errors import Refused
from workflows.creators import Creator, creator_of
from workflows.estimates import estimate_words
from workflows.forms import DraftForm, OwnPostForm, SettingsForm
from workflows.models import WorkflowRun
from workflows.new_photo_posts import PHOTO_POST, start_photo_post
from workflows.new_posts import OWN_POST, POST_DRAFT, check_account, start_own_post, start_post_draft
from workflows.photo_forms import PhotoPostForm


def new_post_page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
    """Show the form of an own post; on POST keep the video, start the run and lead to it.

    Raises `PostRefused` for an account nothing is posted to.
    """
    check_account(account)
    creator = creator_of(account)
    form = OwnPostForm(*_given(request), account=account, creator=creator, by=by)
    if form.is_bound and form.is_valid():
        try:
            run = start_own_post(
                account=account,
                by=by,
                video=form.video(),
                caption=form.cleaned_data["caption"],
                settings=form.settings(),
                creator=creator,
                is_dry_run=form.cleaned_data["is_dry_run"],
                cap_usd=form.cleaned_data["cap_usd"],
            )
            return _lead_to(run)
        except Refused as refused:
            _show_refusal(form, refused)
    title = f"New post on {account}"
    return _page(request, "admin/workflows/posts/new_post.html", form, account, creator, title, OWN_POST)


def new_photo_post_page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
    """Show the form of a photo post; on POST keep the photos, start the run and lead to it.

    Raises `PostRefused` for an account nothing is posted to.
    """
    check_account(account)
    creator = creator_of(account)
    form = PhotoPostForm(*_given(request), account=account, creator=creator)
    if form.is_bound and form.is_valid():
        try:
            run = start_photo_post(
                account=account,
                by=by,
                photos=form.cleaned_data["photos"],
                settings=form.photo_settings(),
                creator=creator,
                rights_note=form.cleaned_data["rights_note"],
                rights_expire_at=form.cleaned_data["rights_last_day"],
                is_dry_run=form.cleaned_data["is_dry_run"],
                cap_usd=form.cleaned_data["cap_usd"],
            )
            return _lead_to(run)
        except Refused as refused:
            _show_refusal(form, refused)
    title = f"New photo post on {account}"
    return _page(
        request, "admin/workflows/posts/new_photo_post.html", form, account, creator, title, PHOTO_POST
    )


def draft_page(request: HttpRequest, *, account: TikTokAccount, by: User) -> HttpResponse:
    """Show the form of a draft; on POST start the run and lead to it.

    Raises `PostRefused` for an account nothing is posted to.
    """
    check_account(account)
    creator = creator_of(account)
    form = DraftForm(*_given(request), account=account, creator=creator)
    if form.is_bound and form.is_valid():
        try:
            run = start_post_draft(
                account=account,
                by=by,
                settings=form.settings(),
                creator=creator,
                topics=form.cleaned_data["topics"],
                duration_seconds=form.cleaned_data["duration_seconds"],
                is_dry_run=form.cleaned_data["is_dry_run"],
                cap_usd=form.cleaned_data["cap_usd"],
            )
            return _lead_to(run)
        except Refused as refused:
            _show_refusal(form, refused)
    title = f"Draft a post on {account}"
    return _page(request, "admin/workflows/posts/draft.html", form, account, creator, title, POST_DRAFT)


def _given(request: HttpRequest) -> list[Any]:
    return [request.POST, request.FILES] if request.method == "POST" else []


def _lead_to(run: WorkflowRun) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:workflows_workflowrun_change", args=[run.id]))


def _show_refusal(form: SettingsForm, refused: Refused) -> None:
    """Put the sentence beside its field, or above the form where it is about none."""
    field = getattr(refused, "field", "")
    form.add_error(field if field in form.fields else None, str(refused))


def _page(
    request: HttpRequest,
    template: str,
    form: SettingsForm,
    account: TikTokAccount,
    creator: Creator,
    title: str,
    workflow: str,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "opts": TikTokAccount._meta,
        "media": form.media,
        "form": form,
        "account": account,
        "creator": creator,
        "title": title,
        "costs": estimate_words(workflow),
        "account_url": reverse("admin:accounts_tiktokaccount_change", args=[account.pk]),
    }
    return TemplateResponse(request, template, context)
