"""What a made world is: plain values, the same for the same seed and moment."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import exp

VIEWS_RIPEN_HOURS = 12.0
"""After so many hours a post has 63 % of the views it will ever have (`1 - 1/e`)."""


class FactKind(StrEnum):
    """What is planted for an agent to find."""

    SUPPRESSED_ACCOUNT = "suppressed_account"
    VIRAL_WINNER = "viral_winner"
    COMMENT_CRISIS = "comment_crisis"
    LOW_STOCK = "low_stock"
    OVERSOLD = "oversold"
    RISING_TREND = "rising_trend"
    OFF_BRAND_TREND = "off_brand_trend"
    NEAR_DUPLICATE_IDEA = "near_duplicate_idea"
    BANNED_CLAIM = "banned_claim"
    MISSING_DISCLOSURE = "missing_disclosure"


@dataclass(frozen=True, slots=True)
class PlantedFact:
    """One thing that is true of the world on purpose.

    `subject` names it: a video id, a product id, a tag, or the words of an idea; empty where it is the account
    itself. `value` is the figure an agent should come to, where there is one.
    """

    kind: FactKind
    handle: str
    subject: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class WorldComment:
    """A comment under a post."""

    comment_id: str
    author: str
    text: str
    likes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorldPost:
    """A post and what it will have come to in the end; `views_at` tells how far it is."""

    video_id: str
    created_at: datetime
    caption: str
    hashtags: tuple[str, ...]
    duration_seconds: int
    final_views: int
    likes_rate: float
    shares_rate: float
    comments: tuple[WorldComment, ...] = ()

    def views_at(self, moment: datetime) -> int:
        """Return the views at a moment: `final * (1 - e^(-age / 12 h))`, a plausible decaying curve."""
        hours = (moment - self.created_at) / timedelta(hours=1)
        return int(self.final_views * (1 - exp(-hours / VIEWS_RIPEN_HOURS))) if hours > 0 else 0

    def likes_at(self, moment: datetime) -> int:
        """Return the likes at a moment."""
        return int(self.views_at(moment) * self.likes_rate)

    def shares_at(self, moment: datetime) -> int:
        """Return the shares at a moment."""
        return int(self.views_at(moment) * self.shares_rate)

    def comments_at(self, moment: datetime) -> int:
        """Return how many comments there are at a moment."""
        return sum(comment.created_at <= moment for comment in self.comments)


@dataclass(frozen=True, slots=True)
class WorldDay:
    """An account's figures of one day, UTC."""

    day: datetime
    followers: int
    profile_views: int
    video_views: int


@dataclass(frozen=True, slots=True)
class WorldProduct:
    """A product of a shop; money in `currency`."""

    product_id: str
    title: str
    description: str
    price: Decimal
    currency: str
    stock: int


@dataclass(frozen=True, slots=True)
class WorldOrder:
    """One order of one product."""

    order_id: str
    product_id: str
    quantity: int
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class WorldAccount:
    """An account with all that is on it: posts oldest first, days oldest first."""

    handle: str
    display_name: str
    bio: str
    locale: str
    time_zone: str
    posts: tuple[WorldPost, ...] = ()
    days: tuple[WorldDay, ...] = ()
    products: tuple[WorldProduct, ...] = ()
    orders: tuple[WorldOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class WorldBrand:
    """A brand and its accounts; the first one has the shop."""

    name: str
    category: str
    voice: str
    guidelines: str
    banned_claims: tuple[str, ...]
    accounts: tuple[WorldAccount, ...]


@dataclass(frozen=True, slots=True)
class WorldTrend:
    """A hashtag that is popular in a country: what it was viewed in the last 7 and 30 days, and ever."""

    tag: str
    country: str
    category: str
    views_7_days: int
    views_30_days: int
    views_ever: int


@dataclass(frozen=True, slots=True)
class WorldCreator:
    """A creator whom brands may write to; `categories` are ids of what they make videos about.

    `engagement_rate` is the share of views that are followed by a like, a comment or a share.
    """

    handle: str
    display_name: str
    country: str
    followers: int
    usual_views: int
    categories: tuple[str, ...]
    engagement_rate: float


@dataclass(frozen=True, slots=True)
class World:
    """All of it, as it is at `as_of` (aware, UTC), with what was planted."""

    seed: int
    as_of: datetime
    brands: tuple[WorldBrand, ...]
    trends: tuple[WorldTrend, ...]
    creators: tuple[WorldCreator, ...]
    facts: tuple[PlantedFact, ...] = field(default=())

    @property
    def accounts(self) -> tuple[WorldAccount, ...]:
        """Return the accounts of all brands."""
        return tuple(account for brand in self.brands for account in brand.accounts)

    def account(self, handle: str) -> WorldAccount:
        """Return the account with this handle; raises `KeyError`."""
        for account in self.accounts:
            if account.handle == handle:
                return account
        raise KeyError(handle)
