"""The forms in which a person says what became of an effect: it is live, with the link; or it is not."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from workflows.effects.another_attempt import LONGEST_REASON

LONGEST_URL = 300


class LinkForm(forms.Form):
    """The address of the post, or of the page of TikTok's on which it was seen; whether it is one, the service says."""

    url = forms.CharField(
        label="Link to the post",
        max_length=LONGEST_URL,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="In the app: Share, then Copy link; in a browser: the address of the post.",
        error_messages={"required": "Paste the link to the post: without it nothing is proven."},
    )

    def __init__(self, *args: Any, is_post: bool = True, **kwargs: Any) -> None:
        """Ask for the link of a post, or for where on TikTok what is no post was seen."""
        super().__init__(*args, **kwargs)
        if not is_post:
            self.fields["url"].label = "Address of the page on which you saw it"
            self.fields[
                "url"
            ].help_text = "The video's page, the thread, the shop or the ads manager, on TikTok."


class AttemptForm(forms.Form):
    """A person's word that the post is not there, confirmed, with where they looked."""

    is_not_live = forms.BooleanField(
        label="I looked at the account in the app, and the post is not there",
        widget=UnfoldBooleanWidget,
        error_messages={"required": "Look at the account first, then say that the post is not there."},
    )
    reason = forms.CharField(
        label="What you saw",
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Kept in the audit trail.",
        error_messages={"required": "Say in a sentence where you looked, and what you saw."},
    )
