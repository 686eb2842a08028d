"""The page of imports: upload a file, see what it would do, have that done, or read what to mend."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import moment, shortened, status_badge, whole
from tiktok_ops.content.admin.import_summaries import shown_kinds
from tiktok_ops.content.forms import UploadForm
from tiktok_ops.content.imports.comments import COMMENT_COLUMNS
from tiktok_ops.content.imports.tables import COLUMNS
from tiktok_ops.content.imports.uploads import cancel_import, confirm_import, request_import
from tiktok_ops.content.models import ContentImport
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.dialogs import act_and_tell
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter, StatusFilter
from tiktok_ops.workers import NO_WORKER, no_worker_is_up


class ImportStatusFilter(StatusFilter):
    """Filters imports by status."""

    statuses = IMPORT.statuses


_STILL = IMPORT.terminal | {"ready"}
"""The statuses in which nothing happens before a person does something."""


@admin.register(ContentImport)
class ContentImportAdmin(MachineWrittenAdmin):
    """Files people uploaded or imported by command, and what came of each."""

    list_display = (
        "file_cell",
        "account",
        "status_cell",
        "rows_cell",
        "changes_cell",
        "by_cell",
        "asked_cell",
    )
    list_select_related = ("account", "requested_by")
    list_filter_submit = True
    list_filter = (("account", ScopedRelatedFilter), ImportStatusFilter)
    search_fields = ("file_name",)
    search_help_text = "Search by file name"
    empty_text = (
        "Nothing was imported yet. Choose Import a file above: the posts a scraper wrote, or TikTok Studio's "
        "Content, are enough for a first audit."
    )
    panel_template: str = "admin/content/contentimport/panel.html"
    fields = ("account", "file_cell", "sha256", "by_cell", "asked_cell", "finished_cell")

    def get_urls(self) -> list[URLPattern]:
        """Add the upload form, what the page of a running import asks for, and what a person decides."""
        guarded = self.admin_site.admin_view
        mine = [
            path("upload/", guarded(self.upload_view), name="content_contentimport_upload"),
            path(
                "<path:object_id>/progress/",
                guarded(self.progress_view),
                name="content_contentimport_progress",
            ),
            path(
                "<path:object_id>/confirm/", guarded(self.confirm_view), name="content_contentimport_confirm"
            ),
            path("<path:object_id>/cancel/", guarded(self.cancel_view), name="content_contentimport_cancel"),
        ]
        return [*mine, *super().get_urls()]

    def has_import_permission(self, request: HttpRequest, obj: ContentImport | None = None) -> bool:
        """Return whether the person may import into this import's account, or into any."""
        return self.is_granted(request, Capability.IMPORT, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the way to the upload form for whoever may import."""
        url = reverse("admin:content_contentimport_upload") if self.has_import_permission(request) else ""
        return super().changelist_view(request, (extra_context or {}) | {"import_url": url})  # type: ignore[no-any-return]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form; on POST queue the file and lead to its import."""
        user: Any = request.user
        if not self.has_import_permission(request):
            raise PermissionDenied
        account = self._preselected(request)
        form = UploadForm(
            *([request.POST, request.FILES] if request.method == "POST" else []),
            by=user,
            initial={"account": account},
        )
        if form.is_bound and form.is_valid():
            try:
                upload = request_import(
                    account_id=form.cleaned_data["account"].pk, file=form.cleaned_data["file"], by=user
                )
                return HttpResponseRedirect(reverse("admin:content_contentimport_change", args=[upload.pk]))
            except Refused as refused:
                form.add_error(None, str(refused))
        return self._upload_page(request, form, account)

    def _preselected(self, request: HttpRequest) -> TikTokAccount | None:
        """Return the account the address names; 404 when this person cannot import into it."""
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

    def _upload_page(
        self, request: HttpRequest, form: UploadForm, account: TikTokAccount | None
    ) -> HttpResponse:
        return self.form_page(
            request,
            form,
            template="admin/content/contentimport/upload.html",
            title=f"Import a file into {account}" if account else "Import a file",
            submit="Upload and preview",
            columns=COLUMNS,
            comment_columns=COMMENT_COLUMNS,
        )

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the file imported whose preview the person saw."""
        user, upload = self._decided(request, object_id)
        seen = request.POST.get("sha256", "")
        return act_and_tell(
            request,
            lambda: confirm_import(import_id=upload.pk, seen_sha256=seen, by=user),
            done=lambda confirmed: f"{confirmed.file_name} is being imported.",
            url=reverse("admin:content_contentimport_change", args=[upload.pk]),
        )

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Throw the file away."""
        user, upload = self._decided(request, object_id)
        return act_and_tell(
            request,
            lambda: cancel_import(import_id=upload.pk, by=user),
            done=lambda cancelled: f"{cancelled.file_name} was thrown away; nothing of it was imported.",
            url=reverse("admin:content_contentimport_changelist"),
        )

    def _decided(self, request: HttpRequest, object_id: str) -> tuple[User, ContentImport]:
        """Return who decides on which import; 404 and 403 for who may not."""
        user: Any = request.user
        upload: ContentImport | None = self.get_object(request, unquote(object_id))
        if upload is None:
            raise Http404
        if request.method != "POST" or not self.has_import_permission(request, upload):
            raise PermissionDenied
        return user, upload

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the panel alone, for the page to put in the place of the one it shows."""
        upload = self.get_object(request, unquote(object_id))
        if upload is None:
            raise Http404
        response = TemplateResponse(request, self.panel_template, self.panel_context(request, upload))
        if upload.status in _STILL:
            response["HX-Refresh"] = "true"  # the rest of the page has something to say now, too
        return response

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return how far the import is, or what came of it."""
        is_over = row.status in _STILL
        return {
            "upload": row,
            "is_over": is_over,
            "may_import": self.has_import_permission(request, row),
            "is_done": row.status == "succeeded",
            "kinds": shown_kinds(row),
            "parts": row.summary.get("parts", []),
            "notes": row.summary.get("notes", []),
            "skipped": row.summary.get("left_out", []),
            "confirm_url": reverse("admin:content_contentimport_confirm", args=[row.pk]),
            "cancel_url": reverse("admin:content_contentimport_cancel", args=[row.pk]),
            "rows": f"{whole(row.rows_done)} of {whole(row.rows_total)}",
            "percent": round(100 * row.rows_done / row.rows_total) if row.rows_total else 0,
            "no_worker": NO_WORKER if not is_over and no_worker_is_up() else "",
            "left_out": sorted(row.left_out.items(), key=lambda item: (-item[1], item[0])),
            "progress_url": reverse("admin:content_contentimport_progress", args=[row.pk]),
            "account_url": reverse("admin:accounts_tiktokaccount_change", args=[row.account_id]),
            "posts_url": f"{reverse('admin:content_post_changelist')}?account__id__exact={row.account_id}",
            "again_url": f"{reverse('admin:content_contentimport_upload')}?account={row.account_id}",
        }

    @admin.display(description="File", ordering="file_name")
    def file_cell(self, upload: ContentImport) -> str:
        """Show the file's own name."""
        return shortened(upload.file_name, chars=60)

    @admin.display(description="Status", ordering="status")
    def status_cell(self, upload: ContentImport) -> SafeString:
        """Show how far it is."""
        return status_badge(upload.status)

    @admin.display(description="Rows")
    def rows_cell(self, upload: ContentImport) -> str:
        """Show how many rows were read of how many."""
        return f"{whole(upload.rows_done)} of {whole(upload.rows_total)}"

    @admin.display(description="New / changed / same")
    def changes_cell(self, upload: ContentImport) -> str:
        """Show what became of the rows."""
        counts = (upload.posts_created, upload.posts_updated, upload.posts_unchanged)
        return " / ".join(map(whole, counts))

    @admin.display(description="By", ordering="requested_by")
    def by_cell(self, upload: ContentImport) -> str:
        """Show who asked for it."""
        return str(upload.requested_by or "Command line")

    @admin.display(description="Asked for", ordering="created_at")
    def asked_cell(self, upload: ContentImport) -> str:
        """Show when it was asked for."""
        return moment(upload.created_at)

    @admin.display(description="Finished")
    def finished_cell(self, upload: ContentImport) -> str:
        """Show when it ended."""
        return moment(upload.finished_at)
