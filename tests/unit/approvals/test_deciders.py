"""Who is named as the one who may decide: those, and only those, whom the decision would let."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.deciders import words_of_deciders
from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from approvals.policy import MayNotDecide
from approvals.services import check_may_decide
from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, person
from tests.factories.approvals import asked_request
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    return AccountFactory.create()


def asked(account: TikTokAccount, **of: Any) -> ApprovalRequest:
    """Return a question on the account; it is in no database."""
    return ApprovalRequest(workspace=account.workspace, account=account, **{"kind": "post_video", **of})


def said(request: ApprovalRequest) -> str:
    return words_of_deciders([request])[request.id]


def member(account: TikTokAccount, name: str, role: Role = Role.APPROVER, **of: Any) -> User:
    made = person(account.workspace, role, first_name=name, username=name.lower(), **of)
    return made


def test_deciders_are_named_up_to_three_and_the_rest_are_counted(account: TikTokAccount) -> None:
    request = asked(account)
    assert said(request) == "an approver (nobody yet: an owner can give somebody the role)"
    for name, words in [
        ("Ana", "Ana"),
        ("Ben", "Ana or Ben"),
        ("Cem", "Ana, Ben or Cem"),
        ("Dora", "Ana, Ben, Cem or 1 more"),
    ]:
        member(account, name)
        assert said(request) == f"an approver ({words})"


@pytest.mark.parametrize("amount", [None, Decimal(10)])
@pytest.mark.parametrize("risk", ["low", "high"])
def test_named_is_whoever_the_decision_lets(
    account: TikTokAccount, risk: str, amount: Decimal | None
) -> None:
    people = [
        member(account, "Ana"),
        member(account, "Gone", is_active=False),
        member(account, "Oscar", Role.OPERATOR),
        member(AccountFactory.create(), "Elsewhere"),
        member(account, "Root", Role.VIEWER, is_superuser=True),
    ]
    here = account.brand
    assert here is not None
    for name, brand in [("Here", here), ("There", BrandFactory.create(workspace=account.workspace))]:
        user = member(account, name, Role.VIEWER)
        MembershipFactory.create(
            workspace=account.workspace, user=user, role=Role.APPROVER, reach="brands"
        ).brands.add(brand)
        people.append(user)
    request = asked(account, requested_by=people[0], risk=risk, amount_usd=amount)
    able = []
    saved = asked_request(account)
    saved.requested_by, saved.risk, saved.amount_usd = request.requested_by, risk, amount
    for user in people:
        try:
            check_may_decide(saved, kind_of(saved.kind), user, "approve")
        except MayNotDecide:
            continue
        able.append(str(user))
    assert able
    assert said(request) == f"an approver ({' or '.join(able)})"


def test_deciders_of_a_kind_there_is_no_more_are_approvers(account: TikTokAccount) -> None:
    member(account, "Ana")
    assert said(asked(account, kind="long_gone")) == "an approver"


def test_deciders_of_many_questions_on_one_account_are_one_query_and_of_none_none(
    account: TikTokAccount,
) -> None:
    requests = [asked(account) for _ in range(3)]
    with CaptureQueriesContext(connection) as few:
        assert len(words_of_deciders(requests)) == 3
    assert len(few) == 1
    with CaptureQueriesContext(connection) as none:
        assert words_of_deciders([]) == {}
    assert len(none) == 0
