"""Pages by cursor: what a page begins with is a row's own value, so that new rows never move old pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50
MOST_ROWS = 200


class ByCursor(CursorPagination):
    """Rows in an order of their own; `?page_size=` up to 200, `?cursor=` as the last page's links give it."""

    page_size = PAGE_SIZE
    max_page_size = MOST_ROWS
    page_size_query_param = "page_size"
    query_names: ClassVar[frozenset[str]] = frozenset({"cursor", "page_size"})

    def read_position(self, written: str) -> object:
        """Read the first column of `ordering` as a cursor writes it; raises `ValueError`."""
        return UUID(written)

    def get_page_size(self, request: Request) -> int:
        """Return how many rows to give; raises `ValidationError` for what is no number of rows."""
        return page_size_of(request)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place to go on from; raises `ValidationError` for what no link of ours gave."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                self.read_position(str(cursor.position))
        except (ValueError, NotFound) as error:
            raise ValidationError(
                {"cursor": "The cursor is not one of ours: follow `next` and `previous` as they are given."}
            ) from error
        return cursor


class NewestFirst(ByCursor):
    """The rows made last come first: ids are UUIDv7, which sort by time."""

    ordering = "-id"


class OldestFirst(ByCursor):
    """The rows in the order they were made in."""

    ordering = "id"


class InOrder(ByCursor):
    """The steps of a run, in the order of its workflow."""

    ordering = ("position", "item", "round")

    def read_position(self, written: str) -> int:
        """Read a position."""
        return int(written)


class LatestFirst(ByCursor):
    """Rows by a time TikTok gave them, the latest first; rows of the same moment by id."""

    ordering = ("-created_at", "-id")

    def read_position(self, written: str) -> datetime:
        """Read a time, which we write in UTC: PostgreSQL does not take every zone Python does."""
        time = datetime.fromisoformat(written)
        if time.utcoffset() != timedelta(0):
            raise ValueError(written)
        return time


class LatestObserved(LatestFirst):
    """Rows by the time they were looked at, the latest first."""

    ordering = ("-observed_at", "-id")


class AfterNumber(BasePagination):
    """Rows that are numbered without gaps: `?after=` is the number of the last row one has.

    There is no way back, and `next` is null where nothing has happened yet beyond the page.
    """

    column: ClassVar[str] = "seq"
    query_names: ClassVar[frozenset[str]] = frozenset({"after", "page_size"})

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the rows after the number asked for; raises `ValidationError` for what is none."""
        assert isinstance(queryset, QuerySet)
        size, after = page_size_of(request), number_of(request.query_params.get("after", "0"), name="after")
        rows = list(queryset.filter(**{f"{self.column}__gt": after}).order_by(self.column)[: size + 1])
        page, self.next_link = rows[:size], None
        if len(rows) > size:
            last = getattr(page[-1], self.column)
            self.next_link = replace_query_param(request.build_absolute_uri(), "after", last)
        return page

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page in the same envelope as every list."""
        return Response(envelope(data, next_link=self.next_link))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of a page."""
        return envelope_schema(schema)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return the OpenAPI description of the parameters."""
        return [
            _parameter("after", "The number of the last row one has.", minimum=0),
            _parameter("page_size", "Number of results to return per page.", minimum=1, maximum=MOST_ROWS),
        ]


class OnePage(BasePagination):
    """A list short enough to be given whole, in the same envelope."""

    query_names: ClassVar[frozenset[str]] = frozenset()

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return everything."""
        return list(queryset)

    def get_paginated_response(self, data: Any) -> Response:
        """Return the only page."""
        return Response(envelope(data))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of a page."""
        return envelope_schema(schema)


def envelope(results: Any, *, next_link: str | None = None) -> dict[str, Any]:
    """Return a page as every list writes it."""
    return {"next": next_link, "previous": None, "results": results}


def envelope_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI schema of a page of `schema`."""
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["results"],
        "properties": {"next": link, "previous": link, "results": schema},
    }


def page_size_of(request: Request) -> int:
    """Return how many rows a page shall have; raises `ValidationError`."""
    given = request.query_params.get("page_size")
    if given is None:
        return PAGE_SIZE
    if not (_is_whole(given) and 1 <= int(given[:9]) <= MOST_ROWS):
        raise ValidationError(
            {"page_size": f"The page_size {given!r} is not a number from 1 to {MOST_ROWS}."}
        )
    return int(given)


def number_of(given: str, *, name: str) -> int:
    """Return the number of a row that the parameter or header `name` gives; raises `ValidationError`."""
    if not (_is_whole(given) and len(given) <= 9):
        raise ValidationError({name: f"The number {given!r} is not one of a row: give 0 or the last one's."})
    return int(given)


def _is_whole(given: str) -> bool:
    return given.isascii() and given.isdigit()


def _parameter(name: str, description: str, **bounds: int) -> dict[str, Any]:
    schema = {"type": "integer", **bounds}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
