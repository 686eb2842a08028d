"""Posting a video: the protocol of one outward act, under the claim of its step (ADR 0010).

1. `starting`: ask TikTok what the account may do; one transaction in which claim, run, seal, account and
   that answer still fit; announce the post, and commit its publish id before the first byte leaves.
2. `sending`: the bytes, each chunk under a renewed lease.
3. `following`: ask what became of it, as often as it takes; TikTok's own word makes it `confirmed`.

Coming back to an effect that is `sending` means that nobody knows: it is `unknown`, and TikTok is asked.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from tiktok_ops.clock import database_now
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import VideoPost
from workflows.effects import ledger
from workflows.effects.following import look
from workflows.effects.models import Effect
from workflows.effects.next_look import link_is_awaited
from workflows.effects.posting import Posting, PostUnderway
from workflows.effects.starting import HANDED_OVER, hand_over, start
from workflows.effects.underway import done, newest_request
from workflows.outcomes import Failed, Outcome, Waits
from workflows.work import Work

One = TypeVar("One", bound=PostUnderway)

KIND = "post_video"
UNREADABLE = "What was approved cannot be read as a post any more: start it again."
NO_VIDEO = "The workspace has no such video: start the post again with one of its own."
CAME_BACK = "The worker that was sending it ended."


def act(work: Work) -> Outcome:
    """Post the approved video, or go on where it stands. Raises `LeaseLost`."""
    effect = ledger.effect_of(work, kind=KIND)
    if outcome := settled(effect, handed_over=HANDED_OVER):
        return outcome
    payload = bytes(effect.decision.payload)
    try:
        post = VideoPost.model_validate_json(payload)
    except ValidationError:
        return end(work, effect, UNREADABLE)
    asset = Asset.objects.filter(id=post.asset, workspace_id=effect.workspace_id).first()
    if asset is None:
        return end(work, effect, NO_VIDEO)
    posting = Posting(work=work, effect=effect, post=post, payload=payload, asset=asset)
    return _begin(posting) if effect.status == "prepared" else _go_on(posting)


def end(work: Work, effect: Effect, error: str) -> Failed:
    """End what is not even a post. Where it may have left already, only its step ends: the keeper says so."""
    if effect.status == "prepared":
        ledger.fail(work, effect, error=error)
    return Failed(error)


def settled(effect: Effect, *, handed_over: str) -> Outcome | None:
    """Return what an effect that is over, or in a person's hands, means for its step."""
    if effect.status == "failed":
        return Failed(effect.error)
    if effect.status == "held":
        return Waits(effect.error, approval_id=newest_request(effect).id)
    if effect.status == "handed_over":
        return Waits(handed_over)
    if effect.status == "confirmed" and not link_is_awaited(effect, now=database_now()):
        return done(effect)
    return None


def _begin(posting: Posting) -> Outcome:
    """Post it, or hand it over, once its time has come."""
    return begin_when_due(posting, start=start, hand_over=hand_over)


def begin_when_due(
    posting: One, *, start: Callable[[One], Outcome], hand_over: Callable[[One], Outcome]
) -> Outcome:
    """Start a post, or hand it over, once its time has come."""
    slot = posting.post.publish_at
    early = (slot - database_now()).total_seconds() if slot is not None else 0.0
    if slot is not None and early > 0:
        return Waits(f"It goes out at {slot:%Y-%m-%d %H:%M %Z}, as approved.", early)
    if posting.effect.delivery == Effect.Delivery.BY_HAND:
        return hand_over(posting)
    return start(posting)


def _go_on(posting: Posting) -> Outcome:
    """Find out how far a post is that was begun."""
    if posting.effect.status == "sending":
        posting = posting.moved("unknown", error=CAME_BACK)
    if posting.effect.provider_ref:
        return look(posting)
    # No address was committed, so no byte can have left.
    return _begin(posting.moved("prepared", cleared_by=Effect.Clearance.NOTHING_LEFT, error=CAME_BACK))
