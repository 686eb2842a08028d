"""The field in which a person writes what runs work with: names and values, as JSON; nothing is an empty box."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget


class ValuesField(forms.JSONField):
    """Names and values; what is empty is shown as an empty box, and what is not JSON is refused with an example."""

    default_error_messages = {"invalid": 'This is not JSON: write it as {"window_days": 14}.'}

    def __init__(self, *, rows: int = 4, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of the box."""
        return "" if value in (None, {}, []) else super().prepare_value(value)
