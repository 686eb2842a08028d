"""The beginning of a post: ask what is allowed, get leave to send, announce it, send it."""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from django.conf import settings

from agents.providers.errors import ProviderError
from agents.providers.tiktok.write.posting import PostingWriter, UploadTicket, VideoPost
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.clock import database_now
from tiktok_ops.content.assets import AssetChanged, open_verified
from tiktok_ops.crash_points import CrashPoint, pass_by
from workflows.effects import ledger
from workflows.effects.guards import AccountNow, VideoNow, check_post
from workflows.effects.posting import Posting, PostUnderway
from workflows.effects.sending import send_bytes
from workflows.effects.underway import (
    AGAIN_SECONDS,
    START_WITHIN_SECONDS,
    TooLate,
    after,
    get_leave,
    give_up,
    taken_back,
)
from workflows.outcomes import Outcome, TryAgain, Waits
from workflows.stop_switch import Stopped

HASHING_SECONDS = 60.0
ANNOUNCE = "init"
"""While TikTok is left alone with this, a post is not even begun: it would only be taken back again."""

HANDED_OVER = "A person posts it: the video, the caption and the settings are on the effect's page."


def start(posting: Posting) -> Outcome:
    """Send a post from the beginning; nothing of it has left. Raises `LeaseLost`."""
    posting.work.hold(HASHING_SECONDS)
    try:
        file = open_verified(posting.asset)
    except AssetChanged as changed:
        return give_up(posting, str(changed))
    with file:
        try:
            posting.provider.wire.check_open(ANNOUNCE)
            ask_creator(posting)
        except ProviderError as trouble:
            return after(posting, trouble)
        pass_by(CrashPoint.BEFORE_SENDING, posting.work.step.id)
        begun = _begin(posting)
        if not isinstance(begun, float):
            return begun
        return _announce(posting, file, latest=begun + START_WITHIN_SECONDS)


def hand_over(posting: Posting) -> Outcome:
    """Let a person post it by hand. Raises `LeaseLost`."""
    begun = _begin(posting)
    return Waits(HANDED_OVER) if isinstance(begun, float) else begun


def ask_creator(posting: PostUnderway) -> None:
    """Ask TikTok what the account may do now, and keep the answer; raises `ProviderError`."""
    posting.hold_for_call()
    reader = posting.provider.posting
    with posting.speaking(handle=posting.post.handle) as token:
        creator = reader.creator_info(token=token)
    ledger.keep_facts(posting.work, posting.effect, asdict(creator))


def account_now(account: TikTokAccount) -> AccountNow:
    """Return what of an account decides whether it may post."""
    return AccountNow(
        handle=account.handle,
        mode=account.mode,
        delivery=account.delivery,
        is_own=account.ownership == TikTokAccount.Ownership.OWN,
    )


def _begin(posting: Posting) -> Outcome | float:
    """Get leave to send, or to hand over, and return when; or what the step comes to without."""

    def guard(account: TikTokAccount, creator: Mapping[str, Any] | None) -> None:
        check_post(
            posting.post,
            account=account_now(account),
            video=_video_now(posting),
            creator=creator,
            now=database_now(),
        )

    return get_leave(posting, guard)


def _video_now(posting: Posting) -> VideoNow:
    asset = posting.asset
    asset.refresh_from_db(fields=["rights_expire_at"])
    return VideoNow(
        id=asset.id,
        sha256=asset.sha256,
        duration_seconds=float(asset.probe.get("duration_seconds", 0)),
        rights_expire_at=asset.rights_expire_at,
    )


def _announce(posting: Posting, file: BinaryIO, *, latest: float) -> Outcome:
    """Announce the post, at the `latest` by the monotonic clock, and send its bytes.

    Until the first byte leaves nothing can go live, so an announcement that failed, or whose answer was
    lost, is taken back and made again.
    """
    pass_by(CrashPoint.IN_SENDING, posting.work.step.id)
    chunk_bytes = settings.TIKTOK_CHUNK_BYTES
    try:
        posting.hold_for_call()
        writer = PostingWriter(posting.provider)
        with posting.speaking(handle=posting.post.handle) as token:
            posting.check_not_stopped()
            if time.monotonic() > latest:
                raise TooLate
            ticket = writer.init_video(
                token=token, post=_on_the_wire(posting), plan=posting.plan(chunk_bytes)
            )
    except Stopped as stopped:
        taken_back(posting, stopped)
        return Waits(str(stopped))
    except TooLate as late:
        taken_back(posting, late)
        return TryAgain(error=str(late), delay_seconds=AGAIN_SECONDS, counts_as_try=False)
    except ProviderError as trouble:
        return after(taken_back(posting, trouble), trouble)
    pass_by(CrashPoint.AFTER_INIT, posting.work.step.id)
    return send_bytes(_kept(posting, ticket, chunk_bytes), file, uploaded_bytes=0)


def _kept(posting: Posting, ticket: UploadTicket, chunk_bytes: int) -> Posting:
    """Commit TikTok's publish id and address: from here on the post can be found again."""
    effect = ledger.keep_ticket(
        posting.work,
        posting.effect,
        publish_id=ticket.publish_id,
        upload_url=ticket.upload_url,
        chunk_bytes=chunk_bytes,
    )
    pass_by(CrashPoint.BEFORE_FIRST_BYTE, posting.work.step.id)
    return replace(posting, effect=effect)


def _on_the_wire(posting: Posting) -> VideoPost:
    """Return what was approved under TikTok's own names."""
    post = posting.post
    return VideoPost(
        title=post.caption,
        privacy_level=post.privacy_level,
        disable_comment=not post.allow_comment,
        disable_duet=not post.allow_duet,
        disable_stitch=not post.allow_stitch,
        brand_content_toggle=post.is_branded_content,
        brand_organic_toggle=post.is_brand_organic,
        is_aigc=post.is_ai_generated,
    )
