"""The page of media: what there is, what it looks like, and how long it may be used."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.byte_ranges import serve_file
from tiktok_ops.cells import badge, megabytes, moment
from tiktok_ops.content.admin.fitting import fitting_panel, kept_message
from tiktok_ops.content.asset_facts import ENDINGS, figures, kind_of_file, length_and_sides
from tiktok_ops.content.asset_uses import uses_of
from tiktok_ops.content.assets import open_verified
from tiktok_ops.content.fitting import fit_again
from tiktok_ops.content.forms import AssetUploadForm, RightsForm
from tiktok_ops.content.models import Asset
from tiktok_ops.content.uploads import upload_video
from tiktok_ops.errors import Refused
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter

SOON = timedelta(days=7)


@admin.register(Asset)
class AssetAdmin(ScopedAdmin):
    """Media files and the right to use them. People change the right; nobody changes the bytes."""

    form = RightsForm
    audit_noun = "asset"
    write_capability = Capability.IMPORT
    list_display = ("what_cell", "size_cell", "brand", "workspace", "rights_cell", "added_cell")
    list_select_related = ("workspace", "brand")
    list_filter_submit = True
    list_filter = (
        ("workspace", ScopedRelatedFilter),
        ("brand", ScopedRelatedFilter),
        ("created_at", DayRangeFilter),
    )
    search_fields = ("sha256", "rights_note")
    search_help_text = "Search by digest or by the note on rights"
    fields = ("rights_note", "rights_expire_at")
    empty_text = (
        "There is no media yet. Choose Upload a video above, or open an account and choose New post: "
        "what is uploaded there is kept here. Videos that drafts make appear here, too."
    )
    panel_template: str = "admin/content/asset/panel.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the upload form, the file itself, the check of its bytes, and the copy that fits."""
        guarded = self.admin_site.admin_view
        mine = [
            path("upload/", guarded(self.upload_view), name="content_asset_upload"),
            path("<path:object_id>/file/", guarded(self.file_view), name="content_asset_file"),
            path("<path:object_id>/check/", guarded(self.check_view), name="content_asset_check"),
            path("<path:object_id>/fit/", guarded(self.fit_view), name="content_asset_fit"),
        ]
        return [*mine, *super().get_urls()]

    # Who may do what ------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: files are uploaded, and looked into, on a page of their own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: what was posted stays on file."""
        return False

    def has_upload_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may upload for any workspace or brand."""
        return self.is_granted(request, Capability.IMPORT)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        """Write the right to use it, and no other column."""
        obj.save(update_fields=["rights_note", "rights_expire_at"])

    # The pages ------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the way to the upload form for whoever may upload."""
        url = reverse("admin:content_asset_upload") if self.has_upload_permission(request) else ""
        return super().changelist_view(request, (extra_context or {}) | {"upload_url": url})  # type: ignore[no-any-return]

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the file is, where it is used, and the ways to see and to check it."""
        user: Any = request.user
        return {
            "asset": row,
            "kind": kind_of_file(row),
            "figures": figures(row),
            "rights": _rights(row),
            "uses": uses_of(row, user),
            "fitting": fitting_panel(row, user),
            "may_fit": self.has_change_permission(request, row),
            "file_url": reverse("admin:content_asset_file", args=[row.pk]) if row.file else "",
            "check_url": reverse("admin:content_asset_check", args=[row.pk]),
        }

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form; on POST look into the video, keep it, and lead to its page."""
        user: Any = request.user
        if not self.has_upload_permission(request):
            raise PermissionDenied
        account = self._preselected(request)
        initial = {"workspace": account.workspace_id, "brand": account.brand_id} if account else {}
        given = [request.POST, request.FILES] if request.method == "POST" else []
        form = AssetUploadForm(*given, by=user, initial=initial)
        if form.is_bound and form.is_valid():
            try:
                return self._keep(request, form)
            except Refused as refused:
                form.add_error("file", str(refused))
        return self.form_page(
            request,
            form,
            template="admin/content/asset/upload.html",
            title=f"Upload a video for {account}" if account else "Upload a video",
            submit="Upload",
        )

    def _keep(self, request: HttpRequest, form: AssetUploadForm) -> HttpResponse:
        given, user = form.cleaned_data, request.user
        assert user.is_authenticated
        asset, is_new = upload_video(
            workspace_id=given["workspace"].id,
            brand_id=given["brand"].id if given["brand"] else None,
            upload=given["file"],
            rights_note=given["rights_note"],
            rights_expire_at=given["rights_last_day"],
            by=user,
        )
        if is_new:
            fits, said = kept_message(asset)
            messages.add_message(request, messages.SUCCESS if fits else messages.WARNING, said)
        else:
            messages.info(request, "The workspace has this very file already; nothing about it was changed.")
        return HttpResponseRedirect(reverse("admin:content_asset_change", args=[asset.pk]))

    def _preselected(self, request: HttpRequest) -> TikTokAccount | None:
        """Return the account the address names; 404 when this person may bring nothing into it."""
        user: Any = request.user
        written = request.GET.get("account")
        if not written:
            return None
        try:
            wanted = UUID(written)
        except ValueError as error:
            raise Http404 from error
        account = TikTokAccount.objects.visible_to(user, Capability.IMPORT).filter(pk=wanted).first()
        if account is None:
            raise Http404
        return account

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Return the file, or the range of it that is asked for; 404 for whoever may not read it."""
        asset = self._asset(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not asset.file:
            raise Http404
        name = f"{asset.sha256[:12]}.{ENDINGS.get(asset.media_type, 'bin')}"
        try:
            return serve_file(request, Path(asset.file.path), media_type=asset.media_type, name=name)
        except FileNotFoundError:
            raise Http404 from None

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Read the whole file and say whether it is the one that was kept.

        On demand and by POST: it may be gigabytes, which opening a page must not have to wait for.
        """
        asset = self._asset(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            open_verified(asset).close()
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request, f"The file is the one that was kept: its digest is still {asset.sha256[:12]}…"
            )
        return HttpResponseRedirect(reverse("admin:content_asset_change", args=[asset.pk]))

    def fit_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Have the copy that fits made again, after it could not be made."""
        asset, user = self._asset(request, object_id), request.user
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request, asset):
            raise PermissionDenied
        assert user.is_authenticated
        try:
            fit_again(asset, by=user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "The copy is being made again; this page will lead to it.")
        return HttpResponseRedirect(reverse("admin:content_asset_change", args=[asset.pk]))

    def _asset(self, request: HttpRequest, object_id: str) -> Asset:
        asset: Asset | None = self.get_object(request, unquote(object_id))
        if asset is None:
            raise Http404
        return asset

    # Cells ----------------------------------------------------------------------------------------

    @admin.display(description="Media", ordering="media_type")
    def what_cell(self, asset: Asset) -> SafeString:
        """Show what it is, how long it runs and how large its picture is."""
        return format_html(
            "{}<small>{}</small>", kind_of_file(asset), length_and_sides(asset) or asset.sha256[:12]
        )

    @admin.display(description="Size", ordering="bytes")
    def size_cell(self, asset: Asset) -> str:
        """Show how large the file is."""
        return megabytes(asset.bytes)

    @admin.display(description="Rights until", ordering="rights_expire_at")
    def rights_cell(self, asset: Asset) -> SafeString | str:
        """Show how long it may be used, with a badge when that is over or nearly."""
        return _rights(asset)

    @admin.display(description="Added", ordering="created_at")
    def added_cell(self, asset: Asset) -> str:
        """Show when it was kept."""
        return moment(asset.created_at)


def _rights(asset: Asset) -> SafeString | str:
    end = asset.rights_expire_at
    if end is None:
        return "No end"
    left = end - timezone.now()
    if left > SOON:
        return moment(end)
    warning = badge("Ended", "bad") if left <= timedelta(0) else badge("Ends soon", "warning")
    return format_html("{} {}", moment(end), warning)
