"""The form of a photo post: what a person chooses, with nothing chosen for them."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from agents.skills.captions import utf16_length
from tiktok_ops.content.forms import last_day_field, note_field
from tiktok_ops.content.uploads import Upload
from workflows.forms import SettingsForm, switch
from workflows.new_photo_posts import PhotoSettings
from workflows.photo_kinds import DESCRIPTION_MAX_UTF16, MOST_PHOTOS, TITLE_MAX_UTF16


class PhotosWidget(UnfoldAdminFileFieldWidget):  # type: ignore[misc]
    """A file field that takes several."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One photo or more, in the order they were chosen."""

    widget = PhotosWidget(attrs={"accept": "image/jpeg,image/webp", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        """Return the uploads, each checked as one is."""
        given = data if isinstance(data, list) and data else [data or None]
        return [super(PhotosField, self).clean(one, initial) for one in given]


class PhotoPostForm(SettingsForm):
    """A person's own photos and words; photos have neither duet nor stitch, nor an AI label."""

    photos = PhotosField(
        label="Photos",
        help_text=f"JPEG or WebP, up to {MOST_PHOTOS}, each up to 20 MB and 1080p; shown in this order.",
        error_messages={
            "required": "Choose at least one photo.",
            "empty": "A file is empty; choose a photo.",
        },
    )
    cover = forms.IntegerField(
        min_value=1,
        max_value=MOST_PHOTOS,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        label="Cover",
        help_text="Which of the photos is seen first, counted from 1.",
    )
    rights_note = note_field()
    rights_last_day = last_day_field()
    title = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextInputWidget,
        label="Title",
        help_text="Up to 90 UTF-16 units.",
    )
    description = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "dir": "auto"}),
        label="Description",
        help_text="With its hashtags and mentions, up to 4,000 UTF-16 units; it may stay empty.",
    )
    auto_add_music = switch("Music", "TikTok chooses and adds it; it can be changed in the app.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["allow_duet"], self.fields["allow_stitch"]

    def clean_title(self) -> str:
        """Return the title, if TikTok takes its length."""
        return _fitting(self.cleaned_data["title"], TITLE_MAX_UTF16)

    def clean_description(self) -> str:
        """Return the description with the line ends TikTok counts as one; browsers send two."""
        return _fitting(str(self.cleaned_data["description"]).replace("\r\n", "\n"), DESCRIPTION_MAX_UTF16)

    def clean(self) -> dict[str, Any]:
        """Check that there are not too many photos, and that the cover is one of them."""
        cleaned = super().clean()
        photos, cover = cleaned.get("photos"), cleaned.get("cover")
        if photos and len(photos) > MOST_PHOTOS:
            self.add_error("photos", f"There are {len(photos)} photos: TikTok takes {MOST_PHOTOS}.")
        elif photos and cover and cover > len(photos):
            self.add_error(
                "cover", f"The cover is number {cover} of {len(photos)} photos: choose one of them."
            )
        return cleaned

    def photo_settings(self) -> PhotoSettings:
        """Return what was chosen; the form is valid."""
        given = self.cleaned_data
        discloses = given["discloses"]
        return PhotoSettings(
            title=given["title"],
            description=given["description"],
            cover_index=given["cover"] - 1,
            privacy_level=given["privacy_level"],
            allow_comment=given["allow_comment"],
            auto_add_music=given["auto_add_music"],
            is_brand_organic=discloses and given["is_brand_organic"],
            is_branded_content=discloses and given["is_branded_content"],
            publish_at=self.publish_at,
        )


def _fitting(text: str, most: int) -> str:
    length = utf16_length(text)
    if length > most:
        raise forms.ValidationError(f"It is {length:,} UTF-16 units long and TikTok takes {most:,}.")
    return text
