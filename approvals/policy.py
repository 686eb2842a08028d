"""Who may decide what: decisions only, no database. Admin, API and command line ask this one function."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tiktok_ops.errors import NotAllowed

IN_BULK = frozenset({"low"})
"""The risks that may be decided on together with others."""


class MayNotDecide(NotAllowed):
    """You may not decide this."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who wants to decide: whether their roles reach this account, and whether they are active."""

    id: UUID
    is_active: bool
    has_capability: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be decided; `asked_of` is whose decision it is, in words."""

    risk: str
    amount_usd: Decimal | None
    requested_by: UUID | None
    asked_of: str

    @property
    def needs_another(self) -> bool:
        """Whether whoever asked for it cannot be the one who approves it."""
        return self.risk == "high" or bool(self.amount_usd)


def check_person_can_decide(person: Person, question: Question, *, verb: str, is_bulk: bool = False) -> None:
    """Raise `MayNotDecide` with the reason unless the person may decide this with this verb.

    Whoever started the run cannot be the approver of spend or of high risk; they may reject. In bulk only
    what could do little harm is decided.
    """
    if not person.is_active:
        raise MayNotDecide("Your sign-in has been closed: ask an owner of the workspace.")
    if not person.has_capability:
        raise MayNotDecide(
            f"You may not decide this: your roles in this workspace do not include it. It is for {question.asked_of}."
        )
    if verb == "approve" and question.needs_another and question.requested_by == person.id:
        why = "spends money" if question.amount_usd else "is of high risk"
        raise MayNotDecide(f"You started this yourself and it {why}: another approver has to approve it.")
    if is_bulk and (question.risk not in IN_BULK or question.amount_usd):
        why = "spends money" if question.amount_usd else f"is of {question.risk} risk"
        raise MayNotDecide(
            f"This {why}, so it is not decided together with others: open it, and decide there."
        )
