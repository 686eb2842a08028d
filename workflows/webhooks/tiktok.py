"""What a webhook of TikTok does: the step whose post it names asks TikTok now. It is a hint, never the truth.

One is more than a hint: that our access was taken back. It can only take away what a person gives again.
"""

from typing import Any

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.connections.models import TikTokConnection
from agents.connections.services import lose
from agents.providers.tiktok.access import open_id
from workflows.effects.models import Effect
from workflows.webhooks.handled import Handled, bring_forward, done, ignored, not_understood, too_early
from workflows.webhooks.models import WebhookMessage

ACTOR = "webhook of TikTok"
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


REMOVED = "authorization.removed"
REASONS = {
    1: "its owner took our access back in the TikTok app.",
    2: "the account was deleted.",
    3: "the age in the account was changed.",
    4: "the account was banned.",
    5: "TikTok, or we ourselves, ended it.",
}
"""Why an authorization was removed, by TikTok's number; 0 and all others are not told."""


class Envelope(BaseModel):
    """What every webhook has; `content` is JSON in a string."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    client_key: str
    event: str = Field(max_length=120)
    create_time: int = 0
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
    if told.event == REMOVED:
        return _removed(told, is_late=message.is_late)
    if told.event not in PUBLISHING:
        return ignored(f"Nothing here follows from the event {told.event!r}.")
    try:
        content = Publishing.model_validate_json(told.content.encode(errors="replace"))
    except ValidationError as error:
        return not_understood(f"Its content names no post: {_first(error)}.")
    return _about(content.publish_id, told.user_openid)


class Removal(BaseModel):
    """What the content of `authorization.removed` has."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    reason: int = 0


def _removed(told: Envelope, *, is_late: bool) -> Handled:
    """Let the accounts TikTok means be connected again; not those that were, since it happened."""
    try:
        reason = Removal.model_validate_json(told.content.encode(errors="replace")).reason
    except ValidationError as error:
        return not_understood(f"Its content says no reason: {_first(error)}.")
    meant = TikTokConnection.objects.select_related("account").filter(
        open_id=told.user_openid, status="connected"
    )
    # Repeated for three days: what a person gave since is not taken away by what happened before.
    older = [one for one in meant if int(one.connected_at.timestamp()) <= told.create_time and not is_late]
    why = REASONS.get(reason, "TikTok says that our access was removed.")
    lost = [str(one.account) for one in older if lose(connection=one, why=why, by=ACTOR)]
    if not lost:
        return ignored("No account that is connected since before then has that id.")
    return done(f"{', '.join(lost)} has to be connected again: {why}")


def _about(publish_id: str, user_openid: str) -> Handled:
    effect = Effect.objects.select_related("account", "step").filter(provider_ref=publish_id).first()
    if effect is None:
        return too_early(f"No post of ours has the publish id {publish_id!r}.")
    known = open_id(account=effect.account, mode=effect.mode)
    if not known or user_openid != known:
        return ignored("It is about another account than the one the post is of.")
    return bring_forward([effect.step])


def _first(error: ValidationError) -> str:
    """Return which field does not do and why, without quoting what was sent."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'!r} does not do ({first['type']})"
