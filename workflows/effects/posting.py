"""One post on its way: what was approved, by whom it is sent, and what its ends mean for the step."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from agents.providers.errors import ProviderMisconfigured
from agents.providers.tiktok.access import speaking_for
from agents.providers.tiktok.provider import TikTokProvider, get_tiktok
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS
from agents.providers.tiktok.write.chunks import ChunkPlan, plan_chunks
from approvals.models import ApprovalRequest
from tiktok_ops.content.models import Asset
from tiktok_ops.errors import Refused
from workflows.approval_kinds import VideoPost
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.effects.next_look import look_again_seconds
from workflows.outcomes import Failed, LeaseLost, Succeeded, Waits
from workflows.stop_switch import check_not_stopped
from workflows.work import Work


@dataclass(frozen=True, slots=True)
class Posting:
    """A post at a moment of its way; `payload` are the approved bytes `post` was read from."""

    work: Work
    effect: Effect
    post: VideoPost
    payload: bytes
    asset: Asset

    def moved(self, status: str, **changes: Any) -> "Posting":
        """Move the effect under this worker's claim; raises `LeaseLost`."""
        return replace(self, effect=ledger.advance(self.work, self.effect, status, **changes))

    def looked(self, **changes: Any) -> "Posting":
        """Count a look at what became of it; raises `LeaseLost`."""
        return replace(self, effect=ledger.looked(self.work, self.effect, **changes))

    def check_not_stopped(self) -> None:
        """Raise `Stopped` while nothing of this workflow may leave from the account."""
        check_not_stopped(self.effect.account, self.work.workflow.slug)

    def speaking(self) -> AbstractContextManager[str]:
        """Lend the account's access token for a call; raises as `speaking_for` does."""
        return speaking_for(account=self.effect.account, mode=self.post.mode, handle=self.post.handle)

    def hold_for_call(self) -> None:
        """Keep the lease for one call, and for the renewal of the account's access before it."""
        self.work.hold(2 * CALL_TIMEOUT_SECONDS)

    @property
    def provider(self) -> TikTokProvider:
        """TikTok, in the mode that was approved and in no other; raises `ProviderMisconfigured`."""
        provider = get_tiktok()
        if provider.simulated != (self.post.mode == "sandbox"):
            here = "sandbox" if provider.simulated else "live"
            raise ProviderMisconfigured(
                f"This was approved for {self.post.mode!r} and TIKTOK_MODE is {here!r}: nothing was sent.",
                was_sent=False,
                may_have_acted=False,
            )
        return provider

    def plan(self, chunk_bytes: int) -> ChunkPlan:
        """Return how the video is cut."""
        return plan_chunks(self.asset.bytes, chunk_size_bytes=chunk_bytes, whole_up_to_bytes=chunk_bytes)


def done(effect: Effect) -> Succeeded:
    """Return the step's success; `url` is empty while TikTok has not named the post."""
    return Succeeded(
        output={
            "effect": str(effect.id),
            "status": effect.status,
            "publish_id": effect.provider_ref,
            "post_id": effect.post_id,
            "url": effect.url,
        }
    )


def give_up(posting: Posting, error: str) -> Failed:
    """End the effect and its step: nothing went out, and nothing will."""
    posting.moved("failed", error=error)
    return Failed(error)


def unsure(posting: Posting, error: str, *, seconds: float | None = None) -> Waits:
    """Leave the effect `unknown`: TikTok is asked before anything else is done."""
    posting.moved("unknown", error=error)
    delay = look_again_seconds(posting.effect.looks) if seconds is None else seconds
    return Waits(f"{error} TikTok is asked what it has before anything is sent again.", delay)


def ask_again(posting: Posting, *, why: str, payload: Any) -> Waits | Failed:
    """Hold the effect and put what would go out now before a person; end it where that may not even be asked."""
    try:
        asked = ledger.hold(posting.work, posting.effect, why=why, payload=payload)
    except LeaseLost:
        raise
    except Refused as refused:
        return give_up(posting, f"{why} {refused}")
    return Waits(why, approval_id=asked)


def newest_request(effect: Effect) -> ApprovalRequest:
    """Return what is asked in place of what the effect was approved by."""
    asked = ApprovalRequest.objects.filter(step_id=effect.request.step_id)
    return asked.order_by("-version")[0]
