"""Writing to creators of the marketplace: opening the thread with one, and sending a text.

TikTok has no idempotency key here, and the message's id is not always in the answer. Whoever calls this
writes down first which messages the thread had, and looks for a new one before anything is sent again.
"""

import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.provider import TikTokProvider

OPEN_THREAD = Endpoint("conversation_open", "POST", "/affiliate_seller/202508/conversations")
SEND = Endpoint("message_send", "POST", "/affiliate_seller/202412/conversations/{conversation_id}/messages")
ENDPOINTS = (OPEN_THREAD, SEND)
LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Thread:
    """The thread of the shop with a creator."""

    id: Annotated[str, BeforeValidator(str), Field(validation_alias="conversation_id", min_length=1)]
    is_new: bool = False


_THREAD = TypeAdapter(Thread)


class MessageWriter:
    """Writes to creators through a provider.

    An error's `may_have_acted` says whether TikTok may have done what was asked all the same.
    """

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.shop_wire

    def open_thread(
        self,
        *,
        token: str,
        cipher: str,
        creator_open_id: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Thread:
        """Return the thread with a creator, made where there is none; nothing is sent to anybody."""
        body = {"creator_open_id": creator_open_id, "only_need_conversation_id": True}
        answer = self._wire.call(
            OPEN_THREAD, token=token, cipher=cipher, body=body, timeout_seconds=timeout_seconds
        )
        return read_shape(_THREAD, answer)

    def send(
        self,
        *,
        token: str,
        cipher: str,
        conversation_id: str,
        text: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> str:
        """Send a text; return its id, empty where TikTok does not tell it though it was sent."""
        if not 0 < len(text) <= LONGEST_TEXT:
            raise ProviderRejected(
                f"The message has {len(text)} characters; TikTok takes 1 to {LONGEST_TEXT}.",
                was_sent=False,
                may_have_acted=False,
            )
        content = json.dumps({"content": text}, ensure_ascii=False)
        answer = self._wire.call(
            SEND,
            token=token,
            cipher=cipher,
            parts={"conversation_id": conversation_id},
            body={"msg_type": "TEXT", "content": content},
            timeout_seconds=timeout_seconds,
        )
        return str(answer.data.get("message_id") or "")
