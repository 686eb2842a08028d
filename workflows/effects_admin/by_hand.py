"""Posting by hand: who may close an effect when, and what a person has to choose in the app."""

from datetime import datetime

from workflows.approval_kinds import VideoPost
from workflows.effects.models import Effect
from workflows.effects.next_look import is_unknown_long

_WATCHERS = {
    "PUBLIC_TO_EVERYONE": "Everyone",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "FOLLOWER_OF_CREATOR": "Followers",
    "SELF_ONLY": "Only you",
}


def takes_a_link(effect: Effect, *, now: datetime) -> bool:
    """Return whether a person's link closes the effect: handed over, or unknown for 15 minutes."""
    return effect.status == "handed_over" or is_unknown_long(effect, now=now)


def settings_in_the_app(post: VideoPost) -> list[tuple[str, str]]:
    """Return what to choose in the app, in the order it asks, as (setting, choice)."""
    return [
        ("Who can view this post", _WATCHERS[post.privacy_level]),
        ("Allow comments", _switch(post.allow_comment)),
        ("Allow Duet", _switch(post.allow_duet)),
        ("Allow Stitch", _switch(post.allow_stitch)),
        ("Disclose commercial content", _disclosure(post)),
        ("AI-generated content", _switch(post.is_ai_generated)),
    ]


def _disclosure(post: VideoPost) -> str:
    named = {"Your brand": post.is_brand_organic, "Branded content": post.is_branded_content}
    chosen = " and ".join(name for name, is_on in named.items() if is_on)
    return f"On: {chosen}" if chosen else "Off"


def _switch(is_on: bool) -> str:
    return "On" if is_on else "Off"
