"""Approving other bytes than were asked for: the one way in which an edit becomes a decision.

What was asked is superseded by a new version with the edited payload, and that is approved, in one transaction: so
the seal is of exactly the bytes the person chose, and both versions with what differs stay on record.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic import ValidationError

from approvals.kinds import kind_of
from approvals.lessons import propose_from_edit
from approvals.models import ApprovalRequest, Decision
from approvals.services import MODE_PATH, Asking, RequestUnknown, StaleForm, approve, open_request
from tiktok_ops.accounts.models import ApiKey, User
from tiktok_ops.errors import Refused
from tiktok_ops.rest.scoping import Caller


class EditRefused(Refused):
    """This edit cannot be approved."""


def approve_edited(
    *,
    request_id: UUID,
    by: User | ApiKey,
    channel: str,
    seen_sha256: str,
    payload: Mapping[str, Any],
    comment: str = "",
) -> Decision:
    """Approve `payload` in place of what was asked for; `seen_sha256` is of what was asked for.

    Raises `EditRefused`, naming the field, for a payload that is not of the kind's shape, and what `approve` and
    `open_request` raise; then nothing was written.
    """
    say: dict[str, Any] = {"by": by, "channel": channel}
    with transaction.atomic():
        asked = _locked(request_id, by)
        if asked.status != "open":
            newest = ApprovalRequest.objects.filter(step_id=asked.step_id).order_by("-version")[0]
            if newest.status == "open":
                raise StaleForm
            # It was decided on, and this says by whom and when.
            return approve(request_id=newest.id, seen_sha256=seen_sha256, **say)
        if asked.payload_sha256 != seen_sha256:
            raise StaleForm
        edited = _ask_anew(asked, payload)
        decision = approve(request_id=edited.id, seen_sha256=edited.payload_sha256, comment=comment, **say)
        propose_from_edit(kind_of(asked.kind), asked, bytes(edited.payload), decision)
    return decision


def _ask_anew(asked: ApprovalRequest, payload: Mapping[str, Any]) -> ApprovalRequest:
    """Ask for the edited payload in place of what was asked for. Raises `EditRefused`."""
    asking = Asking(run_id=asked.run_id, step_id=asked.step_id, requested_by=asked.requested_by)
    try:
        return open_request(
            kind=asked.kind, account=asked.account, payload=payload, facts=asked.facts, asking=asking
        )
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise EditRefused(f"The {field} {first['input']!r} does not do: {first['msg']}.") from None


def _locked(request_id: UUID, by: User | ApiKey) -> ApprovalRequest:
    """Return the request, locked, if it exists for this person or key. Raises `RequestUnknown`."""
    seen = Caller(by).sees(ApprovalRequest.objects.all(), mode_path=MODE_PATH).filter(id=request_id).exists()
    asked = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("account")
    found = asked.filter(id=request_id).first() if seen else None
    if found is None:
        raise RequestUnknown(f"There is no approval {str(request_id)!r}.")
    return found
