"""Posting photos: TikTok pulls them from us, so what can be taken back is the address, not a byte (engine.md).

1. Ask what the account may do; one transaction in which claim, run, seal, account and that answer still fit.
2. Open an address for this attempt, and commit it; then ask TikTok to pull.
3. Where the answer was lost, take the address back. Taken back: nothing can go live, it may begin again. Fetched
   already: it is never sent again; it is looked for by its words on the account, else a person says.
4. Ask what became of it, as often as it takes; only TikTok's own word makes it `confirmed`.
"""

import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agents.providers.errors import ProviderError
from agents.providers.tiktok.write.photos import PhotoPost as PhotosOnTheWire
from agents.providers.tiktok.write.photos import PhotoWriter
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from tiktok_ops.content.assets import AssetChanged, open_verified
from tiktok_ops.content.models import Asset
from tiktok_ops.crash_points import CrashPoint, pass_by
from workflows.effects import ledger
from workflows.effects.addresses import NoPublicAddress, offer, take_back
from workflows.effects.finding import find_by_words
from workflows.effects.following import ask_status, confirm, refused_by_tiktok, send_again
from workflows.effects.guards import check_photo_post
from workflows.effects.models import Effect
from workflows.effects.next_look import Verdict, look_again_seconds, read_status
from workflows.effects.post_video import CAME_BACK, UNREADABLE, begin_when_due, end, settled
from workflows.effects.posting import PhotoPosting
from workflows.effects.starting import HASHING_SECONDS, account_now, ask_creator
from workflows.effects.underway import (
    AGAIN_SECONDS,
    START_WITHIN_SECONDS,
    TooLate,
    after,
    get_leave,
    give_up,
    later,
    taken_back,
)
from workflows.outcomes import Outcome, TryAgain, Waits
from workflows.photo_kinds import PhotoPost
from workflows.stop_switch import Stopped
from workflows.work import Work

KIND = "post_photo"
ANNOUNCE = "photo_init"
NO_PHOTO = "The workspace has not all of these photos: start the post again with its own."
SENT = "TikTok pulls the photos and works on them."
HANDED_OVER = "A person posts it: the photos, the words and the settings are on the effect's page."
FETCHED = "TikTok fetched the photos and its answer was lost, so they are not sent again."


def act(work: Work) -> Outcome:
    """Post the approved photos, or go on where it stands. Raises `LeaseLost`."""
    effect = ledger.effect_of(work, kind=KIND)
    if outcome := settled(effect, handed_over=HANDED_OVER):
        return outcome
    payload = bytes(effect.decision.payload)
    try:
        post = PhotoPost.model_validate_json(payload)
    except ValidationError:
        return end(work, effect, UNREADABLE)
    found = {
        asset.id: asset
        for asset in Asset.objects.filter(
            id__in=[one.asset for one in post.photos], workspace_id=effect.workspace_id
        )
    }
    if any(one.asset not in found for one in post.photos):
        return end(work, effect, NO_PHOTO)
    photos = tuple(found[one.asset] for one in post.photos)
    posting = PhotoPosting(work=work, effect=effect, post=post, payload=payload, photos=photos)
    return _begin(posting) if effect.status == "prepared" else _go_on(posting)


def _begin(posting: PhotoPosting) -> Outcome:
    """Post it, or hand it over, once its time has come."""
    return begin_when_due(posting, start=_start, hand_over=_hand_over)


def _hand_over(posting: PhotoPosting) -> Outcome:
    """Let a person post it by hand. Raises `LeaseLost`."""
    begun = _get_leave(posting)
    return Waits(HANDED_OVER) if isinstance(begun, float) else begun


def _go_on(posting: PhotoPosting) -> Outcome:
    """Find out how far a post is that was begun."""
    if posting.effect.status == "sending":
        posting = posting.moved("unknown", error=CAME_BACK)
    return _look(posting) if posting.effect.provider_ref else _without_answer(posting)


def _without_answer(posting: PhotoPosting, trouble: ProviderError | None = None) -> Outcome:
    """Go on with an attempt TikTok's answer to which was lost: take its address back, if there still is time."""
    if take_back(posting.effect):
        posting = posting.moved(
            "prepared", cleared_by=Effect.Clearance.NOTHING_LEFT, error=str(trouble or CAME_BACK)
        )
        return after(posting, trouble) if trouble else _begin(posting)
    if trouble is not None:
        posting = posting.moved("unknown", error=FETCHED)
    found = find_by_words(posting)
    if found is None:
        return later(posting, FETCHED)
    posting.moved("confirmed", confirmed_by="provider", looks=0, error="", **found)
    return Waits("TikTok shows it on the account.", 0)


