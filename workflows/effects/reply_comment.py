"""Replying to a comment. TikTok has no idempotency key: a reply that was lost is looked for, never sent again.

What tells our reply from others: it is by the account, has the approved words, and was not there before.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from agents.providers.tiktok.read.business import VideoComment
from agents.providers.tiktok.write.comments import CommentWriter
from workflows.conversation_kinds import CommentReply
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.guards import EffectRefused
from workflows.effects.ledger import ON_ITS_WAY
from workflows.effects.models import Effect
from workflows.effects.underway import NotYet

MOST_AN_HOUR = 30
"""Ours: TikTok hides replies that look like spam, and says so without a number."""
LATER_SECONDS = 600.0


class ReplyComment(Deed[CommentReply]):
    """A reply under one of the account's videos; an account writes at most `most_an_hour`."""

    name = "reply_comment"
    operation = "comment_reply_create"

    def __init__(self, payload: type[CommentReply], *, most_an_hour: int = MOST_AN_HOUR) -> None:
        super().__init__(payload)
        self._most_an_hour = most_an_hour

    def look(self, acting: Acting[CommentReply]) -> dict[str, Any]:
        """Return the comment as it is now, and the account's own replies of the same words."""
        wanted, access = acting.wanted, acting.access
        page = acting.provider.business.comment_page(
            token=access.token,
            business_id=access.business_id,
            video_id=wanted.video_id,
            comment_ids=[wanted.comment_id],
        )
        found = next((one for one in page.items if one.id == wanted.comment_id), None)
        return {
            "comment": found.text if found else None,
            "is_hidden": found.is_hidden if found else None,
            "replies_before": [one.id for one in _own_replies(acting)],
        }

    def check(self, acting: Acting[CommentReply], facts: Mapping[str, Any]) -> None:
        """Refuse a comment that is gone or hidden, and words that stand under it already; bound the pace."""
        if facts["comment"] is None:
            raise EffectRefused("The comment is not there any more: nobody is answered.")
        if facts["is_hidden"]:
            raise EffectRefused("The comment was hidden since: show it again first, or leave it.")
        if facts["replies_before"]:
            raise EffectRefused("The account has answered this comment with the same words already.")
        lately = Effect.objects.filter(
            account=acting.effect.account_id,
            kind=self.name,
            status__in=ON_ITS_WAY,
            status_since__gt=Now() - timedelta(hours=1),
        )
        if lately.count() >= self._most_an_hour:
            raise NotYet(
                f"The account has replied {self._most_an_hour} times within the hour, and TikTok hides what looks like "
                "spam: it goes on later.",
                seconds=LATER_SECONDS,
            )

    def send(self, acting: Acting[CommentReply]) -> str:
        """Reply, and return the reply's id."""
        wanted, access = acting.wanted, acting.access
        made = CommentWriter(acting.provider).reply(
            token=access.token,
            business_id=access.business_id,
            video_id=wanted.video_id,
            comment_id=wanted.comment_id,
            text=wanted.text,
        )
        return made.id

    def find(self, acting: Acting[CommentReply]) -> Found | None:
        """Return the reply TikTok names, or the one of these words that was not there before."""
        before = set(acting.facts.get("replies_before", ()))
        found = [one for one in _own_replies(acting) if one.id not in before]
        if acting.effect.provider_ref:
            found = [one for one in found if one.id == acting.effect.provider_ref]
        if not found:
            return None
        reply = found[0]
        link = f"https://www.tiktok.com/@{acting.wanted.handle}/video/{acting.wanted.video_id}"
        return Found(reply.id, {"live_text": reply.text, "created_at": reply.created_at.isoformat()}, link)


def _own_replies(acting: Acting[CommentReply]) -> list[VideoComment]:
    """Return the account's own replies to the comment with the approved words."""
    wanted, access = acting.wanted, acting.access
    replies = acting.provider.business.replies(
        token=access.token,
        business_id=access.business_id,
        video_id=wanted.video_id,
        comment_id=wanted.comment_id,
    )
    return [one for one in replies if one.is_owner and one.text.strip() == wanted.text.strip()]


act = ReplyComment(CommentReply).act
