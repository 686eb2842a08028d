"""The form of an import."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.content.imports.source import MAX_FILE_BYTES

MAX_FILE_MEGABYTES = MAX_FILE_BYTES // 1024**2


class UploadForm(forms.Form):
    """A file of posts and the account it goes into."""

    account = forms.ModelChoiceField(
        TikTokAccount.objects.none(),
        widget=UnfoldAdminSelectWidget,
        empty_label="Choose an account",
        help_text="Rows of other accounts in the file are left out, and counted.",
    )
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"CSV or JSON Lines in UTF-8, up to {MAX_FILE_MEGABYTES} MB.",
        error_messages={"empty": "The file is empty: choose one with a header and at least one post."},
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = TikTokAccount.objects.visible_to(by, Capability.IMPORT)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]

    def clean_file(self) -> "UploadedFile[bytes]":
        """Refuse a file that could not be read anyway."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(
                f"The file {file.name!r} is larger than {MAX_FILE_MEGABYTES} MB: split it into smaller files."
            )
        return file
