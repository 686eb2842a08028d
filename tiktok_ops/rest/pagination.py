"""Pages by cursor: ids are UUIDv7, so newest first is by id, and new rows never move old pages."""

from uuid import UUID

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Newest rows first; `?page_size=` up to 200, `?cursor=` as the last page's links give it."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        """Return how many rows to give; raises `ValidationError` for what is no number of rows."""
        given = request.query_params.get("page_size")
        if given is None:
            return self.page_size
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= self.max_page_size):
            raise ValidationError(
                {"page_size": f"The page_size {given!r} is not a number from 1 to {self.max_page_size}."}
            )
        return int(given)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place to go on from; raises `ValidationError` for what no link of ours gave."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                UUID(str(cursor.position))
        except (ValueError, NotFound) as error:
            raise ValidationError(
                {"cursor": "The cursor is not one of ours: follow `next` and `previous` as they are given."}
            ) from error
        return cursor
