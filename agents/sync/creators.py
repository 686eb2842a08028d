"""The creators an account's shop may write to: what they make videos about, and how those do."""

from datetime import UTC, datetime
from typing import Any

from agents.providers.errors import AccessRefused, ProviderRejected
from agents.providers.tiktok.read.affiliate import MarketplaceCreator
from agents.skills.shop_categories import category_name
from agents.sync.session import Session
from tiktok_ops.content.models import Creator

MOST_CREATORS = 500
MOST_ASKED = 25
"""How a creator does is a call for each: so many a sync, first those of whom it is not known, then by turns."""


def read_creators(session: Session) -> list[Creator]:
    """Return the marketplace's creators, not yet saved; an account without a shop sees none.

    TikTok tells what a creator makes videos about by ids of its shop's categories, without a measure: each
    weighs the same, under TikTok's name for it. Raises the reader's errors.
    """
    try:
        listed = _listed(session)
        rates = _rates(session, listed)
    except AccessRefused:
        return []
    return [
        Creator(
            workspace_id=session.account.workspace_id,
            handle=handle,
            followers=one.follower_count or 0,
            engagement_rate=rates[handle],
            segments={category_name(each): 1 / len(one.category_ids) for each in one.category_ids},
        )
        for handle, one in listed.items()
    ]


def _listed(session: Session) -> dict[str, MarketplaceCreator]:
    """Return the creators found first, by handle."""
    found: dict[str, MarketplaceCreator] = {}
    session.holding()
    for creator in session.tiktok.affiliate.creators(**_seller(session)):
        found.setdefault(creator.username[:24], creator)
        if len(found) == MOST_CREATORS:
            break
    return found


def _rates(session: Session, listed: dict[str, MarketplaceCreator]) -> dict[str, float | None]:
    """Return the engagement rate of each, as it is known, for some of them as TikTok tells it now."""
    stored = Creator.objects.filter(workspace_id=session.account.workspace_id, handle__in=listed)
    known = dict(stored.values_list("handle", "engagement_rate"))
    rates: dict[str, float | None] = {handle: known.get(handle) for handle in listed}
    for handle in turn_of(rates, now=session.now):
        session.holding()
        try:
            told = session.tiktok.affiliate.performance(
                **_seller(session), creator_open_id=listed[handle].open_id
            )
        except ProviderRejected:
            # One who left the marketplace since it was listed keeps nobody from the others.
            continue
        rates[handle] = told.engagement_rate
    return rates


def turn_of(rates: dict[str, float | None], *, now: datetime) -> list[str]:
    """Return who is asked about: all whose rate is not known, then the others from another place each hour."""
    unknown = [handle for handle, rate in rates.items() if rate is None]
    others = [handle for handle, rate in rates.items() if rate is not None]
    hours = int(now.astimezone(UTC).timestamp() // 3600)
    start = hours * MOST_ASKED % len(others) if others else 0
    return (unknown + others[start:] + others[:start])[:MOST_ASKED]


def _seller(session: Session) -> dict[str, Any]:
    return {"token": session.access.token, "cipher": session.access.shop_cipher}
