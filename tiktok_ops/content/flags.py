"""What TikTok holds against an account: limits it is under now, and posts it refused by its policy."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tiktok_ops.content.models import PolicyFlag

POLICY_PREFIX = "spam_risk"
"""How TikTok's codes for its policies begin (Content Posting API: `error.code` and `fail_reason`)."""


def is_policy_code(code: str) -> bool:
    """Return whether TikTok's code speaks of its policies, not of a file, a connection or our app."""
    return code.startswith(POLICY_PREFIX)


def note_limits(account_id: UUID, codes: Collection[str], *, at: datetime) -> None:
    """Note the limits the account is under at a moment (aware); those it is no longer under end then."""
    with transaction.atomic():
        known = PolicyFlag.objects.filter(account_id=account_id, about="")
        known.filter(ended_at=None).exclude(code__in=codes).update(ended_at=at)
        for code in codes:
            known.filter(code=code).exclude(ended_at=None).update(since=at, ended_at=None)
            PolicyFlag.objects.get_or_create(
                account_id=account_id, about="", code=code, defaults={"since": at}
            )


def note_refusal(account_id: UUID, code: str, *, about: str, at: datetime) -> None:
    """Note that TikTok refused something of the account (`about`: its publish id) by its policy, once.

    What is no policy's code is not noted.
    """
    if is_policy_code(code):
        PolicyFlag.objects.get_or_create(
            account_id=account_id, about=about, code=code, defaults={"since": at}
        )
