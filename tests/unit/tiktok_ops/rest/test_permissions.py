"""The lock of a view, and that forgetting it closes the view."""

from typing import ClassVar

import pytest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tests.factories.accounts import WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.rest.permissions import READ_ONLY
from tiktok_ops.rest.scopes import Scope

pytestmark = pytest.mark.django_db


class OpenView(APIView):
    """A view that forgot to say which scopes it needs."""

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response("in")

    def post(self, request: Request) -> Response:
        """Answer."""
        return Response("in")


class WriteView(OpenView):
    """A view that names a scope for writing only."""

    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.READ}


def ask(view: type[APIView], method: str) -> Response:
    """Return the view's answer to a key that may read."""
    issued = make_key(WorkspaceFactory.create())
    request = APIRequestFactory().generic(
        method, "/", headers={"authorization": f"Bearer {issued.secret_text}"}
    )
    answer = view.as_view()(request)
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_a_view_that_names_no_scopes_answers_nothing(method: str) -> None:
    assert ask(OpenView, method).status_code == 405


def test_a_view_answers_the_methods_it_names_a_scope_for() -> None:
    assert ask(WriteView, "POST").status_code == 200
    assert ask(WriteView, "GET").status_code == 405


def test_reading_is_all_that_read_only_views_name() -> None:
    assert dict(READ_ONLY) == {"GET": Scope.READ, "HEAD": Scope.READ}
    with pytest.raises(TypeError):
        READ_ONLY["POST"] = Scope.READ  # type: ignore[index]
