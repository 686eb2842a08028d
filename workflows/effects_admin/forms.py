"""The form that closes an effect with a person's link."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

LONGEST_URL = 300


class LinkForm(forms.Form):
    """The address of the post, as copied from TikTok; whether it is one, the service says."""

    url = forms.CharField(
        label="Link to the post",
        max_length=LONGEST_URL,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="In the app: Share, then Copy link; in a browser: the address of the post.",
        error_messages={"required": "Paste the link to the post: without it nothing is proven."},
    )
