"""Posts, products, comments and trends as agents compute on them: plain values, no ORM."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


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


@dataclass(frozen=True, slots=True)
class ProductFigures:
    """One product of a shop: its stock as last synced, and what it sold.

    `units_sold` are the units of a time that the query names, without cancelled order lines;
    `first_ordered_at` is its first order ever, a cancelled one too, aware and in UTC.
    """

    product_id: str
    title: str
    status: str
    stock: int
    units_sold: int
    first_ordered_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommentFigures:
    """One comment under a post of the account; `text` and `author` are by strangers, time in UTC."""

    comment_id: str
    video_id: str
    author: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TrendSighting:
    """How many views and posts a trend had when it was seen, all together; `tag` is lower case without `#`."""

    tag: str
    observed_at: datetime
    views: int
    posts: int


@dataclass(frozen=True, slots=True)
class CatalogueFigures:
    """One product as the shop shows it; the price is in the shop's currency, None where it names none."""

    product_id: str
    title: str
    description: str
    price: Decimal | None
    currency: str
    status: str


@dataclass(frozen=True, slots=True)
class Sides:
    """What the source of a catalogue and the shop said of one part of a product when that was last dealt with."""

    in_source: str
    in_shop: str


@dataclass(frozen=True, slots=True)
class CreatorFigures:
    """A creator of the workspace; `segments` maps names of audience segments to weights above 0.

    `engagement_rate` is a share of 1, None where nobody told it.
    """

    handle: str
    followers: int
    engagement_rate: float | None
    segments: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """One product in one order that stands; time in UTC."""

    order_id: str
    product_id: str
    quantity: int
    ordered_at: datetime
