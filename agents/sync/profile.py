"""An account's days, its audience and the limits it is under, as TikTok tells its owner."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from agents.providers.tiktok.read.business import AccountDay, BusinessProfile
from agents.sync.limits import limits_of
from agents.sync.session import Session
from tiktok_ops.content.flags import note_limits
from tiktok_ops.content.imports.facts import AudienceFact, DayFact, Dimension, Fact
from tiktok_ops.content.imports.writing import write_facts

PART = "profile"
MOST_DAYS = 60
"""So far back TikTok tells an account's days."""
LATE_DAYS = 3
"""Figures arrive one to two days late: the last days are asked for again."""


def sync_profile(session: Session) -> dict[str, Any]:
    """Take in the account's days since the last sync, at most 60, who follows it, and its limits.

    Raises the reader's errors.
    """
    last = session.synced_at(PART)
    days = MOST_DAYS if last is None else min((session.now - last).days + LATE_DAYS, MOST_DAYS)
    session.holding()
    profile = session.tiktok.business.profile(
        token=session.access.token,
        business_id=session.access.business_id,
        since=(session.now - timedelta(days=days)).date(),
        until=session.now.date(),
    )
    limits = limits_of(session)
    with transaction.atomic():
        if limits is not None:
            note_limits(session.account.id, limits, at=session.now)
        outcome = write_facts(
            _facts(session, profile),
            account=session.locked(),
            reading=session.reading(),
            observed_at=session.now,
            progress=None,
            total=0,
        )
        said = {
            "followers": profile.follower_count,
            "new": outcome.days.created,
            "changed": outcome.days.updated,
            "audience": outcome.audience.rows,
            "limits": len(limits or ()),
        }
        return session.done(PART, said)


def _facts(session: Session, profile: BusinessProfile) -> Iterator[Fact]:
    for day in profile.days:
        if figures := _figures(day):
            yield DayFact(day.day, figures)
    shares = (
        (Dimension.TERRITORY, "country", profile.audience_countries),
        (Dimension.GENDER, "gender", profile.audience_genders),
    )
    for dimension, name, told in shares:
        for part in told:
            yield AudienceFact(
                session.now.date(), dimension, str(part.get(name, ""))[:80], share=float(part["percentage"])
            )


def _figures(day: AccountDay) -> dict[str, int]:
    told = {
        "followers": day.followers,
        "profile_views": day.profile_views,
        "video_views": day.video_views,
        "likes": day.likes,
        "comments": day.comments,
        "shares": day.shares,
        "viewers": day.unique_video_views,
    }
    return {name: figure for name, figure in told.items() if figure is not None}
