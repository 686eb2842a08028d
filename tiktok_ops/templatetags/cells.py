"""Cells as filters: what a page shows in its own template looks as it does in a list."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from tiktok_ops import cells

register = template.Library()
register.filter(cells.status_badge)
register.filter(cells.visible)


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """Return a time as people read it, `18 Nov 2026, 14:02 UTC`."""
    return cells.moment(at)


@register.filter
def second(at: datetime | None) -> SafeString | str:
    """Return a time with its seconds, `18 Nov 2026, 14:02:07 UTC`, where the order of things matters."""
    return cells.moment(at, to_the_second=True)


@register.filter
def spoken(name: object) -> str:
    """Return a name of ours as people read it, `window_days` as `window days`."""
    return str(name).replace("_", " ")
