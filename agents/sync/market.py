"""What trends in an account's country, and the creators its shop may write to."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from agents.providers.tiktok.read.discovery import TrendingHashtag
from agents.skills.places import country_of
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
    trends = _sightings(session, country, by_range)
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


def _trending(session: Session, country: str, date_range: str) -> dict[str, TrendingHashtag]:
    session.holding()
    listed = session.tiktok.discovery.trending_hashtags(
        token=session.access.token,
        advertiser_id=session.access.advertiser_id,
        country_code=country,
        date_range=date_range,
    )
    return {hashtag.name.lower().lstrip("#"): hashtag for hashtag in listed}


def _sightings(
    session: Session, country: str, by_range: dict[str, dict[str, TrendingHashtag]]
) -> list[Trend]:
    """Return how many views each trend had, all together: now, and, by what TikTok says of 7 and 30 days, then."""
    latest = by_range["7DAY"]
    rows = [
        _seen(session, country, tag, hashtag.views_lifetime, ago=timedelta())
        for tag, hashtag in latest.items()
        if hashtag.views_lifetime is not None
    ]
    for name, ago in RANGES.items():
        for tag, hashtag in by_range[name].items():
            if tag in latest and hashtag.views_lifetime is not None:
                rows.append(_seen(session, country, tag, hashtag.views_lifetime - hashtag.views, ago=ago))
    return rows


def _seen(session: Session, country: str, tag: str, views: int | None, *, ago: timedelta) -> Trend:
    day = (session.now - ago).replace(minute=0, second=0, microsecond=0)
    return Trend(tag=tag[:150], region=country, observed_at=day, views=max(views or 0, 0))
