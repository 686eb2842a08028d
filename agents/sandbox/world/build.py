"""`build_world`: a whole made world, and the facts planted in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from agents.sandbox.world import market, shop, talk, timeline
from agents.sandbox.world.material import BRANDS, Material
from agents.sandbox.world.model import (
    FactKind,
    PlantedFact,
    World,
    WorldAccount,
    WorldBrand,
    WorldPost,
    WorldTrend,
)

Posts = tuple[WorldPost, ...]

VIRAL_DAYS = (15, 24)
"""Old enough to be judged and not of the last two weeks, which are compared; young enough to be news."""
NEWEST = 40
"""Captions are planted among so many of the newest posts: they are the ones that are checked."""


def build_world(seed: int, *, as_of: datetime | None = None) -> World:
    """Return the world of a seed as it is at `as_of` (aware, UTC; this very hour if left out).

    4 brands, 12 accounts, 1,596 posts, more than 4,000 comments, 60 products with their orders, 40 trends,
    80 creators. Ordinary accounts are ordinary by construction; each kind of fact is planted once.
    """
    moment = as_of or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    dice = Random(f"world {seed}")  # noqa: S311  # a world is drawn, not a secret
    return _Drawing(dice, moment, _cast(dice)).world(seed)


@dataclass(frozen=True, slots=True)
class _Cast:
    """Which account carries which fact; on no account do two facts get into each other's way."""

    suppressed: str
    viral: str
    storm: str
    duplicate: str
    claim: Material
    undisclosed: Material
    low: Material
    oversold: Material
    trend: Material


def _cast(dice: Random) -> _Cast:
    handles = [handle for brand in BRANDS for handle, _, _ in brand.handles]
    suppressed, viral, storm, duplicate = dice.sample(handles, 4)
    claim, undisclosed = dice.sample(BRANDS, 2)
    low, oversold = dice.sample(BRANDS, 2)
    return _Cast(suppressed, viral, storm, duplicate, claim, undisclosed, low, oversold, dice.choice(BRANDS))


