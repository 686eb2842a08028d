"""The sandbox TikTok's numbers: limits by token, chunks, captions, and the clock it goes by."""

from datetime import datetime, timedelta

from django.db.models.functions import Now

from agents.sandbox.tiktok.wire import (
    LONGEST_CAPTION_UNITS,
    PhotoInfo,
    PostInfo,
    SourceInfo,
    WireError,
    utf16_units,
)
from agents.sandbox_models import SandboxCreator, SandboxPost, SandboxRequest

CALLS_A_MINUTE = {
    "user_info": 600,
    "video_list": 600,
    "video_query": 600,
    "creator_info": 20,
    "init": 6,
    "status": 30,
    "cancel": 30,  # not documented; as for the status
}
"""How many calls of an operation a token has in any 60 seconds."""
LIMIT_CODES = ("rate_limit_exceeded", "40100", "36009002")
"""What each style of API calls a limit."""
POSTS_A_DAY = 15
"""About 15 direct posts by a creator in 24 hours, by all apps together."""
UPLOAD_LASTS = timedelta(hours=1)
SMALLEST_CHUNK_BYTES = 5_242_880
LARGEST_CHUNK_BYTES = 64_000_000
LARGEST_VIDEO_BYTES = 4_000_000_000
MOST_CHUNKS = 1000


def is_over_rate(token_digest: str, operation: str, *, calls_a_minute: int) -> bool:
    """Return whether a call would be beyond its limit; calls that were refused for it do not count."""
    recent = SandboxRequest.objects.filter(
        token_digest=token_digest, operation=operation, at__gt=Now() - timedelta(minutes=1)
    ).exclude(outcome__in=["", *LIMIT_CODES])
    return recent.count() >= calls_a_minute


def has_posted_enough(creator: SandboxCreator, now: datetime) -> bool:
    """Return whether the creator's posts of the last 24 hours have reached the cap."""
    posts = SandboxPost.objects.filter(
        creator=creator, completed_at__gt=now - timedelta(days=1), fail_reason="", cancelled_at=None
    )
    return posts.count() >= POSTS_A_DAY


def check_post_info(info: PostInfo, creator: SandboxCreator) -> None:
    """Refuse settings TikTok does not take for this creator."""
    if utf16_units(info.title) > LONGEST_CAPTION_UNITS:
        raise WireError("invalid_param", f"post_info.title: more than {LONGEST_CAPTION_UNITS} UTF-16 units")
    check_settings(info, creator)


def check_settings(info: PostInfo | PhotoInfo, creator: SandboxCreator) -> None:
    """Refuse who-sees-it and disclosures TikTok does not take for this creator."""
    if info.brand_content_toggle and info.privacy_level == "SELF_ONLY":
        raise WireError("invalid_param", "post_info.brand_content_toggle: branded content cannot be private")
    if info.privacy_level not in creator.privacy_level_options:
        raise WireError("privacy_level_option_mismatch")


def check_source_info(source: SourceInfo) -> None:
    """Refuse a source that is no upload, and a plan of chunks that breaks a rule."""
    if source.source == "PULL_FROM_URL":
        raise WireError("url_ownership_unverified")
    if not 0 < source.video_size <= LARGEST_VIDEO_BYTES:
        raise WireError("invalid_param", f"source_info.video_size: 1 to {LARGEST_VIDEO_BYTES} bytes")
    if source.total_chunk_count > MOST_CHUNKS:
        raise WireError("invalid_param", f"source_info.total_chunk_count: at most {MOST_CHUNKS}")
    whole = (source.chunk_size, source.total_chunk_count) == (source.video_size, 1)
    if whole and source.video_size <= LARGEST_CHUNK_BYTES:
        return
    if not SMALLEST_CHUNK_BYTES <= source.chunk_size <= min(LARGEST_CHUNK_BYTES, source.video_size):
        raise WireError(
            "invalid_param", "source_info.chunk_size: 5 to 64 MB, or the whole of a smaller video"
        )
    if source.total_chunk_count != source.video_size // source.chunk_size:
        raise WireError(
            "invalid_param", "source_info.total_chunk_count: must be video_size / chunk_size, rounded down"
        )


def next_chunk(post: SandboxPost) -> tuple[int, int]:
    """Return the first and last byte of the chunk a post waits for; the last chunk takes the rest."""
    first = post.uploaded_bytes
    is_last = first // post.chunk_size >= post.total_chunk_count - 1
    return first, post.video_size - 1 if is_last else first + post.chunk_size - 1
