"""The forms of new posts: what a person chooses, with nothing chosen for them."""

from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from agents.definitions.content_ideator import MOST_IDEAS
from agents.definitions.content_producer import ProducerInput
from agents.definitions.drafting import LONGEST_TOPIC
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.cells import megabytes, shortened
from tiktok_ops.content.asset_facts import length_and_sides
from tiktok_ops.content.assets import usable_videos
from tiktok_ops.content.forms import VIDEO_HELP, DateWidget, last_day_field, note_field
from tiktok_ops.content.models import Asset
from tiktok_ops.time_zones import WallTimeMissing, WallTimeTwice, Which, moment_of
from workflows.approval_kinds import PRIVACY_WORDS
from workflows.cap_fields import run_cap_field
from workflows.creators import Creator
from workflows.new_posts import NewVideo, PostSettings

MOST_OFFERED = 100
EARLIEST_YEAR, LATEST_YEAR = 2000, 2999  # beyond, calendars and time zones come to their ends


def switch(label: str, help_text: str = "") -> forms.BooleanField:
    """Return a box that is off until somebody ticks it."""
    return forms.BooleanField(required=False, widget=UnfoldBooleanWidget, label=label, help_text=help_text)


class SettingsForm(forms.Form):
    """Who sees a post, what they may do with it, what has to be said of it, and when it goes out."""

    privacy_level = forms.ChoiceField(
        widget=UnfoldAdminRadioSelectWidget,
        label="Who can see it",
        error_messages={"required": "Choose who can see it: nothing is chosen for you."},
    )
    allow_comment = switch("Comments")
    allow_duet = switch("Duet")
    allow_stitch = switch("Stitch")
    discloses = switch(
        "It promotes goods or services in exchange for something of value",
        "TikTok then says so on the post. A post that keeps it quiet may be taken down.",
    )
    is_brand_organic = switch(
        "Your brand", "It promotes the creator or their own business; labelled “Promotional content”."
    )
    is_branded_content = switch(
        "Branded content", "It promotes another brand or a third party; labelled “Paid partnership”."
    )
    day = forms.DateField(required=False, widget=DateWidget, label="Day")
    time = forms.TimeField(
        required=False,
        widget=forms.TimeInput({"type": "time", "class": " ".join(INPUT_CLASSES)}, format="%H:%M"),
        label="Time",
    )
    cap_usd = run_cap_field()
    is_dry_run = switch("Dry run", "Agents work, nobody is asked and nothing is sent; you see what would be.")
    which = forms.ChoiceField(
        required=False,
        choices=[(Which.FIRST.value, "The first"), (Which.SECOND.value, "The second, an hour later")],
        widget=UnfoldAdminRadioSelectWidget,
        label="Which of the two",
    )

    def __init__(self, *args: Any, account: TikTokAccount, creator: Creator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.is_shown_twice = False
        self.publish_at: datetime | None = None
        levels = [(level, PRIVACY_WORDS[level].capitalize()) for level in creator.levels]
        self.fields["privacy_level"].choices = levels  # type: ignore[attr-defined]
        for name in ("comment", "duet", "stitch"):
            if getattr(creator, f"{name}_disabled"):
                field = self.fields[f"allow_{name}"]
                field.disabled = True
                field.help_text = "Switched off by the creator in the TikTok app."

    def clean(self) -> dict[str, Any]:
        """Check what concerns more than one field."""
        cleaned = super().clean() or self.cleaned_data
        self._clean_disclosure(cleaned)
        if not {"day", "time"} & set(self.errors):
            self._clean_slot(cleaned)
        return cleaned

    def settings(self) -> PostSettings:
        """Return what was chosen; the form is valid."""
        given = self.cleaned_data
        discloses = given["discloses"]
        return PostSettings(
            privacy_level=given["privacy_level"],
            is_brand_organic=discloses and given["is_brand_organic"],
            is_branded_content=discloses and given["is_branded_content"],
            is_ai_generated=given.get("is_ai_generated", False),
            publish_at=self.publish_at,
            **{name: given[name] for name in ("allow_comment", "allow_duet", "allow_stitch")},
        )

    def _clean_disclosure(self, cleaned: dict[str, Any]) -> None:
        is_said = cleaned.get("is_brand_organic") or cleaned.get("is_branded_content")
        if cleaned.get("discloses") and not is_said:
            self.add_error("discloses", "Say what it promotes: your brand, branded content, or both.")

    def _clean_slot(self, cleaned: dict[str, Any]) -> None:
        day, time = cleaned.get("day"), cleaned.get("time")
        if day is None and time is None:
            return
        if day is None or time is None:
            missing = "day" if day is None else "time"
            self.add_error(missing, f"Give the {missing}, too, or leave both empty.")
            return
        if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            self.add_error("day", f"The year is {day.year}: choose a day within a year from now.")
            return
        which = Which(cleaned["which"]) if cleaned.get("which") else None
        try:
            self.publish_at = moment_of(datetime.combine(day, time), self.account.time_zone, which=which)
        except WallTimeMissing as refused:
            self.add_error("time", str(refused))
        except WallTimeTwice as refused:
            self.is_shown_twice = True
            self.add_error("which", str(refused))


class OwnPostForm(SettingsForm):
    """A person's own video and words."""

    upload = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "video/mp4,video/quicktime,video/webm"}),
        label="Upload a video",
        help_text=VIDEO_HELP,
        error_messages={"empty": "The file is empty; choose a video."},
    )
    rights_note = note_field()
    rights_last_day = last_day_field()
    asset = forms.ModelChoiceField(
        Asset.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        label="Or use one that is kept here",
        empty_label="None",
    )
    caption = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "dir": "auto"}),
        label="Caption",
        help_text="With its hashtags and mentions; it may stay empty.",
    )

    is_ai_generated = switch(
        "Made with AI", "For realistic pictures, voices or scenes that were generated; labelled as such."
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usable = usable_videos(self.account, by=by)
        field: Any = self.fields["asset"]
        field.queryset = Asset.objects.filter(id__in=list(usable.values_list("id", flat=True)[:MOST_OFFERED]))
        field.label_from_instance = asset_label

    def clean_caption(self) -> str:
        """Return the caption with the line ends TikTok counts as one; browsers send two."""
        return str(self.cleaned_data["caption"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Check that there is one video."""
        cleaned = super().clean()
        if not {"upload", "asset"} & set(self.errors):
            if cleaned.get("upload") and cleaned.get("asset"):
                self.add_error("asset", "Choose one video: upload one, or use one that is kept here.")
            elif not cleaned.get("upload") and not cleaned.get("asset"):
                self.add_error("upload", "Choose a video: upload one, or use one that is kept here.")
        return cleaned

    def video(self) -> Any:
        """Return the new video, or the id of the asset; the form is valid."""
        given = self.cleaned_data
        if given["asset"]:
            return given["asset"].id
        return NewVideo(
            file=given["upload"],
            rights_note=given["rights_note"],
            rights_expire_at=given["rights_last_day"],
        )


class DraftForm(SettingsForm):
    """What a draft is to be about, and how long."""

    topics = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        label="Topics",
        help_text="Separated by commas. Left empty: what did best on this account.",
    )
    duration_seconds = forms.IntegerField(
        required=False,
        min_value=3,
        max_value=60,
        widget=UnfoldAdminIntegerFieldWidget,
        label="Length in seconds",
        help_text=f"3 to 60. Left empty: {ProducerInput.model_fields['duration_seconds'].default}.",
    )

    def clean_topics(self) -> list[str]:
        """Return the topics, each once."""
        parts = (part.strip() for part in self.cleaned_data["topics"].split(","))
        topics = list(dict.fromkeys(filter(None, parts)))
        if len(topics) > MOST_IDEAS:
            raise forms.ValidationError(f"There are {len(topics)} topics: name at most {MOST_IDEAS}.")
        if longest := next((topic for topic in topics if len(topic) > LONGEST_TOPIC), ""):
            raise forms.ValidationError(
                f"The topic {shortened(longest, chars=40)!r} is longer than {LONGEST_TOPIC} characters: shorten it."
            )
        return topics


def asset_label(asset: Asset) -> str:
    """Return one line by which a person tells a video from the others."""
    added = f"added {asset.created_at.day} {asset.created_at:%b %Y, %H:%M}"
    told = (length_and_sides(asset), megabytes(asset.bytes), added, shortened(asset.rights_note, chars=40))
    return " · ".join(filter(None, told))
