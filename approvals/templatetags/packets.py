"""Filters of the approval pages."""

from django import template

from tiktok_ops.cells import visible

register = template.Library()


@register.filter
def shown(value: object) -> str:
    """Return text as it will be posted, with characters that cannot be seen made visible."""
    return visible(str(value))
