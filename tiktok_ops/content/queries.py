"""What agents read: the content tables as plain values."""

import math
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min, Q, Sum

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.figures import (
    CatalogueFigures,
    CommentFigures,
    CreatorFigures,
    OrderFigures,
    PostFigures,
    ProductFigures,
    Sides,
    TrendSighting,
)
from tiktok_ops.content.models import (
    Comment,
    Creator,
    DealtWith,
    OrderLine,
    PolicyFlag,
    Post,
    Product,
    Trend,
)

ONE_SYNC = timedelta(minutes=15)
"""Data is as of the oldest part of a sync; what its other parts found minutes later belongs to it."""


def posts_until(account_id: UUID, *, as_of: datetime, since: datetime | None = None) -> list[PostFigures]:
    """Return the account's posts with `since < created_at <= as_of`, oldest first, with their newest counts.

    Without `since`, all of them up to `as_of`.
    """
    posts = Post.objects.filter(account_id=account_id, created_at__lte=as_of)
    if since is not None:
        posts = posts.filter(created_at__gt=since)
    rows = posts.order_by("created_at", "video_id").values_list(
        "video_id", "created_at", "caption", "hashtags", "views", "likes", "comments", "shares"
    )
    return [PostFigures(*row[:3], tuple(row[3]), *row[4:]) for row in rows]


def products_until(account_id: UUID, *, as_of: datetime, since: datetime) -> list[ProductFigures]:
    """Return the account's products by product id, with their units of `since < ordered_at <= as_of`.

    The stock is what the last sync saw. Cancelled lines sell nothing; an order after `as_of` does not
    exist yet.
    """
    known = Q(order_lines__ordered_at__lte=as_of)
    sold = known & Q(order_lines__ordered_at__gt=since, order_lines__is_cancelled=False)
    rows = (
        Product.objects.filter(account_id=account_id)
        .annotate(
            units_sold=Sum("order_lines__quantity", filter=sold, default=0),
            first_ordered_at=Min("order_lines__ordered_at", filter=known),
        )
        .order_by("product_id")
        .values_list("product_id", "title", "status", "stock", "units_sold", "first_ordered_at")
    )
    return [ProductFigures(*row) for row in rows]


def comments_until(account_id: UUID, *, as_of: datetime, since: datetime) -> list[CommentFigures]:
    """Return the comments on the account's posts with `since < created_at <= as_of`, oldest first.

    Comments of a deleted post went with it.
    """
    rows = (
        Comment.objects.filter(account_id=account_id, created_at__gt=since, created_at__lte=as_of)
        .order_by("created_at", "comment_id")
        .values_list("comment_id", "post__video_id", "author", "text", "created_at")
    )
    return [CommentFigures(*row) for row in rows]


def trends_until(
    account_id: UUID, *, as_of: datetime, since: datetime, region: str = "", category: str = ""
) -> list[TrendSighting]:
    """Return the sightings of trends with `since < observed_at <= as_of`, oldest first.

    They are of one region or category where it is named; without a region, those seen at the same moment are
    added up. None for an account that is not synced: what TikTok says of trends is no fact of an imported file.
    """
    if not TikTokAccount.objects.filter(id=account_id, data_source=TikTokAccount.Source.SYNC).exists():
        return []
    trends = Trend.objects.filter(observed_at__gt=since, observed_at__lte=as_of)
    if region:
        trends = trends.filter(region=region)
    if category:
        trends = trends.filter(category=category)
    seen = trends.values("tag", "observed_at").annotate(all_views=Sum("views"), all_posts=Sum("posts"))
    rows = seen.order_by("observed_at", "tag").values_list("tag", "observed_at", "all_views", "all_posts")
    return [TrendSighting(tag.lower(), *rest) for tag, *rest in rows]


def catalogue_of(account_id: UUID) -> list[CatalogueFigures]:
    """Return what the account's shop shows, by product id, deleted products too."""
    rows = (
        Product.objects.filter(account_id=account_id)
        .order_by("product_id")
        .values_list("product_id", "title", "description", "price", "currency", "status")
    )
    return [CatalogueFigures(*row) for row in rows]


def dealt_with(account_id: UUID) -> dict[str, dict[str, Sides]]:
    """Return what source and shop were when last dealt with: product id → part → sides."""
    known: dict[str, dict[str, Sides]] = {}
    rows = DealtWith.objects.filter(account_id=account_id).order_by("product_id", "part")
    for product_id, part, *sides in rows.values_list("product_id", "part", "in_source", "in_shop"):
        known.setdefault(product_id, {})[part] = Sides(*sides)
    return known


def orders_between(account_id: UUID, *, after: datetime, until: datetime) -> list[OrderFigures]:
    """Return the order lines with `after < ordered_at <= until`, oldest first, without cancelled ones."""
    rows = (
        OrderLine.objects.filter(
            account_id=account_id, ordered_at__gt=after, ordered_at__lte=until, is_cancelled=False
        )
        .order_by("ordered_at", "order_id", "product__product_id")
        .values_list("order_id", "product__product_id", "quantity", "ordered_at")
    )
    return [OrderFigures(*row) for row in rows]


def policy_flags_of(account_id: UUID, *, as_of: datetime, since: datetime) -> list[str]:
    """Return TikTok's codes of what it holds against the account at `as_of`, the newest first.

    The limits in force then, and of the posts it refused those of `since < moment <= as_of`.
    """
    known = PolicyFlag.objects.filter(account_id=account_id)
    told = Q(about="", since__lte=as_of + ONE_SYNC)
    in_force = told & (Q(ended_at=None) | Q(ended_at__gt=as_of + ONE_SYNC))
    refused = ~Q(about="") & Q(since__gt=since, since__lte=as_of)
    return list(known.filter(in_force | refused).order_by("-since", "code").values_list("code", flat=True))


def creators_known_to(account_id: UUID) -> list[CreatorFigures]:
    """Return the creators of the account's workspace by handle.

    What a segment weighs is JSON that files bring: what is not a number above 0 is left out.
    """
    rows = (
        Creator.objects.filter(workspace__accounts=account_id)
        .order_by("handle")
        .values_list("handle", "followers", "engagement_rate", "segments")
    )
    return [CreatorFigures(*row[:3], _weights(row[3])) for row in rows]


def _weights(stored: object) -> dict[str, float]:
    if not isinstance(stored, dict):
        return {}
    return {
        name: float(weight)
        for name, weight in stored.items()
        if isinstance(weight, int | float) and not isinstance(weight, bool) and 0 < weight < math.inf
    }
