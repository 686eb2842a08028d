"""The bases of the API's views."""

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.rest.exceptions import NOT_FOUND
from tiktok_ops.rest.permissions import READ_ONLY, HasCaller
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of

ModelT = TypeVar("ModelT", bound=Model)


class ReadResource(ReadOnlyModelViewSet[ModelT]):
    """A list and its objects, read-only, of the rows the caller sees.

    `rows` are all rows there are, with what the serializer needs; `mode_path` is that of `Caller.sees`.
    """

    scopes: ClassVar[Mapping[str, Scope]] = READ_ONLY
    mode_path: ClassVar[str]

    def rows(self) -> ScopedQuerySet[ModelT]:
        """Return every row, with its relations."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[ModelT]:
        """Return the rows that exist for the caller."""
        return caller_of(self.request).sees(self.rows(), mode_path=self.mode_path)


class UnknownAddress(APIView):
    """Answers for every address of the API there is nothing at, once it knows who asks."""

    permission_classes = [HasCaller]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `NotFound`, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise NotFound(NOT_FOUND.detail)
