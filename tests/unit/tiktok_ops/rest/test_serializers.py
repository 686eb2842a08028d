"""How money and time are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.factories.accounts import AccountFactory
from tiktok_ops.accounts.api.serializers import AccountSerializer
from tiktok_ops.rest.serializers import UtcField, money_usd


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal(0), "0.000000"),
        (Decimal("0E-6"), "0.000000"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal("1E+3"), "1000.000000"),
        (Decimal("12345678.123456"), "12345678.123456"),
    ],
)
def test_write_money_keeps_every_decimal_and_no_exponent(amount: Decimal, written: str) -> None:
    assert money_usd(amount) == {"amount": written, "currency": "USD"}


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (datetime(2025, 6, 30, 12, 0, tzinfo=UTC), "2025-06-30T12:00:00Z"),
        (datetime(2025, 6, 30, 14, 0, tzinfo=ZoneInfo("Europe/Zurich")), "2025-06-30T12:00:00Z"),
        (datetime(2025, 6, 30, 12, 0, 0, 5, tzinfo=UTC), "2025-06-30T12:00:00.000005Z"),
    ],
)
def test_write_a_time_is_utc_in_whatever_zone_we_are(time: datetime, written: str) -> None:
    with timezone.override("Asia/Tokyo"):
        assert UtcField().to_representation(time) == written


@pytest.mark.django_db
def test_write_a_row_uses_utc_for_its_times() -> None:
    created_at = datetime(2025, 1, 1, tzinfo=UTC)
    account = AccountFactory.create(data_as_of=created_at, data_source="file")
    account.created_at = created_at + timedelta(days=1)
    with timezone.override("Asia/Tokyo"):
        written = AccountSerializer(account).data
    assert written["data_as_of"] == "2025-01-01T00:00:00Z"
    assert written["created_at"] == "2025-01-02T00:00:00Z"
