"""What TikTok holds against an account: noted once, ended when it says so, read as of a moment."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.content.flags import note_limits, note_refusal
from tiktok_ops.content.models import PolicyFlag
from tiktok_ops.content.queries import ONE_SYNC, policy_flags_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BANNED, MANY = "spam_risk_user_banned_from_posting", "spam_risk_too_many_posts"


@pytest.fixture
def account_id() -> UUID:
    made: UUID = AccountFactory.create().id
    return made


def flags(account_id: UUID, as_of: datetime = NOON) -> list[str]:
    return policy_flags_of(account_id, as_of=as_of, since=as_of - 14 * DAY)


def test_limits_hold_from_when_they_are_told_until_they_are_not(account_id: UUID) -> None:
    note_limits(account_id, [BANNED], at=NOON - 30 * DAY)
    note_limits(account_id, [BANNED, MANY], at=NOON - DAY)
    assert flags(account_id) == [MANY, BANNED]
    assert flags(account_id, NOON - 2 * DAY) == [BANNED]
    assert flags(account_id, NOON - 31 * DAY) == []
    note_limits(account_id, [], at=NOON + DAY)
    assert flags(account_id, NOON + 2 * DAY) == []
    assert flags(account_id) == [MANY, BANNED]


def test_limit_that_comes_back_is_in_force_anew(account_id: UUID) -> None:
    note_limits(account_id, [MANY], at=NOON - 3 * DAY)
    note_limits(account_id, [], at=NOON - 2 * DAY)
    note_limits(account_id, [MANY], at=NOON - DAY)
    assert flags(account_id) == [MANY]
    assert PolicyFlag.objects.get().since == NOON - DAY


def test_limit_told_minutes_after_the_oldest_part_of_its_sync_belongs_to_it(account_id: UUID) -> None:
    note_limits(account_id, [MANY], at=NOON + ONE_SYNC)
    assert flags(account_id) == [MANY]
    assert flags(account_id, NOON - timedelta(seconds=1)) == []


def test_refused_post_counts_once_within_the_window(account_id: UUID) -> None:
    for _ in range(2):
        note_refusal(account_id, "spam_risk_text", about="v_pub_1", at=NOON - DAY)
    note_refusal(account_id, "spam_risk", about="v_pub_2", at=NOON - 14 * DAY)
    assert flags(account_id) == ["spam_risk_text"]
    note_limits(account_id, [], at=NOON)  # the account is under no limit; what was refused stays refused
    assert flags(account_id) == ["spam_risk_text"]


@pytest.mark.parametrize("code", ["file_format_check_failed", "internal", ""])
def test_refusal_for_another_reason_than_a_policy_is_not_held_against_the_account(
    account_id: UUID, code: str
) -> None:
    note_refusal(account_id, code, about="v_pub_1", at=NOON)
    assert not PolicyFlag.objects.exists()


def test_flags_of_another_account_are_not_of_this_one(account_id: UUID) -> None:
    note_limits(AccountFactory.create().id, [BANNED], at=NOON - DAY)
    assert flags(account_id) == []


@pytest.mark.parametrize(
    "wrong",
    [{"ended_at": NOON - DAY}, {"about": "v_pub_1", "ended_at": NOON + DAY}],
    ids=["before", "refusal"],
)
def test_flag_that_ends_before_it_began_or_ends_though_it_is_a_moment_is_impossible(
    account_id: UUID, wrong: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError, match="policy_flag_ends_after_it_began"), transaction.atomic():
        PolicyFlag.objects.create(account_id=account_id, code=MANY, since=NOON, **wrong)
