"""What the sandbox TikTok has and received: the oracle for "exactly one post", for tests and the demo."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agents.sandbox.tiktok.posting import status_of
from agents.sandbox.tiktok.videos import caption_of
from agents.sandbox_models import SandboxPost, SandboxRequest
from tiktok_ops.clock import database_now


@dataclass(frozen=True, slots=True)
class PostOnTikTok:
    """A post that exists: all its bytes arrived, it was not called back, and moderation lets it be.

    `status` is what `status/fetch` says now; `is_public` whether everybody can see it by now.
    `chunk_digests` are the SHA-256 of its chunks in order, of a video sent in one that of the file; or those of
    its photos.
    `settings` is the whole `post_info` of the init.
    """

    publish_id: str
    post_id: str
    username: str
    caption: str
    privacy_level: str
    settings: dict[str, Any]
    video_size_bytes: int
    chunk_digests: tuple[str, ...]
    completed_at: datetime
    status: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One row of the ledger; see `SandboxRequest` for what its fields mean."""

    id: UUID
    at: datetime
    method: str
    path: str
    operation: str
    username: str
    token_digest: str
    publish_id: str
    bytes_received: int
    status: int | None
    outcome: str
    fault: str


def posts(*, username: str = "") -> tuple[PostOnTikTok, ...]:
    """Return the posts there are, of one creator or of all, in the order they were completed."""
    rows = SandboxPost.objects.filter(completed_at__isnull=False, cancelled_at=None, fail_reason="")
    if username:
        rows = rows.filter(creator__username=username)
    now = database_now()
    ordered = rows.select_related("creator").order_by("completed_at", "id")
    return tuple(_post(row, row.completed_at, now) for row in ordered if row.completed_at)


def received(
    *, operation: str = "", username: str = "", publish_id: str = "", with_unheard: bool = False
) -> tuple[ReceivedRequest, ...]:
    """Return what TikTok received, oldest first; empty arguments do not filter.

    `operation` is the name of one in the registry, or `upload`. `with_unheard` adds the requests a fault
    kept from it, whose outcome is empty.
    """
    wanted = {"operation": operation, "username": username, "publish_id": publish_id}
    rows = SandboxRequest.objects.filter(**{name: value for name, value in wanted.items() if value})
    if not with_unheard:
        rows = rows.exclude(outcome="")
    return tuple(ReceivedRequest(**values) for values in rows.order_by("at", "id").values())


def _post(row: SandboxPost, completed_at: datetime, now: datetime) -> PostOnTikTok:
    return PostOnTikTok(
        publish_id=row.publish_id,
        post_id=str(row.post_id),
        username=row.creator.username,
        caption=caption_of(row),
        privacy_level=row.post_info["privacy_level"],
        settings=dict(row.post_info),
        video_size_bytes=row.video_size,
        chunk_digests=tuple(row.chunk_digests),
        completed_at=completed_at,
        status=str(status_of(row, now)["status"]),
        is_public=row.public_at is not None and row.public_at <= now,
    )
