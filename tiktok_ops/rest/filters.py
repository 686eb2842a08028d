"""Query parameters of lists. Their names are part of the API; what a list does not know is refused."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.core.exceptions import ValidationError as InvalidTime
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import FilterSet, IsoDateTimeFilter, UUIDFilter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


class Filters(FilterSet):  # type: ignore[misc]
    """Base of the filters of a list."""


class UtcTimeField(IsoDateTimeField):  # type: ignore[misc]
    """A time in ISO 8601, turned to UTC: PostgreSQL refuses zones more than 16 hours from it."""

    def to_python(self, value: object) -> datetime | None:
        """Return the time; raises Django's `ValidationError`, also for one no calendar has in UTC."""
        time: datetime | None = super().to_python(value)
        try:
            return time and time.astimezone(UTC)
        except OverflowError as error:
            raise InvalidTime(self.error_messages["invalid"]) from error


class TimeFilter(IsoDateTimeFilter):  # type: ignore[misc]
    """A filter by a time."""

    field_class = UtcTimeField


def id_filter(path: str) -> UUIDFilter:
    """Return a filter for the rows whose `path` is this id."""
    return UUIDFilter(field_name=path)


def since_filter(column: str) -> TimeFilter:
    """Return a filter for the rows whose `column` is at this time or later; ISO 8601."""
    return TimeFilter(field_name=column, lookup_expr="gte")


def before_filter(column: str) -> TimeFilter:
    """Return a filter for the rows whose `column` is before this time; ISO 8601."""
    return TimeFilter(field_name=column, lookup_expr="lt")


def check_query(request: Request, known: Iterable[str]) -> None:
    """Raise `ValidationError` with a sentence for each query parameter that is not one of `known`."""
    takes = ", ".join(sorted(known))
    remedy = f"this address takes {takes}." if takes else "this address takes none."
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise ValidationError({name: [f"There is no parameter {name!r} here: {remedy}"] for name in unknown})
