"""Filters of the run pages."""

import json
from collections.abc import Mapping
from typing import Any

from django import template

from tiktok_ops.cells import visible
from tiktok_ops.markdown import render_markdown
from workflows.models import WorkflowStep

register = template.Library()
register.filter("prose", render_markdown)


@register.filter
def pretty(value: Any) -> str:
    """Return a JSON value as indented text."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False))


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """Return `values[key]`, or the key itself when there is no such entry."""
    return values.get(key, key)


@register.filter
def seconds(step: WorkflowStep) -> str:
    """Return how long a step took, from its first start to its end, as `0.42 s`; a dash while it has not ended."""
    if step.started_at is None or step.finished_at is None:
        return "–"
    return f"{(step.finished_at - step.started_at).total_seconds():.2f} s"
