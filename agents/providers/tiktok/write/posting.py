"""Posting a video by FILE_UPLOAD: announce it, send its bytes, or call it back.

TikTok has no idempotency key. What keeps a post single is the order: until the first byte is sent to an
upload address nothing can go live, so whoever calls this commits the `UploadTicket` before that byte,
and never announces the same post again while its publish id is not final.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, BinaryIO

from pydantic import Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS, UPLOAD_TIMEOUT_SECONDS, read_shape
from agents.providers.tiktok.write.chunks import Chunk, ChunkPlan

VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm"})


@dataclass(frozen=True, slots=True)
class VideoPost:
    """What is posted beside the video itself, under TikTok's own names.

    `title` is the caption, at most 2,200 UTF-16 units. `privacy_level` is one of the options the
    creator has at that moment. Both brand toggles are always sent.
    """

    title: str
    privacy_level: str
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False
    is_aigc: bool = False
    video_cover_timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """TikTok's id for the post to be, and where its bytes go for one hour.

    The address carries a token and is never shown; keep it as a secret.
    """

    publish_id: Annotated[str, Field(min_length=1, max_length=64)]
    upload_url: Annotated[str, Field(min_length=1)] = field(repr=False)


_TICKET = TypeAdapter(UploadTicket)


class PostingWriter:
    """Posts videos through a provider.

    An error's `may_have_acted` says whether TikTok may have done what was asked all the same.
    """

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.wire

    def init_video(
        self,
        *,
        token: str,
        post: VideoPost,
        plan: ChunkPlan,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> UploadTicket:
        """Announce a video and return where its bytes go (6 calls a minute).

        A lost answer is harmless: no byte was sent, so nothing can go live. Raises
        `ProviderMisconfigured` where TikTok names an upload address that is not its own.
        """
        body = {"post_info": _post_info(post), "source_info": _source_info(plan)}
        path = "/v2/post/publish/video/init/"
        answer = self._wire.call("POST", path, token=token, body=body, timeout_seconds=timeout_seconds)
        ticket = read_shape(_TICKET, answer)
        self._wire.check_upload_url(ticket.upload_url)
        return ticket

    def upload_chunk(
        self,
        *,
        upload_url: str,
        plan: ChunkPlan,
        chunk: Chunk,
        content: bytes,
        content_type: str = "video/mp4",
        timeout_seconds: float = UPLOAD_TIMEOUT_SECONDS,
    ) -> bool:
        """Send one chunk; return whether TikTok now has the whole video.

        Raises `ProviderRejected` with the code `upload_expired`, `upload_unknown`, `upload_invalid` or
        `upload_out_of_order` (go on from the status's `uploaded_bytes`), unsent where `content` is not
        the chunk's length or `content_type` is not mp4, quicktime or webm.
        """
        _check_chunk(chunk, content, content_type)
        headers = {"Content-Type": content_type, "Content-Range": plan.content_range(chunk)}
        response = self._wire.put(
            upload_url, content=content, headers=headers, timeout_seconds=timeout_seconds
        )
        return response.status_code == 201

    def upload(
        self,
        *,
        upload_url: str,
        plan: ChunkPlan,
        file: BinaryIO,
        uploaded_bytes: int = 0,
        content_type: str = "video/mp4",
        before_chunk: Callable[[Chunk, bytes], None] = lambda chunk, content: None,
        timeout_seconds: float = UPLOAD_TIMEOUT_SECONDS,
    ) -> bool:
        """Send what TikTok does not have yet, in order; return whether it now has the whole video.

        `before_chunk` gets each chunk and its bytes before they are sent, and stops the upload by raising.
        """
        is_complete = uploaded_bytes == plan.video_size_bytes
        for chunk in plan.chunks_after(uploaded_bytes):
            file.seek(chunk.first)
            content = file.read(chunk.size_bytes)
            before_chunk(chunk, content)
            is_complete = self.upload_chunk(
                upload_url=upload_url,
                plan=plan,
                chunk=chunk,
                content=content,
                content_type=content_type,
                timeout_seconds=timeout_seconds,
            )
        return is_complete

    def cancel(self, *, token: str, publish_id: str, timeout_seconds: float = CALL_TIMEOUT_SECONDS) -> None:
        """Call a post back that is not out yet.

        Raises `ProviderRejected` with the code `publish_not_cancellable` where it is too late.
        """
        path = "/v2/post/publish/cancel/"
        body = {"publish_id": publish_id}
        self._wire.call("POST", path, token=token, body=body, timeout_seconds=timeout_seconds)


def _post_info(post: VideoPost) -> dict[str, Any]:
    return {name: value for name, value in asdict(post).items() if value is not None}


def _source_info(plan: ChunkPlan) -> dict[str, Any]:
    return {
        "source": "FILE_UPLOAD",
        "video_size": plan.video_size_bytes,
        "chunk_size": plan.chunk_size_bytes,
        "total_chunk_count": len(plan.chunks),
    }


def _check_chunk(chunk: Chunk, content: bytes, content_type: str) -> None:
    """Refuse bytes that are not the chunk's before any of them is sent."""
    problem = ""
    if len(content) != chunk.size_bytes:
        problem = f"The chunk from byte {chunk.first} has {len(content)} bytes instead of {chunk.size_bytes}"
    if content_type not in VIDEO_TYPES:
        problem = f"The content type is {content_type!r}, not one of {sorted(VIDEO_TYPES)}"
    if problem:
        raise ProviderRejected(
            f"{problem}; nothing was sent, look at the file.", was_sent=False, may_have_acted=False
        )