def _start(posting: PhotoPosting) -> Outcome:
    """Send a post from the beginning; nothing of it can go live. Raises `LeaseLost`."""
    posting.work.hold(HASHING_SECONDS)
    try:
        for photo in posting.photos:
            open_verified(photo).close()
        posting.provider.wire.check_open(ANNOUNCE)
        ask_creator(posting)
    except AssetChanged as changed:
        return give_up(posting, str(changed))
    except ProviderError as trouble:
        return after(posting, trouble)
    pass_by(CrashPoint.BEFORE_SENDING, posting.work.step.id)
    begun = _get_leave(posting)
    return _announce(posting, latest=begun + START_WITHIN_SECONDS) if isinstance(begun, float) else begun


def _get_leave(posting: PhotoPosting) -> Outcome | float:
    """Get leave to send, or to hand over, and return when; or what the step comes to without."""

    def guard(account: TikTokAccount, creator: Mapping[str, Any] | None) -> None:
        for photo in posting.photos:
            photo.refresh_from_db(fields=["rights_expire_at"])
        check_photo_post(
            posting.post,
            account=account_now(account),
            photos=[(photo.sha256, photo.rights_expire_at) for photo in posting.photos],
            creator=creator,
            now=database_now(),
        )

    return get_leave(posting, guard)


def _announce(posting: PhotoPosting, *, latest: float) -> Outcome:
    """Open an address and have TikTok pull from it, at the `latest` by the monotonic clock."""
    pass_by(CrashPoint.IN_SENDING, posting.work.step.id)
    try:
        posting.hold_for_call()
        writer = PhotoWriter(posting.provider)
        with posting.speaking(handle=posting.post.handle) as token:
            urls = offer(posting.work, posting.effect, posting.photos)
            pass_by(CrashPoint.AFTER_OFFER, posting.work.step.id)
            posting.check_not_stopped()
            if time.monotonic() > latest:
                raise TooLate
            ticket = writer.init_photos(
                token=token,
                post=_on_the_wire(posting.post),
                photo_urls=urls,
                cover_index=posting.post.cover_index,
            )
    except NoPublicAddress as refused:
        return give_up(posting, str(refused))
    except Stopped as stopped:
        take_back(posting.effect)
        taken_back(posting, stopped)
        return Waits(str(stopped))
    except TooLate as late:
        take_back(posting.effect)
        taken_back(posting, late)
        return TryAgain(error=str(late), delay_seconds=AGAIN_SECONDS, counts_as_try=False)
    except ProviderError as trouble:
        return _without_answer(posting, trouble)
    pass_by(CrashPoint.AFTER_INIT, posting.work.step.id)
    posting.moved("sent", provider_ref=ticket.publish_id, error="")
    return Waits(SENT, look_again_seconds(0))


def _look(posting: PhotoPosting) -> Outcome:
    """Ask TikTok about a post that has a publish id, and do what follows."""
    status = ask_status(posting)
    if isinstance(status, Waits):
        return status
    verdict = read_status(status, video_size_bytes=0)
    if verdict is Verdict.CONFIRM:
        return confirm(posting, status)
    if posting.effect.status == "confirmed":  # it was out; what became of it since is not ours to undo
        return later(posting, f"It is published, its link pending. TikTok now says {status.state}.")
    if verdict is Verdict.SEND_AGAIN:
        return send_again(posting, status)
    if verdict is Verdict.GIVE_UP:
        return refused_by_tiktok(posting, status)
    return later(posting, SENT)


def _on_the_wire(post: PhotoPost) -> PhotosOnTheWire:
    """Return what was approved under TikTok's own names."""
    return PhotosOnTheWire(
        title=post.title,
        description=post.description,
        privacy_level=post.privacy_level,
        disable_comment=not post.allow_comment,
        auto_add_music=post.auto_add_music,
        brand_content_toggle=post.is_branded_content,
        brand_organic_toggle=post.is_brand_organic,
    )
