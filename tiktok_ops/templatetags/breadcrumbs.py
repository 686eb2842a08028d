"""The way to a page, in the words of the sidebar."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from tiktok_ops.navigation import page_titles

register = template.Library()


@register.filter
def as_in_sidebar(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return unfold's parts without the name of the app, lists called as the sidebar calls them."""
    titles = page_titles()
    shown = parts[1:] if len(parts) > 1 else parts
    return [{**part, "title": titles.get(str(part.get("link")), part["title"])} for part in shown]
