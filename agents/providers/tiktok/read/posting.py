"""The reading half of the Content Posting API: what a creator may do now, and what became of a post."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from agents.providers.errors import Advice
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS, Wire, read_shape


class PublishState(StrEnum):
    """Where a post is; `unknown` is a word of TikTok's this version does not know, and not final."""

    PROCESSING_UPLOAD = "PROCESSING_UPLOAD"
    PROCESSING_DOWNLOAD = "PROCESSING_DOWNLOAD"
    SEND_TO_USER_INBOX = "SEND_TO_USER_INBOX"
    PUBLISH_COMPLETE = "PUBLISH_COMPLETE"
    FAILED = "FAILED"
    UNKNOWN = "unknown"


FINAL_STATES = frozenset(
    {PublishState.SEND_TO_USER_INBOX, PublishState.PUBLISH_COMPLETE, PublishState.FAILED}
)
FAIL_REASONS = {
    "internal": Advice.RETRY,
    "video_pull_failed": Advice.RETRY,
    "photo_pull_failed": Advice.RETRY,
    "file_format_check_failed": Advice.GIVE_UP,
    "duration_check_failed": Advice.GIVE_UP,
    "frame_rate_check_failed": Advice.GIVE_UP,
    "picture_size_check_failed": Advice.GIVE_UP,
    "publish_cancelled": Advice.GIVE_UP,
    "auth_removed": Advice.ASK_PERSON,
    "spam_risk_too_many_posts": Advice.ASK_PERSON,
    "spam_risk_user_banned_from_posting": Advice.ASK_PERSON,
    "spam_risk_text": Advice.ASK_PERSON,
    "spam_risk": Advice.ASK_PERSON,
}
"""Every documented `fail_reason`, and what to do: `retry` means a new init under the same approval."""


def _state(word: object) -> PublishState:
    return next((state for state in PublishState if state == word), PublishState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class CreatorInfo:
    """What the creator may do at this moment; to be asked for fresh before each post.

    `avatar_url` expires after 2 hours.
    """

    username: Annotated[str, Field(validation_alias="creator_username")]
    nickname: Annotated[str, Field(validation_alias="creator_nickname")]
    privacy_level_options: tuple[str, ...]
    comment_disabled: bool
    duet_disabled: bool
    stitch_disabled: bool
    max_duration_seconds: Annotated[int, Field(validation_alias="max_video_post_duration_sec")]
    avatar_url: Annotated[str, Field(validation_alias="creator_avatar_url")] = ""


@dataclass(frozen=True, slots=True)
class PublishStatus:
    """What TikTok says of one publish id.

    `post_ids` are there for public posts only, and only after moderation: `PUBLISH_COMPLETE` without
    one is "published, link pending". `uploaded_bytes` is None where TikTok does not say.
    """

    state: Annotated[PublishState, BeforeValidator(_state), Field(validation_alias="status")]
    fail_reason: Annotated[str, BeforeValidator(lambda given: given or "")] = ""
    post_ids: Annotated[
        tuple[Annotated[str, BeforeValidator(str)], ...],
        BeforeValidator(lambda given: given or ()),
        Field(validation_alias=AliasChoices("publicaly_available_post_id", "publicly_available_post_id")),
    ] = ()
    uploaded_bytes: int | None = None

    @property
    def is_final(self) -> bool:
        """Return whether nothing more will happen, but for a public post's id becoming known."""
        return self.state in FINAL_STATES

    @property
    def advice(self) -> Advice | None:
        """Return what to do about a failed post; None where it did not fail.

        `retry` is a new init; a reason this version does not know is for a person.
        """
        if self.state is not PublishState.FAILED:
            return None
        return FAIL_REASONS.get(self.fail_reason, Advice.ASK_PERSON)


_CREATOR = TypeAdapter(CreatorInfo)
_STATUS = TypeAdapter(PublishStatus)


class PostingReader:
    """Reads the state of posting. Every method raises the errors of `problems`, all safe to try again."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def creator_info(self, *, token: str, timeout_seconds: float = CALL_TIMEOUT_SECONDS) -> CreatorInfo:
        """Return what the creator may do now (20 calls a minute).

        Raises `ProviderRejected` with the code where the creator may not post at all, which TikTok says
        with HTTP 200.
        """
        path = "/v2/post/publish/creator_info/query/"
        answer = self._wire.call("POST", path, token=token, body={}, timeout_seconds=timeout_seconds)
        return read_shape(_CREATOR, answer)

    def status(
        self, *, token: str, publish_id: str, timeout_seconds: float = CALL_TIMEOUT_SECONDS
    ) -> PublishStatus:
        """Return what became of a publish id (30 calls a minute)."""
        path = "/v2/post/publish/status/fetch/"
        body = {"publish_id": publish_id}
        answer = self._wire.call("POST", path, token=token, body=body, timeout_seconds=timeout_seconds)
        return read_shape(_STATUS, answer)
