"""The number a team looks at: which share of what was approved went out as it was drafted."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from approvals.kinds import kind_of, known_kinds
from approvals.models import ApprovalRequest
from tiktok_ops.accounts.models import Brand


def with_shares(brands: QuerySet[Brand], asked: QuerySet[ApprovalRequest]) -> QuerySet[Any]:
    """Return the brands with `approved` and `without_edits`: how many of these requests were approved, and how.

    An approval counts once, as the version that was approved. It is without edits where that is the first one:
    nobody changed it, and nobody sent it back to be drafted again. Kinds that draft nothing do not count.
    """
    drafts = [name for name in known_kinds() if kind_of(name).teaches]
    approved = asked.filter(
        kind__in=drafts, status__in=["approved", "released"], account__brand=OuterRef("pk")
    )
    return brands.annotate(approved=_number(approved), without_edits=_number(approved.filter(version=1)))


def share_of(brand: Any) -> float | None:
    """Return the share of a brand `with_shares`, from 0 to 1; None while nothing was approved."""
    return brand.without_edits / brand.approved if brand.approved else None


def _number(asked: QuerySet[ApprovalRequest]) -> Coalesce:
    counted = asked.order_by().values("account__brand").annotate(number=Count("id")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
