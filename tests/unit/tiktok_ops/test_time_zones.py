import pytest
from django.core.exceptions import ValidationError

from tiktok_ops.time_zones import check_time_zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_check_zone_iana_knows_accepts_it(name: str) -> None:
    check_time_zone(name)


@pytest.mark.parametrize("name", ["", "Berlin", "europe/berlin", "../etc/passwd", "UTC+1"])
def test_check_zone_iana_does_not_know_refuses_it_by_name(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check_time_zone(name)
    assert refusal.value.messages == [f"{name!r} is not a time zone: write one such as 'Europe/Berlin'."]
