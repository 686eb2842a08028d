"""Closing an effect with a person's link: a post made by hand, or an act we lost sight of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.providers.errors import ProviderError
from agents.providers.tiktok.access import speaking_for
from agents.providers.tiktok.provider import get_tiktok
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.errors import Refused
from workflows.effects import ledger
from workflows.effects.following import url_of
from workflows.effects.models import Effect
from workflows.effects.registry import EFFECTS
from workflows.effects.underway import done
from workflows.photo_kinds import PhotoPost
from workflows.posts import Post, read_post
from workflows.protocol import resume

_LINK = re.compile(
    r"https://(?:www\.|m\.)?tiktok\.com/@([A-Za-z0-9_.]{2,24})/(video|photo)/([0-9]{5,32})/?(?:[?#]\S*)?"
)
CUT_AT = 150
"""TikTok's display API cuts captions to this many characters."""

READ_SECONDS = 10.0
ACTOR = "the page of an effect"


_PLACE = re.compile(r"https://(?:[a-z0-9-]+\.)*(?:tiktok|tiktokshop|tiktokglobalshop)\.com(?:/\S*)?")
LONGEST_PLACE = 300


class LinkRefused(Refused):
    """This link does not lead to the post."""


class NothingToClose(Refused):
    """This effect does not wait for a link."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person's link leads to; `post_id` is empty for what is no post."""

    url: str
    post_id: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """The caption as it is on TikTok, and whether it is the approved one; None where it cannot be read."""

    caption: str | None
    matches: bool | None


def settle_by_link(*, effect_id: UUID, by: User, url: str) -> Effect:
    """Take a person's word, with the link, that an effect is out, and let its run go on.

    Of a post the live caption is compared with the approved one where TikTok lets us read it; what differs is
    kept as evidence, for a post that is out is out. Raises `LinkRefused`, `NothingToClose` or `WorkerAtIt`.
    """
    effect = Effect.objects.select_related("account", "decision").get(id=effect_id)
    seen = _seen_post(effect, url) if EFFECTS[effect.kind].is_post else _seen_place(url)
    with transaction.atomic():
        step = ledger.lock_waiting(effect)
        now = ledger.lock(effect)
        if now.status not in {"handed_over", "unknown"}:
            raise NothingToClose(f"This effect is {now.status.replace('_', ' ')}: it needs no link.")
        ledger.move(
            now,
            "confirmed",
            by=by,
            confirmed_by="person",
            settled_by=by,
            post_id=seen.post_id,
            url=seen.url,
            error="",
            evidence={**now.evidence, **seen.evidence},
        )
        effect = Effect.objects.get(id=effect_id)
        resume(step.id, {"status": "succeeded", "output": dict(done(effect).output)})
    return effect


def _seen_post(effect: Effect, url: str) -> Seen:
    """Read a post's link, and the post itself; no call to anybody while rows are locked."""
    post = read_post(effect)
    kind = "photo" if isinstance(post, PhotoPost) else "video"
    post_id = read_link(url, handle=effect.account.handle, kind=kind)
    live = read_live(post, post_id, account=effect.account) if post else Live(None, None)
    evidence = {"live_caption": live.caption, "caption_matches": live.matches}
    return Seen(url_of(effect.account.handle, post_id, kind=kind), post_id, evidence)


def _seen_place(url: str) -> Seen:
    """Read where on TikTok a person saw what is no post: a comment, a thread, a shop or the ads manager."""
    place = url.strip()
    if len(place) > LONGEST_PLACE or _PLACE.fullmatch(place) is None:
        raise LinkRefused(
            f"The link {place[:200]!r} is not one of TikTok's: copy the address of the page on which you saw it, as in "
            "https://www.tiktok.com/@lumen.lamps/video/7300000000000000000."
        )
    return Seen(place, "", {"seen_by_a_person": True})


def read_link(url: str, *, handle: str, kind: str = "video") -> str:
    """Return the post's id from its link; raises `LinkRefused` for any other, or another account's.

    `kind` is what TikTok calls the post in links; it shows photos as videos, too.
    """
    found = _LINK.fullmatch(url.strip())
    if found is None or found[2] not in {kind, "video"}:
        raise LinkRefused(
            f"The link {url.strip()[:200]!r} is not that of a post: copy it from TikTok, as in "
            f"https://www.tiktok.com/@{handle}/video/7300000000000000000."
        )
    if found[1].lower() != handle.lower():
        raise LinkRefused(f"The link leads to a post of @{found[1]}: give the one on @{handle}.")
    return found[3]


def read_live(post: Post, post_id: str, *, account: TikTokAccount) -> Live:
    """Return the caption as it is on TikTok, compared with the approved one as far as TikTok shows it."""
    try:
        provider = get_tiktok()
        if provider.simulated != (post.mode == "sandbox"):
            return Live(None, None)
        with speaking_for(account=account, mode=post.mode, by=ACTOR, handle=post.handle) as token:
            found = provider.display.video_query(
                token=token, video_ids=[post_id], timeout_seconds=READ_SECONDS
            )
    except ProviderError:
        return Live(None, None)
    if not found:
        return Live(None, None)
    caption = found[0].description or found[0].title
    return Live(caption, is_same_caption(post.caption, caption))


def is_same_caption(approved: str, live: str) -> bool:
    """Return whether a live caption, cut by TikTok to 150 characters, is the approved one."""
    if len(live) < CUT_AT:
        return live.strip() == approved.strip()
    return approved.startswith(live)
