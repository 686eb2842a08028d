"""The bases of the API's views."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, NoReturn, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.rest.exceptions import NOT_FOUND
from tiktok_ops.rest.filters import Filters, check_query
from tiktok_ops.rest.pagination import OnePage
from tiktok_ops.rest.permissions import READ_ONLY, HasCaller
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of

ModelT = TypeVar("ModelT", bound=Model)
EntryT = TypeVar("EntryT")
RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class Resource(APIView):
    """Base of all that is read: it has an ETag, and no query parameter that would mean nothing."""

    scopes: ClassVar[Mapping[str, Scope]] = READ_ONLY

    def query_names(self) -> frozenset[str]:
        """Return the query parameters this address takes."""
        return frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks, how often, and for what."""
        super().initial(request, *args, **kwargs)
        check_query(request, self.query_names())

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the answer; once it is written, one that is known already becomes 304."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        is_written = isinstance(answer, Response)  # and no stream, which has no end to be known by
        if is_written and request.method in READ_ONLY and answer.status_code == 200:
            answer.add_post_render_callback(lambda written: _conditional(request._request, written))
        return answer


class ListsRows(Resource):
    """Base of lists: they take filters and the parameters of their pages."""

    filterset_class: ClassVar[type[Filters] | None] = None
    pagination_class: type[BasePagination] | None

    def query_names(self) -> frozenset[str]:
        """Return the filters and the paginator's parameters; none for one row alone."""
        if getattr(self, "action", "list") != "list":
            return frozenset()
        paging: frozenset[str] = getattr(self.pagination_class, "query_names", frozenset())
        return paging | frozenset(self.filterset_class.base_filters if self.filterset_class else ())


class ReadResource(ListsRows, ReadOnlyModelViewSet[ModelT]):
    """A list and its objects of the rows the caller sees.

    `queryset` are all rows there are; `mode_path` is that of `Caller.sees`.
    """

    mode_path: ClassVar[str]

    def rows(self) -> ScopedQuerySet[ModelT]:
        """Return every row, with what the serializer needs."""
        rows = super().get_queryset()
        assert isinstance(rows, ScopedQuerySet)
        return rows

    def get_queryset(self) -> QuerySet[ModelT]:
        """Return the rows that exist for the caller."""
        return caller_of(self.request).sees(self.rows(), mode_path=self.mode_path)


class PartResource(ListsRows, ListAPIView[ModelT]):
    """The rows that belong to one row the caller sees; the address names it by `id`.

    `queryset` are all parts there are, `wholes` all rows they belong to.
    """

    wholes: ClassVar[ScopedQuerySet[Any]]
    mode_path: ClassVar[str]

    def of(self, whole: Any) -> QuerySet[ModelT]:
        """Return the parts of a row."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[ModelT]:
        """Return the parts; raises `Http404` when the whole does not exist for the caller."""
        return self.of(seen_or_404(self.request, self.wholes, self.kwargs["id"], mode_path=self.mode_path))


class CatalogueResource(ListsRows, GenericViewSet[Any], Generic[EntryT]):
    """A list that is code rather than rows, and its entries by `id`, which is a permanent name."""

    pagination_class = OnePage
    filter_backends = ()

    def entries(self) -> Sequence[EntryT]:
        """Return all there is, each with an `id`."""
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        """Return every entry."""
        page = self.paginate_queryset(self.entries())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, id: str) -> Response:
        """Return one entry; raises `NotFound`."""
        found = {str(getattr(entry, "id", "")): entry for entry in self.entries()}
        if id not in found:
            raise NotFound(NOT_FOUND.detail)
        return Response(self.get_serializer(found[id]).data)


class UnknownAddress(APIView):
    """Answers for every address of the API there is nothing at, once it knows who asks."""

    permission_classes = [HasCaller]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `NotFound`, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise NotFound(NOT_FOUND.detail)


def seen_or_404(request: Request, rows: ScopedQuerySet[ModelT], id: UUID, *, mode_path: str) -> ModelT:
    """Return the row with this id; raises `Http404` unless it exists for the caller."""
    return get_object_or_404(caller_of(request).sees(rows.all(), mode_path=mode_path), id=id)


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponseBase | None:
    """Give a written answer the strong ETag of its bytes (RFC 9110, section 8.8.3), or leave them out."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()}"'
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    answer = get_conditional_response(request, etag=etag, response=response)
    if answer is not None and answer is not response:
        for name in RATE_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
    return answer
