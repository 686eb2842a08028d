"""A made world into the sandbox TikTok, as if it had always been there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.sandbox.tiktok.ids import warehouse_id_of
from agents.sandbox.tiktok.records import (
    Counted,
    account_day,
    comment,
    hashtag,
    plant,
    put_profile,
    video,
)
from agents.sandbox.tiktok.trade_records import Bought, Stock, creator, order, product, sku_id_of
from agents.sandbox.world.model import VIEWS_RIPEN_HOURS, World, WorldAccount, WorldPost, WorldProduct
from agents.sandbox_models import SandboxRecord
from agents.skills.places import country_of

RIPENING = (0.5, 1, 2, 4, 8)
"""At these multiples of 12 hours a planted curve has a point."""


@dataclass(frozen=True, slots=True)
class Planted:
    """How much was planted."""

    accounts: int
    records: int


def plant_world(world: World, *, grows: bool = True) -> Planted:
    """Write the world into the sandbox's tables, replacing what an earlier planting of it wrote.

    Posts go on gathering views by the database's clock, unless the world does not grow: then their counts stay
    what they are at `as_of`.
    """
    for account in world.accounts:
        last = account.days[-1].followers if account.days else 0
        put_profile(
            account.handle,
            at=account.posts[0].created_at,
            display_name=account.display_name,
            bio_description=account.bio,
            follower_count=last,
            likes_count=sum(post.likes_at(world.as_of) for post in account.posts),
            audience=_AUDIENCE,
        )
    written = plant(_records(world, grows=grows))
    return Planted(len(world.accounts), written + len(world.accounts))


_AUDIENCE = {
    "audience_genders": [{"gender": "Female", "percentage": 0.58}, {"gender": "Male", "percentage": 0.42}],
    "audience_countries": [{"country": "US", "percentage": 0.61}, {"country": "DE", "percentage": 0.22}],
}


def countries_of(world: World) -> tuple[str, ...]:
    """Return the countries the accounts speak to; the same trends are planted in each."""
    return tuple(sorted({country_of(account.locale) for account in world.accounts}))


def _records(world: World, *, grows: bool) -> Iterator[SandboxRecord]:
    for account in world.accounts:
        yield from _account(account, world.as_of, grows=grows)
    for trend in world.trends:
        for country in countries_of(world):
            for date_range, views in (("7DAY", trend.views_7_days), ("30DAY", trend.views_30_days)):
                yield hashtag(
                    country,
                    trend.tag,
                    at=world.as_of - timedelta(days=1),
                    rank=1,
                    views=views,
                    posts=views // 900,
                    category=trend.category,
                    date_range=date_range,
                    lifetime=(trend.views_ever, trend.views_ever // 900),
                )
    for made in world.creators:
        yield creator(
            made.handle,
            at=world.as_of - timedelta(days=30),
            followers=made.followers,
            average_video_views=made.usual_views,
            region=made.country,
            nickname=made.display_name,
            category_ids=made.categories,
            engagement_rate=made.engagement_rate,
        )


def _account(account: WorldAccount, as_of: datetime, *, grows: bool) -> Iterator[SandboxRecord]:
    for post in account.posts:
        yield video(
            account.handle,
            caption=post.caption,
            at=post.created_at,
            curve=_curve(post, as_of, grows=grows),
            item_id=post.video_id,
            duration_seconds=float(post.duration_seconds),
        )
        for said in post.comments:
            yield comment(
                account.handle,
                video_id=post.video_id,
                text=said.text,
                at=said.created_at,
                author=said.author,
                comment_id=said.comment_id,
                likes=said.likes,
            )
    for day in account.days:
        yield account_day(
            account.handle,
            day.day.date(),
            video_views=day.video_views,
            profile_views=day.profile_views,
            followers_count=day.followers,
        )
    yield from _shop(account)


def _curve(post: WorldPost, as_of: datetime, *, grows: bool) -> list[Counted]:
    """Return the post's counts at some moments, `as_of` among them, where they are just those of the world."""
    moments = {post.created_at + timedelta(hours=VIEWS_RIPEN_HOURS * times) for times in RIPENING}
    if post.created_at < as_of:
        moments.add(as_of)
    return [
        Counted(at, post.views_at(at), post.likes_at(at), post.comments_at(at), post.shares_at(at))
        for at in sorted(moments)
        if grows or at <= as_of
    ]


def _shop(account: WorldAccount) -> Iterator[SandboxRecord]:
    if not account.products:
        return
    opened = account.posts[0].created_at
    by_id = {made.product_id: made for made in account.products}
    for made in account.products:
        yield product(
            account.handle,
            title=made.title,
            description=made.description,
            price=str(made.price),
            currency=made.currency,
            stock=[Stock(made.stock, warehouse_id=warehouse_id_of(account.handle))],
            at=opened,
            product_id=made.product_id,
            region="US",
        )
    for bought in account.orders:
        yield order(
            account.handle,
            at=bought.ordered_at,
            lines=[_line(by_id[bought.product_id], bought.quantity)],
            currency=by_id[bought.product_id].currency,
            order_id=bought.order_id,
        )


def _line(made: WorldProduct, quantity: int) -> Bought:
    return Bought(
        product_id=made.product_id,
        sku_id=sku_id_of(made.product_id),
        product_name=made.title,
        sale_price=str(made.price),
        quantity=quantity,
    )
