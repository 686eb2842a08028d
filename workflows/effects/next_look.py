"""What TikTok's word about a post means for us, and when to ask again: decisions only."""

from datetime import datetime, timedelta
from enum import StrEnum

from agents.providers.errors import Advice
from agents.providers.tiktok.read.posting import PublishState, PublishStatus
from workflows.effects.models import Effect

FIRST_LOOK_SECONDS = 1.0
LONGEST_LOOK_SECONDS = 300.0
GROWTH = 1.6
"""Ours: 1 s, 1.6 s, 2.6 s … 5 minutes; TikTok says that moderation may take hours, and allows 30 calls a minute."""

LINK_AWAITED = timedelta(minutes=5)
"""How long a run waits for the link of a post that is out; TikTok names it after moderation."""

OVERDUE = timedelta(hours=24)
"""After this, a post TikTok says nothing final of is no longer called sent."""

UNKNOWN_LONG = timedelta(minutes=15)
"""From here on a person may say what became of an effect nobody is sure of."""


class Verdict(StrEnum):
    """What to do next."""

    CONFIRM = "confirm"
    SEND_AGAIN = "send again"
    GIVE_UP = "give up"
    UPLOAD_REST = "upload the rest"
    LOOK_AGAIN = "look again"


def read_status(status: PublishStatus, *, video_size_bytes: int) -> Verdict:
    """Return what to do about a post of which TikTok says this.

    A new announcement follows only on a final failure that TikTok says may be tried again.
    """
    if status.state is PublishState.PUBLISH_COMPLETE:
        return Verdict.CONFIRM
    if status.state is PublishState.FAILED:
        return Verdict.SEND_AGAIN if status.advice is Advice.RETRY else Verdict.GIVE_UP
    has_less = status.uploaded_bytes is not None and status.uploaded_bytes < video_size_bytes
    if status.state is PublishState.PROCESSING_UPLOAD and has_less:
        return Verdict.UPLOAD_REST
    return Verdict.LOOK_AGAIN


def look_again_seconds(looks: int) -> float:
    """Return when to ask again after `looks` looks without an end, in seconds."""
    # Beyond 40 looks the power is far above the bound, and floats have one too.
    return min(FIRST_LOOK_SECONDS * GROWTH ** min(looks, 40), LONGEST_LOOK_SECONDS)


def link_is_awaited(effect: Effect, *, now: datetime) -> bool:
    """Return whether a confirmed effect's link may still become known."""
    is_public = effect.evidence.get("privacy_level") == "PUBLIC_TO_EVERYONE"
    return is_public and not effect.post_id and now < effect.status_since + LINK_AWAITED


def is_overdue(effect: Effect, *, now: datetime) -> bool:
    """Return whether TikTok has said nothing final of a sent effect for too long."""
    return effect.status == "sent" and now >= effect.status_since + OVERDUE


def is_unknown_long(effect: Effect, *, now: datetime) -> bool:
    """Return whether nobody was sure of an effect for so long that a person may say what became of it."""
    return effect.status == "unknown" and effect.status_since <= now - UNKNOWN_LONG
