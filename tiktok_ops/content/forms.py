"""The forms of imports and media."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.forms import check_brand
from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.content.imports.source import MAX_FILE_BYTES
from tiktok_ops.content.models import Asset
from tiktok_ops.time_zones import end_of_day

MAX_FILE_MEGABYTES = MAX_FILE_BYTES // 1024**2
VIDEO_HELP = (
    "MP4, MOV or WebM; 3 seconds to 10 minutes. Outside 360 to 4096 pixels on each side, 23 to 60 frames a second, "
    "H.264, H.265, VP8 and VP9 a copy that fits is made first."
)
LONGEST_NOTE = 1000
LATEST_YEAR = 2999


class UploadForm(forms.Form):
    """A file and the account it goes into."""

    account = forms.ModelChoiceField(
        TikTokAccount.objects.none(),
        widget=UnfoldAdminSelectWidget,
        empty_label="Choose an account",
        help_text="Rows of other accounts in the file are left out, and counted.",
    )
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"As you got it: JSON, CSV, XLSX or a ZIP of these, up to {MAX_FILE_MEGABYTES} MB.",
        error_messages={"empty": "The file is empty: choose one with a header and at least one row."},
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


class DateWidget(forms.DateInput):
    """The browser's own choice of a day."""

    def __init__(self) -> None:
        super().__init__({"type": "date", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%d")


class LastDayField(forms.DateField):
    """The last day of something, shown as a day and kept as the midnight that ends it, in UTC."""

    widget = DateWidget

    def to_python(self, value: Any) -> Any:
        """Return the end of the day that was written; None for none."""
        day = super().to_python(value)
        if day is not None and day.year > LATEST_YEAR:
            raise ValidationError(f"The year is {day.year}: leave the day empty when there is no end.")
        return None if day is None else end_of_day(day)

    def prepare_value(self, value: Any) -> Any:
        """Return the day that ends with a moment."""
        return _last_day(value) if isinstance(value, datetime) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another day was written."""
        try:
            given = self.to_python(data)
        except ValidationError:
            return True
        return self.prepare_value(initial) != self.prepare_value(given)  # type: ignore[no-any-return]


def _last_day(end: datetime) -> date:
    return (end - timedelta(microseconds=1)).date()


def note_field() -> forms.CharField:
    """Return the field for who gave the right to use a file."""
    return forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        label="Rights",
        help_text="Who made it, or who allowed its use, and for what.",
    )


def last_day_field() -> LastDayField:
    """Return the field for how long a file may be used."""
    return LastDayField(
        required=False,
        label="May be used until",
        help_text="The last day, in UTC. Left empty, the right does not end.",
    )


class AssetUploadForm(forms.Form):
    """A video, whose it is, and the right to use it."""

    workspace = forms.ModelChoiceField(
        Workspace.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose a workspace"
    )
    brand = forms.ModelChoiceField(
        Brand.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="Every brand of the workspace",
    )
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "video/mp4,video/quicktime,video/webm"}),
        label="Video",
        help_text=VIDEO_HELP,
        error_messages={"empty": "The file is empty; choose a video."},
    )
    rights_note = note_field()
    rights_last_day = last_day_field()

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brands = Brand.objects.visible_to(by, Capability.IMPORT)
        self._whole = workspaces_with(by, Capability.IMPORT)
        workspaces = Workspace.objects.filter(
            Q(id__in=self._whole.values("id")) | Q(id__in=brands.values("workspace"))
        )
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]
        self.fields["workspace"].queryset = workspaces  # type: ignore[attr-defined]
        chosen = list(workspaces[:2])
        if len(chosen) == 1:
            self.initial.setdefault("workspace", chosen[0])

    def clean(self) -> dict[str, Any]:
        """Check that the brand is one of the workspace, and named where only brands are one's own."""
        cleaned = super().clean() or self.cleaned_data
        workspace, brand = cleaned.get("workspace"), cleaned.get("brand")
        if workspace is None or "brand" in self.errors:
            return cleaned
        try:
            check_brand(brand, workspace.id)
        except ValidationError as error:
            self.add_error("brand", error)
        if brand is None and not self._whole.filter(id=workspace.id).exists():
            self.add_error("brand", "Choose the brand: you work for named brands of this workspace only.")
        return cleaned


class RightsForm(forms.ModelForm[Asset]):
    """The right to use an asset; its bytes are never changed."""

    rights_note = note_field()
    rights_expire_at = last_day_field()

    class Meta:
        model = Asset
        fields = ("rights_note", "rights_expire_at")

    def clean_rights_expire_at(self) -> datetime | None:
        """Keep the exact moment where the day was left as it was."""
        given: datetime | None = self.cleaned_data["rights_expire_at"]
        return given if "rights_expire_at" in self.changed_data else self.instance.rights_expire_at
