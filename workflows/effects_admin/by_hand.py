"""Posting by hand: who may close an effect when, and what a person has to choose in the app."""

from datetime import datetime

from workflows.approval_kinds import VideoPost
from workflows.effects.models import Effect
from workflows.effects.next_look import is_unknown_long
from workflows.posts import Post

_WATCHERS = {
    "PUBLIC_TO_EVERYONE": "Everyone",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "FOLLOWER_OF_CREATOR": "Followers",
    "SELF_ONLY": "Only you",
}


def takes_a_link(effect: Effect, *, now: datetime) -> bool:
    """Return whether a person's link closes the effect: handed over, or unknown for 15 minutes."""
    return effect.status == "handed_over" or is_unknown_long(effect, now=now)


def settings_in_the_app(post: Post) -> list[tuple[str, str]]:
    """Return what to choose in the app, in the order it asks, as (setting, choice)."""
    return [
        ("Who can view this post", _WATCHERS[post.privacy_level]),
        ("Allow comments", _switch(post.allow_comment)),
        *_of_videos(post),
        ("Disclose commercial content", _disclosure(post)),
        *_made_with_ai(post),
    ]


def _of_videos(post: Post) -> list[tuple[str, str]]:
    """Return what the app asks of videos alone, and of photos alone."""
    if isinstance(post, VideoPost):
        return [("Allow Duet", _switch(post.allow_duet)), ("Allow Stitch", _switch(post.allow_stitch))]
    return [("Cover", f"Photo {post.cover_index + 1}"), ("Add music", _switch(post.auto_add_music))]


def _made_with_ai(post: Post) -> list[tuple[str, str]]:
    """Return the label the app has for videos alone."""
    if isinstance(post, VideoPost):
        return [("AI-generated content", _switch(post.is_ai_generated))]
    return []


def _disclosure(post: Post) -> str:
    named = {"Your brand": post.is_brand_organic, "Branded content": post.is_branded_content}
    chosen = " and ".join(name for name, is_on in named.items() if is_on)
    return f"On: {chosen}" if chosen else "Off"


def _switch(is_on: bool) -> str:
    return "On" if is_on else "Off"
