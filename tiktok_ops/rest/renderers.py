"""Answers that are no JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer


class MarkdownRenderer(BaseRenderer):
    """Writes a text as it is; a refusal stays problem+json."""

    media_type = "text/markdown"
    format = "md"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the bytes of the answer."""
        if isinstance(data, str):
            return data.encode()
        return JSONRenderer().render(data)


class EventStreamRenderer(BaseRenderer):
    """Stands for a stream of server-sent events, which is no text to render; its refusals stay problem+json."""

    media_type = "text/event-stream"
    format = "events"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the bytes of a refusal."""
        return JSONRenderer().render(data)
