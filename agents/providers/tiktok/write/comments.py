"""Comments by an account on its own videos: answering one, hiding one.

TikTok has no idempotency key here: a reply sent twice is there twice. Whoever calls this writes down first
which replies there were, and looks for a new one of the same words before anything is sent again.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.provider import TikTokProvider

REPLY = Endpoint("comment_reply_create", "POST", "/business/comment/reply/create/")
COMMENT = Endpoint("comment_create", "POST", "/business/comment/create/")
HIDE = Endpoint("comment_hide", "POST", "/business/comment/hide/")
ENDPOINTS = (REPLY, COMMENT, HIDE)
LONGEST_COMMENT = 1200
"""TikTok's limit since August 2026, in characters."""


@dataclass(frozen=True, slots=True)
class MadeComment:
    """The id of a comment that is there now."""

    id: Annotated[str, BeforeValidator(str), Field(validation_alias="comment_id", min_length=1)]


_MADE = TypeAdapter(MadeComment)


class CommentWriter:
    """Writes comments through a provider.

    An error's `may_have_acted` says whether TikTok may have done what was asked all the same.
    """

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.business_wire

    def reply(
        self,
        *,
        token: str,
        business_id: str,
        video_id: str,
        comment_id: str,
        text: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> MadeComment:
        """Reply to a comment under one of the account's videos (40 calls a minute)."""
        check_text(text)
        body = {"business_id": business_id, "video_id": video_id, "comment_id": comment_id, "text": text}
        answer = self._wire.call(REPLY, token=token, body=body, timeout_seconds=timeout_seconds)
        return read_shape(_MADE, answer)

    def comment(
        self,
        *,
        token: str,
        business_id: str,
        video_id: str,
        text: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> MadeComment:
        """Comment on one of the account's videos (40 calls a minute)."""
        check_text(text)
        body = {"business_id": business_id, "video_id": video_id, "text": text}
        answer = self._wire.call(COMMENT, token=token, body=body, timeout_seconds=timeout_seconds)
        return read_shape(_MADE, answer)

    def hide(
        self,
        *,
        token: str,
        business_id: str,
        video_id: str,
        comment_id: str,
        is_hidden: bool = True,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        """Hide a comment from everybody but its author, or show it again; harmless twice."""
        body = {
            "business_id": business_id,
            "video_id": video_id,
            "comment_id": comment_id,
            "action": "HIDE" if is_hidden else "UNHIDE",
        }
        self._wire.call(HIDE, token=token, body=body, timeout_seconds=timeout_seconds)


def check_text(text: str) -> None:
    """Raise `ProviderRejected` unsent for a text TikTok does not take."""
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise ProviderRejected(
            f"The comment has {len(text)} characters; TikTok takes 1 to {LONGEST_COMMENT}.",
            was_sent=False,
            may_have_acted=False,
        )
