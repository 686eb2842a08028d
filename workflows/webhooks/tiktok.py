"""What a webhook of TikTok does: the step whose post it names asks TikTok now. It is a hint, never the truth."""

from typing import Any

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.providers.tiktok.access import open_id
from workflows.effects.models import Effect
from workflows.webhooks.handled import Handled, bring_forward, ignored, not_understood, too_early
from workflows.webhooks.models import WebhookMessage

PUBLISHING = frozenset(
    {
        "post.publish.complete",
        "post.publish.failed",
        "post.publish.inbox_delivered",
        "post.publish.publicly_available",
        "post.publish.no_longer_publicaly_available",  # the documentation's own spelling
        "post.publish.no_longer_publicly_available",
    }
)
"""The events that name a post; developers.tiktok.com, "Webhooks: Events"."""


class Envelope(BaseModel):
    """What every webhook has; `content` is JSON in a string."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    client_key: str
    event: str = Field(max_length=120)
    user_openid: str
    content: str


class Publishing(BaseModel):
    """What the content of an event about a post has."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    publish_id: str = Field(pattern=r"^[!-~]{1,64}$")


def handle(message: WebhookMessage) -> Handled:
    """Let the step whose post it names ask TikTok, if the message is for our app and of the post's account."""
    try:
        told = Envelope.model_validate_json(bytes(message.body))
    except ValidationError as error:
        return not_understood(f"It is no webhook of TikTok: {_first(error)}.")
    if not settings.TIKTOK_CLIENT_KEY or told.client_key != settings.TIKTOK_CLIENT_KEY:
        return ignored("It is for another app: its client_key is not TIKTOK_CLIENT_KEY.")
    if told.event not in PUBLISHING:
        return ignored(f"Nothing here follows from the event {told.event!r}.")
    try:
        content = Publishing.model_validate_json(told.content.encode(errors="replace"))
    except ValidationError as error:
        return not_understood(f"Its content names no post: {_first(error)}.")
    return _about(content.publish_id, told.user_openid)


def _about(publish_id: str, user_openid: str) -> Handled:
    effect = Effect.objects.select_related("account", "step").filter(provider_ref=publish_id).first()
    if effect is None:
        return too_early(f"No post of ours has the publish id {publish_id!r}.")
    known = open_id(handle=effect.account.handle, mode=effect.mode)
    if not known or user_openid != known:
        return ignored("It is about another account than the one the post is of.")
    return bring_forward([effect.step])


def _first(error: ValidationError) -> str:
    """Return which field does not do and why, without quoting what was sent."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'!r} does not do ({first['type']})"
