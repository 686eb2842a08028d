"""Who may decide: every combination, no database."""

from decimal import Decimal
from uuid import UUID

import pytest

from approvals.policy import MayNotDecide, Person, Question, check_person_can_decide

ANA, OSCAR = UUID(int=1), UUID(int=2)


def question(risk: str, amount: str | None = None, *, starter: UUID | None = OSCAR) -> Question:
    """Return what an approver is asked."""
    amount_usd = Decimal(amount) if amount else None
    return Question(risk=risk, amount_usd=amount_usd, requested_by=starter, asked_of="an approver")


def ask(verb: str, *, risk: str = "medium", amount: str | None = None, starter: UUID | None = OSCAR) -> None:
    """Let Ana decide; raises when she may not."""
    able = Person(id=ANA, is_active=True, has_capability=True)
    check_person_can_decide(able, question(risk, amount, starter=starter), verb=verb)


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("risk", ["low", "medium", "high"])
@pytest.mark.parametrize("amount", [None, "0", "10"])
@pytest.mark.parametrize("starter", [None, OSCAR])
def test_approver_decides_on_what_others_started(
    verb: str, risk: str, amount: str | None, starter: UUID | None
) -> None:
    ask(verb, risk=risk, amount=amount, starter=starter)


@pytest.mark.parametrize(
    ("risk", "amount", "why"),
    [("high", None, "is of high risk"), ("low", "10", "spends money"), ("high", "1", "spends money")],
)
def test_starter_cannot_approve_spend_or_high_risk_but_may_reject(
    risk: str, amount: str | None, why: str
) -> None:
    with pytest.raises(MayNotDecide, match=f"You started this yourself and it {why}"):
        ask("approve", risk=risk, amount=amount, starter=ANA)

    ask("reject", risk=risk, amount=amount, starter=ANA)


@pytest.mark.parametrize("risk", ["low", "medium"])
@pytest.mark.parametrize("amount", [None, "0"])
def test_starter_may_approve_what_is_neither_spend_nor_of_high_risk(risk: str, amount: str | None) -> None:
    ask("approve", risk=risk, amount=amount, starter=ANA)


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (Person(id=ANA, is_active=False, has_capability=True), "Your sign-in has been closed"),
        (
            Person(id=ANA, is_active=True, has_capability=False),
            "your roles in this workspace do not include it. It is for a finance approver.",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_person_without_the_role_or_the_sign_in_decides_nothing(
    person: Person, sentence: str, verb: str
) -> None:
    with pytest.raises(MayNotDecide, match=sentence):
        check_person_can_decide(person, Question("low", None, None, "a finance approver"), verb=verb)


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize(
    ("risk", "amount", "why"),
    [
        ("low", None, None),
        ("low", "0", None),
        ("low", "5", "spends money"),
        ("medium", None, "is of medium risk"),
        ("high", None, "is of high risk"),
    ],
)
def test_decide_in_bulk_only_on_what_could_do_little_harm(
    verb: str, risk: str, amount: str | None, why: str | None
) -> None:
    ana, asked = Person(id=ANA, is_active=True, has_capability=True), question(risk, amount)
    if why is None:
        check_person_can_decide(ana, asked, verb=verb, is_bulk=True)
        return
    with pytest.raises(MayNotDecide, match=f"This {why}, so it is not decided together with others"):
        check_person_can_decide(ana, asked, verb=verb, is_bulk=True)
