"""A TikTok to speak to: providers on the sandbox, posts and files to post, and time that passes at once.

The sandbox commits on connections of its own, so tests that speak to it take the fixture `committed_db`.
"""

import hashlib
from dataclasses import replace
from typing import Any

from django.db import connection

from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.write.chunks import ChunkPlan, plan_chunks
from agents.providers.tiktok.write.posting import PostingWriter, UploadTicket, VideoPost
from agents.sandbox.tiktok.wire import sandbox_token
from agents.sandbox_models import SandboxCreator

USERNAME = "nordlicht.tea"
TOKEN = sandbox_token(USERNAME)
SMALL = b"small video " * 100
POST = VideoPost(title="Three ways to cold brew #tea", privacy_level="PUBLIC_TO_EVERYONE")
_AGED = {
    "agents_sandboxpost": (
        *("begun_at", "upload_expires_at", "completed_at", "published_at", "public_at", "cancelled_at"),
        "pull_at",
    ),
    "agents_sandboxrequest": ("at",),
    "agents_sandboxnotice": ("at", "next_at"),
}


def sandbox_tiktok(**faults: Any) -> TikTokProvider:
    """Return a provider on the sandbox with these faults, which publishes at once unless they say."""
    return TikTokProvider("sandbox", {"faults": {"publish_seconds": 0, "moderation_seconds": 0} | faults})


def make_creator(username: str = USERNAME, **fields: Any) -> SandboxCreator:
    """Return a creator of the sandbox."""
    return SandboxCreator.objects.create(username=username, **fields)


def video_post(**changes: Any) -> VideoPost:
    """Return the usual post with some fields changed."""
    return replace(POST, **changes)


def video_of(size_bytes: int) -> bytes:
    """Return so many bytes, different in every chunk."""
    return b"".join(
        hashlib.sha256(str(at).encode()).digest()[:1] * 100_000 for at in range(size_bytes // 100_000 + 1)
    )[:size_bytes]


def begin(
    provider: TikTokProvider, *, plan: ChunkPlan | None = None, token: str = TOKEN, **post: Any
) -> UploadTicket:
    """Announce a video, by default the small one, and return where its bytes go."""
    plan = plan or plan_chunks(len(SMALL))
    return PostingWriter(provider).init_video(token=token, post=video_post(**post), plan=plan)


def send_small(provider: TikTokProvider, ticket: UploadTicket) -> bool:
    """Send the small video in one chunk; return whether TikTok has it all."""
    plan = plan_chunks(len(SMALL))
    return PostingWriter(provider).upload_chunk(
        upload_url=ticket.upload_url, plan=plan, chunk=plan.chunks[0], content=SMALL
    )


def put_online(provider: TikTokProvider, *, token: str = TOKEN, **post: Any) -> UploadTicket:
    """Post the small video from end to end."""
    ticket = begin(provider, token=token, **post)
    assert send_small(provider, ticket)
    return ticket


def let_pass(seconds: float) -> None:
    """Let time pass in the sandbox: everything it remembers is that much older.

    The ledger refuses changes, so its trigger is off meanwhile; only for a database of the test's own.
    """
    with connection.cursor() as cursor:
        for table, columns in _AGED.items():
            moves = ", ".join(f"{column} = {column} - make_interval(secs => %s)" for column in columns)
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET {moves}", [seconds] * len(columns))
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
