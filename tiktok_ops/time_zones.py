"""Time zones by their IANA names."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


def check_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone such as `Europe/Berlin`."""
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone: write one such as 'Europe/Berlin'.")
