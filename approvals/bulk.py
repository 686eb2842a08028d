"""Deciding on many requests at once: each is a decision of its own, with its own seal, transaction and refusal.

Only what could do little harm is decided so; all else is opened and decided on alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from approvals.models import ApprovalRequest, Decision
from approvals.policy import IN_BULK as IN_BULK
from approvals.services import approve, reject
from tiktok_ops.accounts.models import User
from tiktok_ops.errors import Refused

MOST = 200


class BulkRefused(Refused):
    """These cannot be decided on together."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it was on the screen: its id, and the digest of what was shown; written `ID:SHA256`."""

    request_id: UUID
    sha256: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what was written. Raises `ValueError`."""
        request_id, _, sha256 = text.partition(":")
        return cls(UUID(request_id), sha256)

    @classmethod
    def all(cls, texts: Iterable[str]) -> list[Self]:
        """Return what was written, each request once. Raises `BulkRefused`."""
        try:
            found = {seen.request_id: seen for seen in map(cls.read, texts)}
        except ValueError:
            raise BulkRefused("What was ticked cannot be read: open the page again.") from None
        if not 0 < len(found) <= MOST:
            raise BulkRefused(f"There are {len(found)} ticked: tick 1 to {MOST}.")
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: `said` is what was decided, or the sentence of the refusal."""

    title: str
    said: str
    is_done: bool


def decide_in_bulk(*, seen: Sequence[Seen], verb: str, by: User, comment: str = "") -> list[Outcome]:
    """Approve or reject each request; one that is refused leaves the others decided.

    Raises `BulkRefused` for another verb, having decided nothing.
    """
    decide = {Decision.Verb.APPROVE.value: approve, Decision.Verb.REJECT.value: reject}.get(verb)
    if decide is None:
        raise BulkRefused("Choose whether to approve or to reject.")
    titles = dict(
        ApprovalRequest.objects.visible_to(by)
        .filter(id__in=[one.request_id for one in seen])
        .values_list("id", "title")
    )
    outcomes = []
    for one in seen:
        title = titles.get(one.request_id, str(one.request_id))
        try:
            decision = decide(
                request_id=one.request_id,
                by=by,
                channel=Decision.Channel.BULK,
                seen_sha256=one.sha256,
                comment=comment,
            )
        except Refused as refused:
            outcomes.append(Outcome(title, str(refused), is_done=False))
        else:
            said = "approved." if decision.verb == Decision.Verb.APPROVE else "rejected."
            outcomes.append(Outcome(title, said, is_done=True))
    return outcomes
