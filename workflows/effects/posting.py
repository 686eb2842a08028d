"""One post on its way: what was approved, the files it is of, and with whose access it is sent."""

from dataclasses import dataclass

from agents.providers.tiktok.write.chunks import ChunkPlan, plan_chunks
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import VideoPost
from workflows.effects.underway import Underway
from workflows.photo_kinds import PhotoPost


@dataclass(frozen=True, slots=True)
class PostUnderway(Underway):
    """A post at a moment of its way; `payload` are the approved bytes `post` was read from."""

    post: VideoPost | PhotoPost


@dataclass(frozen=True, slots=True)
class Posting(PostUnderway):
    """A video post at a moment of its way."""

    post: VideoPost
    asset: Asset

    def plan(self, chunk_bytes: int) -> ChunkPlan:
        """Return how the video is cut."""
        return plan_chunks(self.asset.bytes, chunk_size_bytes=chunk_bytes, whole_up_to_bytes=chunk_bytes)


@dataclass(frozen=True, slots=True)
class PhotoPosting(PostUnderway):
    """A photo post at a moment of its way; the photos are in the order they are shown."""

    post: PhotoPost
    photos: tuple[Asset, ...]
