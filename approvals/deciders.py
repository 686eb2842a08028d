"""Who may decide on what is asked, by name: for the sentences that say on whom something waits."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q

from approvals.kinds import kind_of, known_kinds, who_decides
from approvals.models import ApprovalRequest
from approvals.services import question_of
from tiktok_ops.accounts.models import Brand, Membership, User
from tiktok_ops.accounts.roles import Capability

MOST_NAMED = 3


def words_of_deciders(requests: Iterable[ApprovalRequest]) -> dict[UUID, str]:
    """Return who may approve each of the requests, by its id: "an approver (Ana, Ben, Cem or 2 more)".

    Where nobody may, it says so, for nobody would come to it. A query for each account and right, so one for a run.
    """
    able: dict[tuple[UUID, Capability], list[User]] = {}
    words: dict[UUID, str] = {}
    for request in requests:
        if request.kind not in known_kinds():
            words[request.id] = who_decides(request.kind)
            continue
        kind = kind_of(request.kind)
        key = (request.account_id, kind.capability)
        if key not in able:
            able[key] = _holders(request, kind.capability)
        barred = request.requested_by_id if question_of(request, kind).needs_another else None
        names = list(dict.fromkeys(str(person) for person in able[key] if person.id != barred))
        words[request.id] = f"{kind.asked_of} ({_named(names)})"
    return words


def _holders(request: ApprovalRequest, capability: Capability) -> list[User]:
    """Return who can sign in and holds the right on the account that is asked about; see `granted_to`."""
    brand = Brand.objects.filter(accounts=request.account_id).values("id")
    reached = Q(reach=Membership.Reach.WORKSPACE) | Q(reach=Membership.Reach.BRANDS, brands__in=brand)
    rows = Membership.objects.granting(capability).filter(
        reached, workspace=request.workspace_id, user__is_active=True
    )
    return [row.user for row in rows.select_related("user").order_by("user__username").distinct()]


def _named(names: Sequence[str]) -> str:
    """Return some of the names, and how many more there are."""
    if not names:
        return "nobody yet: an owner can give somebody the role"
    more = len(names) - MOST_NAMED
    if more > 0:
        return f"{', '.join(names[:MOST_NAMED])} or {more} more"
    return " or ".join([part for part in (", ".join(names[:-1]), names[-1]) if part])
