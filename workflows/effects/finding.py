"""Finding a post whose publish id was lost, by its own words: never by being the latest one.

A photo post's words are looked for among what the account published since the attempt began, within an hour of it.
Exactly one, that no other effect of ours is, counts as TikTok's word, and only while no other photo post of the
account is on its way that it could be. None, several, or no words: a person says.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from agents.providers.errors import ProviderError
from agents.providers.tiktok.read.display import MOST_VIDEOS
from workflows.effects.following import url_of
from workflows.effects.hand_over import is_same_caption
from workflows.effects.models import Effect, PullAddress
from workflows.effects.posting import PhotoPosting

WINDOW = timedelta(hours=1)
"""How long after its address was opened a post may come out: TikTok pulls at once, and works for minutes."""

SLACK = timedelta(seconds=2)
"""TikTok tells the second a post was made in, without its parts."""


def find_by_words(posting: PhotoPosting) -> dict[str, Any] | None:
    """Return what the effect then says of the one post that it must be; None where there is no such one."""
    words = posting.post.caption
    opened = PullAddress.objects.filter(effect=posting.effect).order_by("-attempt").first()
    if not words or opened is None or _others_are_open(posting.effect):
        return None
    try:
        posting.hold_for_call()
        reader = posting.provider.display
        with posting.speaking(handle=posting.post.handle) as token:
            page = reader.video_list(token=token, max_count=MOST_VIDEOS)
    except ProviderError:
        return None
    begun = opened.opened_at - SLACK
    fitting = [
        one.id
        for one in page.videos
        if begun <= one.created_at <= begun + WINDOW and is_same_caption(words, one.description or one.title)
    ]
    taken = set(Effect.objects.filter(post_id__in=fitting).values_list("post_id", flat=True))
    left = [one for one in fitting if one not in taken]
    if len(left) != 1:
        return None
    return {
        "provider_ref": left[0],
        "post_id": left[0],
        "url": url_of(posting.post.handle, left[0], kind="photo"),
        "evidence": {**posting.effect.evidence, "found_by": "its words, on the account, within an hour"},
    }


def _others_are_open(effect: Effect) -> bool:
    """Return whether another photo post of the account is under way, or out and its id not known yet."""
    others = Effect.objects.filter(account=effect.account_id, kind=effect.kind).exclude(id=effect.id)
    open_now = Q(status__in=["sending", "sent", "unknown"])
    pending = Q(status="confirmed", post_id="", finished_at__gte=Now() - 2 * WINDOW)
    return others.filter(open_now | pending).exists()
