"""What trends in an account's country, and the creators its shop may write to."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.read.discovery import TrendingHashtag
from agents.skills.places import country_of
from agents.skills.trend_categories import CATEGORIES
from agents.sync.creators import read_creators
from agents.sync.session import Session
from tiktok_ops.content.models import Creator, Trend

PART = "trends"
RANGES = {"7DAY": timedelta(days=7), "30DAY": timedelta(days=30)}


def sync_market(session: Session) -> dict[str, Any]:
    """Take in the trending hashtags of the account's country, and the marketplace's creators.

    Raises the readers' errors.
    """
    country = country_of(session.account.locale)
    by_range = {name: _trending(session, country, name) for name in RANGES}
    categories = _by_category(session, country, into=by_range["7DAY"])
    trends = _sightings(session, country, by_range, categories)
    creators = read_creators(session)
    with transaction.atomic():
        Trend.objects.bulk_create(
            trends,
            update_conflicts=True,
            unique_fields=["tag", "region", "observed_at"],
            update_fields=["views", "posts", "category"],
        )
        Creator.objects.bulk_create(
            creators,
            update_conflicts=True,
            unique_fields=["workspace", "handle"],
            update_fields=["followers", "engagement_rate", "segments"],
        )
        said = {"country": country, "trends": len(by_range["7DAY"]), "creators": len(creators)}
        return session.done(PART, said)


def _by_category(session: Session, country: str, *, into: dict[str, TrendingHashtag]) -> dict[str, str]:
    """Return each popular tag's category, the first that lists it, and add to `into` what only a category lists.

    A category TikTok does not know keeps nothing of the others from us.
    """
    found: dict[str, str] = {}
    for category in CATEGORIES:
        try:
            listed = _trending(session, country, "7DAY", category=category)
        except ProviderRejected:
            continue
        for tag, hashtag in listed.items():
            found.setdefault(tag, category)
            into.setdefault(tag, hashtag)
    return found


def _trending(
    session: Session, country: str, date_range: str, *, category: str = "ALL"
) -> dict[str, TrendingHashtag]:
    session.holding()
    listed = session.tiktok.discovery.trending_hashtags(
        token=session.access.token,
        advertiser_id=session.access.advertiser_id,
        country_code=country,
        category=category,
        date_range=date_range,
    )
    return {hashtag.name.lower().lstrip("#"): hashtag for hashtag in listed}


def _sightings(
    session: Session,
    country: str,
    by_range: dict[str, dict[str, TrendingHashtag]],
    categories: dict[str, str],
) -> list[Trend]:
    """Return how many views and posts each trend had, all together: now, and 7 and 30 days ago.

    What it had then is what it has now without what TikTok says it gained since.
    """
    latest = by_range["7DAY"]
    rows: list[Trend] = []
    moments = [(latest, timedelta(), False), *((by_range[name], ago, True) for name, ago in RANGES.items())]
    for listed, ago, is_before in moments:
        day = (session.now - ago).replace(minute=0, second=0, microsecond=0)
        for tag, hashtag in listed.items():
            if tag not in latest or hashtag.views_lifetime is None:
                continue
            views = hashtag.views_lifetime - (hashtag.views if is_before else 0)
            posts = (hashtag.posts_lifetime or 0) - (hashtag.posts if is_before else 0)
            rows.append(
                Trend(
                    tag=tag[:150],
                    region=country,
                    category=categories.get(tag, ""),
                    observed_at=day,
                    views=max(views, 0),
                    posts=max(posts, 0),
                )
            )
    return rows
