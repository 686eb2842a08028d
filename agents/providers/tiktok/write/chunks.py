"""How a video is cut for its upload, by TikTok's media transfer guide.

`total_chunk_count = floor(video_size / chunk_size)`, and the rest goes into the last chunk. A chunk has
5 to 64 MB; a smaller file is one chunk. "MB" is not defined there, so a chunk here has between
5,242,880 and 64,000,000 bytes, which is right by either reading.
"""

from dataclasses import dataclass

from agents.providers.errors import ProviderRejected

SMALLEST_CHUNK_BYTES = 5_242_880
LARGEST_CHUNK_BYTES = 64_000_000
USUAL_CHUNK_BYTES = 10_000_000
LARGEST_VIDEO_BYTES = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes `first` to `last` of a video, both included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """Return how many bytes it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """A whole video as chunks, in the order they have to be sent."""

    video_size_bytes: int
    chunk_size_bytes: int
    chunks: tuple[Chunk, ...]

    def content_range(self, chunk: Chunk) -> str:
        """Return the `Content-Range` header of a chunk: `bytes 0-9999999/50000123`."""
        return f"bytes {chunk.first}-{chunk.last}/{self.video_size_bytes}"

    def chunks_after(self, uploaded_bytes: int) -> tuple[Chunk, ...]:
        """Return what is left to send once TikTok has the first `uploaded_bytes`.

        A chunk TikTok has a part of is sent from there on. Raises `ProviderRejected` for a number that
        cannot be of this video.
        """
        if not 0 <= uploaded_bytes <= self.video_size_bytes:
            raise ProviderRejected(
                f"TikTok has {uploaded_bytes} bytes of a video of {self.video_size_bytes}; this is another "
                "video, so nothing more is sent.",
                was_sent=False,
                may_have_acted=False,
            )
        return tuple(
            Chunk(max(chunk.first, uploaded_bytes), chunk.last)
            for chunk in self.chunks
            if chunk.last >= uploaded_bytes
        )


def plan_chunks(
    video_size_bytes: int,
    *,
    chunk_size_bytes: int = USUAL_CHUNK_BYTES,
    whole_up_to_bytes: int = LARGEST_CHUNK_BYTES,
) -> ChunkPlan:
    """Return how a video of this size is sent; the same size always gives the same plan.

    Up to `whole_up_to_bytes` it goes in one chunk. `chunk_size_bytes` is from 5,242,880 to 64,000,000,
    else `ValueError`. Raises `ProviderRejected` for an empty video or one above 4 GB.
    """
    if not SMALLEST_CHUNK_BYTES <= chunk_size_bytes <= LARGEST_CHUNK_BYTES:
        raise ValueError(
            f"chunk_size_bytes is {chunk_size_bytes!r}; use {SMALLEST_CHUNK_BYTES} to {LARGEST_CHUNK_BYTES}."
        )
    if not 0 < video_size_bytes <= LARGEST_VIDEO_BYTES:
        raise ProviderRejected(
            f"The video has {video_size_bytes} bytes; TikTok takes 1 to {LARGEST_VIDEO_BYTES}.",
            was_sent=False,
            may_have_acted=False,
        )
    whole_up_to = max(min(whole_up_to_bytes, LARGEST_CHUNK_BYTES), SMALLEST_CHUNK_BYTES - 1)
    if video_size_bytes <= whole_up_to:
        return ChunkPlan(video_size_bytes, video_size_bytes, (Chunk(0, video_size_bytes - 1),))
    count = max(video_size_bytes // chunk_size_bytes, 1)
    starts = [at * chunk_size_bytes for at in range(count)]
    ends = [*(start - 1 for start in starts[1:]), video_size_bytes - 1]
    size = min(chunk_size_bytes, video_size_bytes)
    return ChunkPlan(video_size_bytes, size, tuple(map(Chunk, starts, ends)))
