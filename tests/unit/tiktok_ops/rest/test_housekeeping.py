"""What the API leaves behind goes away again, and nothing that is still needed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories.accounts import UserFactory, WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.models import IdempotencyKey, RateWindow
from tiktok_ops.rest.housekeeping import KEYS_KEPT_FOR, tidy
from workflows import keeper

pytestmark = pytest.mark.django_db


def windows() -> set[str]:
    """Return the windows there are."""
    return set(RateWindow.objects.values_list("bucket", flat=True))


def test_tidy_takes_windows_that_are_over_and_leaves_the_others() -> None:
    now = timezone.now()
    for seconds in (10, 70, 130):
        started_at = now - timedelta(seconds=seconds)
        RateWindow.objects.create(bucket=f"read:{seconds}", started_at=started_at, hits=1)
    assert tidy() == 1
    assert windows() == {"read:10", "read:70"}


def test_tidy_takes_keys_of_idempotency_after_a_week() -> None:
    user = UserFactory.create()
    for key, age in (("kept-for-now", timedelta(days=6)), ("not-any-more", KEYS_KEPT_FOR)):
        row = IdempotencyKey.objects.create(user=user, key=key, request_digest="0" * 64)
        IdempotencyKey.objects.filter(id=row.id).update(created_at=timezone.now() - age)
    assert tidy() == 1
    assert [str(row) for row in IdempotencyKey.objects.all()] == ["kept-for-now"]


def test_keep_house_at_the_keepers_first_round_and_then_now_and_then() -> None:
    tidying = keeper.Keeper()
    for _ in range(2):
        RateWindow.objects.create(bucket="read:old", started_at=timezone.now() - timedelta(hours=1), hits=1)
        tidying._tidy()
    assert RateWindow.objects.count() == 1


# --- what the database refuses


def test_keep_one_answer_of_a_caller_under_one_key() -> None:
    user, key = UserFactory.create(), make_key(WorkspaceFactory.create()).key
    for owner in ({"user": user}, {"api_key": key}):
        IdempotencyKey.objects.create(**owner, key="the-same-key", request_digest="0" * 64)
        with pytest.raises(IntegrityError, match="idempotency_key_once"), transaction.atomic():
            IdempotencyKey.objects.create(**owner, key="the-same-key", request_digest="1" * 64)


def test_keep_an_answer_of_nobody_or_of_two_is_refused() -> None:
    user, key = UserFactory.create(), make_key(WorkspaceFactory.create()).key
    for owners in ({}, {"user": user, "api_key": key}):
        with pytest.raises(IntegrityError, match="idempotency_key_of_one"), transaction.atomic():
            IdempotencyKey.objects.create(**owners, key="somebodys-key", request_digest="0" * 64)


def test_count_a_window_nobody_asked_in_is_refused() -> None:
    with pytest.raises(IntegrityError, match="rate_window_was_hit"), transaction.atomic():
        RateWindow.objects.create(bucket="read:none", started_at=timezone.now(), hits=0)
