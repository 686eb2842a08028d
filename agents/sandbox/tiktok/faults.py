"""Faults the sandbox TikTok acts out on the wire, and how fast it works, switched on by settings."""

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.sandbox.faults import Calls, fault_of


class TikTokFault(StrEnum):
    """What goes wrong with one call, in the order in which numbers of calls are used up.

    `unreachable` to `server_error_before` act before TikTok does anything; the rest act after it did
    what was asked. `timeout_after` does not wait: the client is told at once that its time is up.
    """

    UNREACHABLE = "unreachable"
    RESET_BEFORE = "reset_before"
    RATE_LIMITED = "rate_limited"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105
    SERVER_ERROR_BEFORE = "server_error_before"
    SERVER_ERROR_AFTER = "server_error_after"
    TIMEOUT_AFTER = "timeout_after"
    RESET_AFTER = "reset_after"
    MALFORMED = "malformed"


RANDOM_FAULTS = (
    TikTokFault.RESET_BEFORE,
    TikTokFault.TIMEOUT_AFTER,
    TikTokFault.SERVER_ERROR_AFTER,
    TikTokFault.RESET_AFTER,
)
FailReason = Literal[
    "",
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "internal",
    "auth_removed",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "spam_risk_text",
    "spam_risk",
]


class _Settings(BaseModel):
    """Base of what tests may set."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OperationFaults(_Settings):
    """Which calls of one operation go wrong: a number of the next ones, or a list of which ones.

    Calls are counted by the ledger, from the first that ever arrived and over all processes.
    `slow_seconds` passes after TikTok acted and before it answers; a client that waits for less times
    out.
    """

    unreachable: Calls = 0
    reset_before: Calls = 0
    rate_limited: Calls = 0
    expired_token: Calls = 0
    server_error_before: Calls = 0
    server_error_after: Calls = 0
    timeout_after: Calls = 0
    reset_after: Calls = 0
    malformed: Calls = 0
    slow_seconds: float = Field(default=0, ge=0, allow_inf_nan=False)

    @property
    def counts_calls(self) -> bool:
        """Return whether any call is to go wrong."""
        return any(getattr(self, fault) for fault in TikTokFault)


class FamilyFaults(_Settings):
    """The faults of each operation beyond the Open API, family by family."""

    business_get: OperationFaults = OperationFaults()
    business_videos: OperationFaults = OperationFaults()
    comment_list: OperationFaults = OperationFaults()
    comment_reply_list: OperationFaults = OperationFaults()
    comment_create: OperationFaults = OperationFaults()
    comment_reply_create: OperationFaults = OperationFaults()
    comment_hide: OperationFaults = OperationFaults()
    trending_list: OperationFaults = OperationFaults()
    hashtag_detail: OperationFaults = OperationFaults()
    trending_videos: OperationFaults = OperationFaults()
    advertiser_info: OperationFaults = OperationFaults()
    campaign_get: OperationFaults = OperationFaults()
    adgroup_get: OperationFaults = OperationFaults()
    ad_get: OperationFaults = OperationFaults()
    ads_report: OperationFaults = OperationFaults()
    campaign_create: OperationFaults = OperationFaults()
    adgroup_create: OperationFaults = OperationFaults()
    ad_create: OperationFaults = OperationFaults()
    campaign_status: OperationFaults = OperationFaults()
    adgroup_status: OperationFaults = OperationFaults()
    ad_status: OperationFaults = OperationFaults()
    shop_list: OperationFaults = OperationFaults()
    product_search: OperationFaults = OperationFaults()
    product_get: OperationFaults = OperationFaults()
    inventory_search: OperationFaults = OperationFaults()
    order_search: OperationFaults = OperationFaults()
    product_edit: OperationFaults = OperationFaults()
    inventory_update: OperationFaults = OperationFaults()
    price_update: OperationFaults = OperationFaults()
    product_deactivate: OperationFaults = OperationFaults()
    creator_search: OperationFaults = OperationFaults()
    creator_performance: OperationFaults = OperationFaults()
    outreach_quota: OperationFaults = OperationFaults()
    outreach_records: OperationFaults = OperationFaults()
    conversation_open: OperationFaults = OperationFaults()
    message_list: OperationFaults = OperationFaults()
    message_send: OperationFaults = OperationFaults()


class TikTokFaults(FamilyFaults):
    """The faults of each operation, how often any call goes wrong, and how fast TikTok works.

    `share` of all calls meets one of `RANDOM_FAULTS`, drawn from `seed`, the operation and the number
    of the call. A complete upload is published after `publish_seconds`, and a public post's id is known
    `moderation_seconds` later; with `fail_reason` it fails instead.
    """

    user_info: OperationFaults = OperationFaults()
    video_list: OperationFaults = OperationFaults()
    video_query: OperationFaults = OperationFaults()
    creator_info: OperationFaults = OperationFaults()
    init: OperationFaults = OperationFaults()
    upload: OperationFaults = OperationFaults()
    status: OperationFaults = OperationFaults()
    cancel: OperationFaults = OperationFaults()
    photo_init: OperationFaults = OperationFaults()
    token: OperationFaults = OperationFaults()
    revoke: OperationFaults = OperationFaults()
    share: float = Field(default=0, ge=0, le=1)
    seed: int = 0
    publish_seconds: float = Field(default=1, ge=0, allow_inf_nan=False)
    moderation_seconds: float = Field(default=2, ge=0, allow_inf_nan=False)
    fail_reason: FailReason = ""

    def of(self, operation: str) -> OperationFaults:
        """Return the faults of an operation; none for one that is not known."""
        found = getattr(self, operation, None)
        return found if isinstance(found, OperationFaults) else OperationFaults()

    def may_fail(self, operation: str) -> bool:
        """Return whether a call of this operation could go wrong, so that it has to be counted."""
        return bool(operation) and (self.share > 0 or self.of(operation).counts_calls)

    def of_call(self, operation: str, call: int) -> TikTokFault | None:
        """Return the fault of an operation's `call`-th call, counted from 1; None where it goes well."""
        own = self.of(operation)
        wanted = {fault: getattr(own, fault) for fault in TikTokFault}
        return fault_of(wanted, call) or self._drawn(operation, call)

    def _drawn(self, operation: str, call: int) -> TikTokFault | None:
        """Return the fault chance gives this call; the same in every process."""
        drawn = hashlib.sha256(f"{self.seed}:{operation}:{call}".encode()).digest()
        if int.from_bytes(drawn[:4]) / 2**32 >= self.share:
            return None
        return RANDOM_FAULTS[drawn[4] % len(RANDOM_FAULTS)]
