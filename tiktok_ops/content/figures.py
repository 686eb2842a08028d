"""A post as agents compute on it: plain values, no ORM."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PostFigures:
    """One post's text and its newest counts.

    `created_at` is aware and in UTC; `hashtags` are lower case without the leading `#`, in the order
    they were written; the four counts are whole numbers, never negative.
    """

    video_id: str
    created_at: datetime
    caption: str
    hashtags: tuple[str, ...]
    views: int
    likes: int
    comments: int
    shares: int

    @property
    def interactions(self) -> int:
        """Likes, comments and shares together."""
        return self.likes + self.comments + self.shares
