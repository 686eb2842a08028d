"""Every refusal is problem+json with a sentence; a fault of ours tells nothing of itself."""

import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tiktok_ops.errors import NotAllowed, NotThere, Overtaken, Refused

HIDDEN = "password=hunter2"
NOTHING = "There is nothing at this address, or it is not yours to see."


class AccountAsleep(Refused):
    """This account is asleep."""


class LineSerializer(serializers.Serializer[Any]):
    """A line of an order."""

    count = serializers.IntegerField(min_value=1)


class OrderSerializer(serializers.Serializer[Any]):
    """An order: a field, a nested object, and lines."""

    handle = serializers.CharField()
    first = LineSerializer()
    lines = LineSerializer(many=True)

    def validate(self, attrs: Any) -> Any:
        """Refuse an order for @nobody as a whole."""
        if attrs["handle"] == "nobody":
            raise serializers.ValidationError("Nobody orders nothing.")
        return attrs


class ProbeView(APIView):
    """Raises what it is told to, and checks what it is sent."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    error = Exception("given by as_view")

    def get(self, request: Request) -> Response:
        """Raise."""
        raise self.error

    def post(self, request: Request) -> Response:
        """Validate the body."""
        OrderSerializer(data=request.data).is_valid(raise_exception=True)
        return Response({})


def raising(error: Exception) -> Response:
    """Return the answer to a request whose view raises `error`."""
    return rendered(ProbeView.as_view(error=error)(APIRequestFactory().get("/somewhere/")))


def posting(body: Any, content_type: str = "application/json") -> Response:
    """Return the answer to a body; text and bytes are sent as they are."""
    request = (
        APIRequestFactory().post("/", body, content_type=content_type)
        if isinstance(body, str | bytes)
        else APIRequestFactory().post("/", body, format="json")
    )
    return rendered(ProbeView.as_view()(request))


def rendered(answer: Any) -> Response:
    """Return the answer as it is sent, having checked what all problems share."""
    assert isinstance(answer, Response)
    answer.render()
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.data["status"] == answer.status_code
        assert list(answer.data) == ["type", "title", "status", "detail", "errors"]
        assert answer.data["type"] == "about:blank"
    return answer


@pytest.mark.parametrize(
    ("error", "status", "title", "detail"),
    [
        (Refused("The handle 'x' is taken."), 422, "Unprocessable Entity", "The handle 'x' is taken."),
        (AccountAsleep(), 422, "Unprocessable Entity", "This account is asleep."),
        (NotAllowed("Only Ana may."), 403, "Forbidden", "Only Ana may."),
        (NotThere("There is no account 'x'."), 404, "Not Found", "There is no account 'x'."),
        (Overtaken("Ana was quicker."), 409, "Conflict", "Ana was quicker."),
        (Overtaken(), 409, "Conflict", "What is there now is not what you saw: look at it again."),
        (Http404("No TikTokAccount matches."), 404, "Not Found", NOTHING),
        (exceptions.NotFound("It went."), 404, "Not Found", "It went."),
        (DjangoPermissionDenied("is_staff"), 403, "Forbidden", "This is not yours to do."),
        (exceptions.PermissionDenied("Only Ana may."), 403, "Forbidden", "Only Ana may."),
        (exceptions.MethodNotAllowed("PUT"), 405, "Method Not Allowed", 'Method "PUT" not allowed.'),
    ],
)
def test_an_error_becomes_a_problem_with_its_sentence(
    error: Exception, status: int, title: str, detail: str
) -> None:
    answer = raising(error)
    assert (answer.status_code, answer.data["title"], answer.data["detail"]) == (status, title, detail)
    assert answer.data["errors"] == []


def test_too_many_requests_say_when_to_come_back() -> None:
    answer = raising(exceptions.Throttled(wait=12.2))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "13"
    assert "Retry-After" not in raising(exceptions.Throttled()).headers


def test_a_refused_value_of_a_model_is_422_with_its_field() -> None:
    answer = raising(DjangoValidationError({"handle": ["A handle has no spaces."]}))
    assert answer.status_code == 422
    assert answer.data["detail"] == "A handle has no spaces."
    assert answer.data["errors"] == [{"field": "handle", "sentence": "A handle has no spaces."}]


def test_a_refused_whole_has_an_error_without_a_field() -> None:
    answer = posting({"handle": "nobody", "first": {"count": 1}, "lines": []})
    assert answer.status_code == 422
    assert answer.data["errors"] == [{"field": "", "sentence": "Nobody orders nothing."}]
    assert raising(exceptions.ValidationError("No.")).data["errors"] == [{"field": "", "sentence": "No."}]


def test_refused_values_are_422_with_the_dotted_path_of_each() -> None:
    answer = posting({"first": {"count": 0}, "lines": [{"count": 1}, {"count": "many"}, {}]})
    assert answer.status_code == 422
    assert answer.data["detail"] == "4 values were refused: see `errors`."
    assert answer.data["errors"] == [
        {"field": "handle", "sentence": "This field is required."},
        {"field": "first.count", "sentence": "Ensure this value is greater than or equal to 1."},
        {"field": "lines.1.count", "sentence": "A valid integer is required."},
        {"field": "lines.2.count", "sentence": "This field is required."},
    ]


@pytest.mark.parametrize("body", ["{", "{'a': 1}", '{"count": NaN}', b"\xff\xfe", '"\\'])
def test_a_body_that_is_no_json_is_400(body: str | bytes) -> None:
    answer = posting(body)
    assert answer.status_code == 400
    assert answer.data["detail"].startswith("The body of the request cannot be read: JSON parse error")


def test_a_body_of_nothing_is_422_naming_what_is_missing() -> None:
    answer = posting("")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.data["errors"]] == ["handle", "first", "lines"]


def test_a_body_of_another_type_is_415() -> None:
    assert posting("handle=x", "text/plain").status_code == 415


def test_a_body_that_fits_is_let_in() -> None:
    answer = posting({"handle": "ana", "first": {"count": 1}, "lines": [{"count": 2}]})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_a_fault_of_ours_is_500_without_details_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = raising(RuntimeError(HIDDEN))
    assert answer.status_code == 500
    assert answer.data["detail"] == (
        "This failed because of a fault of ours; it was recorded. Try again later."
    )
    assert HIDDEN.encode() not in answer.content
    assert "api.failed GET /somewhere/" in caplog.text
    assert HIDDEN in caplog.text, "whoever mends it reads what it was"


def test_a_fault_of_ours_is_announced_as_django_announces_its_own() -> None:
    heard: list[str] = []

    def hear(sender: object, request: Any, **kwargs: Any) -> None:
        heard.append(request.path)

    got_request_exception.connect(hear)
    try:
        raising(RuntimeError(HIDDEN))
        raising(Refused("No."))
    finally:
        got_request_exception.disconnect(hear)
    assert heard == ["/somewhere/"]