class _Drawing:
    """A world that is being drawn; `facts` grows with what is planted."""

    def __init__(self, dice: Random, as_of: datetime, cast: _Cast) -> None:
        self.dice, self.as_of, self.cast = dice, as_of, cast
        self.facts: list[PlantedFact] = []

    def world(self, seed: int) -> World:
        """Draw everything, in a fixed order."""
        brands = tuple(self._brand(material) for material in BRANDS)
        trend, off_brand = self.cast.trend, self.dice.choice(market.OFF_BRAND)
        rising = market.first_tag(trend, self.dice)
        trends = market.trends_of(self.dice, rising=rising, off_brand=off_brand)
        speed = next(_speed(one) for one in trends if one.tag == rising)
        self._plant(FactKind.RISING_TREND, trend.handles[0][0], rising, speed)
        self._plant(FactKind.OFF_BRAND_TREND, trend.handles[0][0], off_brand)
        return World(seed, self.as_of, brands, trends, market.creators_of(self.dice), tuple(self.facts))

    def _plant(self, kind: FactKind, handle: str, subject: str = "", value: float | None = None) -> None:
        self.facts.append(PlantedFact(kind, handle, subject, value))

    def _brand(self, material: Material) -> WorldBrand:
        accounts = [self._account(material, place) for place in range(len(material.handles))]
        sold = self._shop(material)
        accounts[0] = replace(accounts[0], products=sold.products, orders=sold.orders)
        return WorldBrand(
            name=material.name,
            category=material.category,
            voice=material.voice,
            guidelines=material.guidelines,
            banned_claims=material.banned_claims,
            accounts=tuple(accounts),
        )

    def _account(self, material: Material, place: int) -> WorldAccount:
        handle, locale, zone = material.handles[place]
        pace = timeline.pace_of(self.dice)
        posts = timeline.posts_of(self.dice, material, pace, self.as_of)
        posts = self._with_words(material, handle, posts)
        posts = self._with_reach(handle, posts)
        posts = talk.with_comments(self.dice, posts, pace.comments_rate, self.as_of)
        posts = self._with_storm(handle, posts)
        return WorldAccount(
            handle=handle,
            display_name=f"{material.name} {handle.rpartition('.')[2]}" if place else material.name,
            bio=f"{material.category}. {material.voice}"[:160],
            locale=locale,
            time_zone=zone,
            posts=posts,
            days=timeline.days_of(self.dice, posts, pace, self.as_of),
        )

    def _with_words(self, material: Material, handle: str, posts: Posts) -> Posts:
        """Plant what is wrong with captions, on a brand's first account, and an idea that was posted before."""
        if handle == material.handles[0][0]:
            if material is self.cast.claim:
                posts = self._say(FactKind.BANNED_CLAIM, handle, posts, material.claim_caption)
            if material is self.cast.undisclosed:
                posts = self._say(FactKind.MISSING_DISCLOSURE, handle, posts, material.undisclosed_caption)
        if handle == self.cast.duplicate:
            told = self.dice.choice(posts[-NEWEST:]).caption.partition(" #")[0]
            self._plant(FactKind.NEAR_DUPLICATE_IDEA, handle, f"Once more: {told}")
        return posts

    def _say(self, kind: FactKind, handle: str, posts: Posts, caption: str) -> Posts:
        place = self.dice.randrange(len(posts) - NEWEST, len(posts))
        tags = tuple(word[1:] for word in caption.split() if word.startswith("#"))
        self._plant(kind, handle, posts[place].video_id)
        return _changed(posts, place, replace(posts[place], caption=caption, hashtags=tags))

    def _with_reach(self, handle: str, posts: Posts) -> Posts:
        if handle == self.cast.suppressed:
            self._plant(FactKind.SUPPRESSED_ACCOUNT, handle)
            return timeline.suppressed(posts, self.as_of)
        if handle == self.cast.viral:
            oldest, youngest = (self.as_of - timedelta(days=days) for days in reversed(VIRAL_DAYS))
            place = self.dice.choice(
                [at for at, post in enumerate(posts) if oldest < post.created_at < youngest]
            )
            posts = timeline.with_viral(posts, place)
            views = float(posts[place].views_at(self.as_of))
            self._plant(FactKind.VIRAL_WINNER, handle, posts[place].video_id, views)
        return posts

    def _with_storm(self, handle: str, posts: Posts) -> Posts:
        if handle != self.cast.storm:
            return posts
        place = len(posts) - 1 - self.dice.randrange(1, 4)
        stormy = talk.with_storm(self.dice, posts[place], self.as_of)
        angry = float(talk.cross_in_a_day(stormy, self.as_of))
        self._plant(FactKind.COMMENT_CRISIS, handle, stormy.video_id, angry)
        return _changed(posts, place, stormy)

    def _shop(self, material: Material) -> shop.Shop:
        sold = shop.shop_of(self.dice, material, self.as_of)
        handle, place = material.handles[0][0], self.dice.randrange(len(material.products))
        if material is self.cast.low:
            sold, days = shop.with_low(self.dice, sold, place, self.as_of)
            self._plant(FactKind.LOW_STOCK, handle, sold.products[place].product_id, days)
        if material is self.cast.oversold:
            sold = shop.with_oversold(sold, place)
            self._plant(FactKind.OVERSOLD, handle, sold.products[place].product_id, float(shop.OVERSOLD_BY))
        return sold


def _speed(trend: WorldTrend) -> float:
    """Return how much more views a day the last week brought than the 23 days before, as a share of both, 0 to 1."""
    fresh, before = trend.views_7_days / 7, (trend.views_30_days - trend.views_7_days) / 23
    return (fresh - before) / (fresh + before)


def _changed(posts: Sequence[WorldPost], place: int, post: WorldPost) -> Posts:
    return (*posts[:place], post, *posts[place + 1 :])
