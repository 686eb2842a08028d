"""Filters of lists: choices of the person's own workspaces, whole days, statuses."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.utils import parse_date_str

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import choosable


class ScopedRelatedFilter(RelatedDropdownFilter):  # type: ignore[misc]
    """Filters by a related row, offering only those the person sees."""

    def has_output(self) -> bool:
        """Return True: a filter that is not shown would not filter either, and links to lists rely on it."""
        return True

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the ids and names on offer."""
        user: Any = request.user
        rows = choosable(field.related_model, user, Capability.READ)
        return [(row.pk, str(row)) for row in rows]


class DayRangeFilter(RangeDateFilter):  # type: ignore[misc]
    """Filters by whole days in UTC, the first and the last one included; what is no date is ignored."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows from the beginning of the first day to the end of the last."""
        first, last = (self._day(end) for end in ("from", "to"))
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _midnight(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": _midnight(last) + timedelta(days=1)})
        return queryset

    def _day(self, end: str) -> date | None:
        day: date | None = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}"))
        return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """Filters by the statuses of a machine; a subclass names them."""

    title = "status"
    parameter_name = "status"
    statuses: ClassVar[Sequence[str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the statuses as people read them."""
        return [(status, status.replace("_", " ").capitalize()) for status in self.statuses]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the status chosen; an unknown one is ignored."""
        return queryset.filter(status=self.value()) if self.value() in self.statuses else queryset
