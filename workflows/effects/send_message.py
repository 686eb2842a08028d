"""Writing to a creator of the marketplace. A message that was lost is looked for in the thread, never sent again.

What tells our message from others: it is by the shop, has the approved words, and was not there before.
"""

from collections.abc import Mapping
from typing import Any

from agents.providers.tiktok.read.affiliate import ThreadMessage
from agents.providers.tiktok.write.messages import MessageWriter
from workflows.conversation_kinds import CreatorMessage
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.guards import EffectRefused

SEARCH_BOUND = 200
"""So many creators found for a handle are looked through for the one who has exactly that."""


class SendMessage(Deed[CreatorMessage]):
    """A text from the account's shop to a creator."""

    name = "send_message"
    operation = "message_send"

    def look(self, acting: Acting[CreatorMessage]) -> dict[str, Any]:
        """Find the creator and the thread with them; return what may be written and what was.

        Raises `EffectRefused` for a handle the marketplace does not know.
        """
        shop: dict[str, Any] = {"token": acting.access.token, "cipher": acting.access.shop_cipher}
        affiliate = acting.provider.affiliate
        found = affiliate.creators(**shop, keyword=acting.wanted.creator)
        creator = next(
            (one for _, one in zip(range(SEARCH_BOUND), found, strict=False) if _is(one.username, acting)),
            None,
        )
        if creator is None:
            raise EffectRefused(f"The marketplace does not know @{acting.wanted.creator}: nothing was sent.")
        quota = affiliate.quota(**shop)
        thread = MessageWriter(acting.provider).open_thread(**shop, creator_open_id=creator.open_id)
        messages = list(affiliate.messages(**shop, conversation_id=thread.id))
        return {
            "thread": thread.id,
            "creator_open_id": creator.open_id,
            "is_blocked": creator.profile.is_blocked,
            "is_new": not any(one.is_own for one in messages),
            "quota_left": quota.left,
            "messages_before": [one.id for one in messages if _is_ours(one, acting)],
        }

    def check(self, acting: Acting[CreatorMessage], facts: Mapping[str, Any]) -> None:
        """Refuse a creator who cannot be written to, a week that is used up, and words sent already."""
        if facts["is_blocked"]:
            raise EffectRefused(f"@{acting.wanted.creator} cannot be written to by shops.")
        if facts["messages_before"]:
            raise EffectRefused(f"The shop has written these words to @{acting.wanted.creator} already.")
        if facts["is_new"] and facts["quota_left"] == 0:
            raise EffectRefused("The shop may write to no more new creators this week: try after Sunday.")

    def send(self, acting: Acting[CreatorMessage]) -> str:
        """Send the text; return its id, which TikTok does not always tell."""
        return MessageWriter(acting.provider).send(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            conversation_id=acting.facts["thread"],
            text=acting.wanted.text,
        )

    def find(self, acting: Acting[CreatorMessage]) -> Found | None:
        """Return the message TikTok names, or the one of these words that was not there before."""
        before = set(acting.facts["messages_before"])
        messages = acting.provider.affiliate.messages(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            conversation_id=acting.facts["thread"],
        )
        found = [one for one in messages if _is_ours(one, acting) and one.id not in before]
        if acting.effect.provider_ref:
            found = [one for one in found if one.id == acting.effect.provider_ref]
        if not found:
            return None
        message = found[0]
        return Found(message.id, {"live_text": message.text, "created_at": message.created_at.isoformat()})


def _is(username: str, acting: Acting[CreatorMessage]) -> bool:
    return username.casefold() == acting.wanted.creator.casefold()


def _is_ours(message: ThreadMessage, acting: Acting[CreatorMessage]) -> bool:
    return message.is_own and message.text.strip() == acting.wanted.text.strip()


act = SendMessage(CreatorMessage).act
