"""What became of a post: TikTok is asked, and its word decides what is done next."""

from django.db import transaction

from agents.providers.errors import ProviderError, ReconnectNeeded
from agents.providers.tiktok.read.posting import PublishStatus
from tiktok_ops.clock import database_now
from tiktok_ops.content.assets import AssetChanged, open_verified
from tiktok_ops.content.flags import note_refusal
from tiktok_ops.crash_points import CrashPoint, pass_by
from workflows.approval_kinds import VideoPost
from workflows.effects.models import Effect
from workflows.effects.next_look import (
    Verdict,
    link_is_awaited,
    look_again_seconds,
    read_status,
)
from workflows.effects.posting import Posting, PostUnderway
from workflows.effects.sending import SENT, send_bytes
from workflows.effects.underway import done, give_up, later
from workflows.outcomes import Outcome, Waits
from workflows.stop_switch import Stopped

MAX_SENDS = 5
"""How often a post may be begun under one approval: a final failure that may be tried again, five times."""

LINK_PENDING = "It is published; TikTok names its link once moderation is through."
HASHING_SECONDS = 60.0


def look(posting: Posting) -> Outcome:
    """Ask TikTok about a post that has a publish id, and do what follows. Raises `LeaseLost`."""
    status = ask_status(posting)
    if isinstance(status, Waits):
        return status
    verdict = read_status(status, video_size_bytes=posting.asset.bytes)
    if verdict is Verdict.CONFIRM:
        return confirm(posting, status)
    if posting.effect.status == "confirmed":  # it was out; what became of it since is not ours to undo
        return later(posting, f"{LINK_PENDING} It now says {status.state}.")
    if verdict is Verdict.SEND_AGAIN:
        return send_again(posting, status)
    if verdict is Verdict.GIVE_UP:
        return refused_by_tiktok(posting, status)
    if verdict is Verdict.UPLOAD_REST:
        return _upload_rest(posting, uploaded_bytes=status.uploaded_bytes or 0)
    return later(posting, SENT)


def ask_status(posting: PostUnderway) -> PublishStatus | Waits:
    """Return what TikTok says of a post that has a publish id; or what the step waits for, where it cannot be asked."""
    try:
        posting.hold_for_call()
        reader = posting.provider.posting
        with posting.speaking(handle=posting.post.handle) as token:
            return reader.status(token=token, publish_id=posting.effect.provider_ref)
    except ReconnectNeeded as lost:
        return Waits(str(lost), lost.retry_after_seconds)
    except ProviderError as trouble:
        return later(posting, f"TikTok could not be asked what became of it: {trouble}")


def confirm(posting: PostUnderway, status: PublishStatus) -> Outcome:
    """Take TikTok's word for it; the link of a public post may come later."""
    now = database_now()
    post_id = status.post_ids[0] if status.post_ids else ""
    found = {"post_id": post_id, "url": url_of(posting.post.handle, post_id, kind=_in_links(posting))}
    if posting.effect.status == "confirmed":
        posting = posting.looked(**found)
    else:
        pass_by(CrashPoint.BEFORE_CONFIRMED, posting.work.step.id)
        evidence = {
            **posting.effect.evidence,
            "privacy_level": posting.post.privacy_level,
            "tiktok_said": status.state,
            "asked_at": now.isoformat(),
        }
        posting = posting.moved(
            "confirmed", confirmed_by="provider", evidence=evidence, error="", looks=0, **found
        )
    if link_is_awaited(posting.effect, now=now):
        return Waits(LINK_PENDING, look_again_seconds(posting.effect.looks))
    return done(posting.effect)


def url_of(handle: str, post_id: str, *, kind: str = "video") -> str:
    """Return the address of a public post, a video or a photo; empty without its id."""
    return f"https://www.tiktok.com/@{handle}/{kind}/{post_id}" if post_id else ""


def _in_links(posting: PostUnderway) -> str:
    """Return what TikTok calls the post in links."""
    return "video" if isinstance(posting.post, VideoPost) else "photo"


def send_again(posting: PostUnderway, status: PublishStatus) -> Outcome:
    """Begin anew: TikTok says finally that there is no such post, and that it may be tried again."""
    why = f"TikTok did not publish it ({status.fail_reason})"
    if posting.effect.claims >= MAX_SENDS:
        return give_up(posting, f"{why}, {posting.effect.claims} times.")
    again = f"{why}, and lets us try again."
    posting.moved(
        "prepared", cleared_by=Effect.Clearance.PROVIDER, provider_ref="", chunk_bytes=None, error=again
    )
    return Waits(again, look_again_seconds(posting.effect.claims))


def refused_by_tiktok(posting: PostUnderway, status: PublishStatus) -> Outcome:
    """End it: TikTok says finally that it is not published. Where its policy is why, that is noted of the account."""
    with transaction.atomic():
        outcome = give_up(posting, f"TikTok did not publish it: {status.fail_reason}.")
        note_refusal(
            posting.effect.account_id,
            status.fail_reason,
            about=posting.effect.provider_ref,
            at=database_now(),
        )
    return outcome


def _upload_rest(posting: Posting, *, uploaded_bytes: int) -> Outcome:
    """Go on with an upload from where TikTok is."""
    try:
        posting.check_not_stopped()
    except Stopped as stopped:
        return Waits(str(stopped))
    posting.work.hold(HASHING_SECONDS)
    try:
        file = open_verified(posting.asset)
    except AssetChanged as changed:  # without its last bytes nothing can go live
        return give_up(posting, str(changed))
    with file:
        if posting.effect.status != "unknown":
            posting = posting.moved("unknown", error="TikTok has less of it than we sent.")
        return send_bytes(posting.moved("sending").looked(), file, uploaded_bytes=uploaded_bytes)
