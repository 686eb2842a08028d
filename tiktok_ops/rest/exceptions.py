"""Every refusal of the API in one shape: problem+json (RFC 9457), with the sentence a person reads."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.settings import api_settings

from tiktok_ops.errors import NotAllowed, NotThere, Overtaken, Refused

CONTENT_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value; `field` is its dotted path, empty for the whole."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal: its status, one sentence, and for values the sentence of each."""

    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the members of RFC 9457, section 3.1, and ours, `errors`.

        `about:blank` says that the status is all there is to the type; the title is then its phrase.
        """
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": [{"field": error.field, "sentence": error.sentence} for error in self.errors],
        }


NOT_FOUND = Problem(404, "There is nothing at this address, or it is not yours to see.")
FORBIDDEN = Problem(403, "This is not yours to do.")
UNEXPECTED = Problem(500, "This failed because of a fault of ours; it was recorded. Try again later.")


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """Return the answer for `error`, DRF's `EXCEPTION_HANDLER`.

    What nobody foresaw is a 500 without details; those go to the log and to Django's signal.
    """
    problem = _problem_of(error)
    if problem is None:
        problem = UNEXPECTED
        _report(context)
    return Response(
        problem.as_json(), status=problem.status, headers=_headers(error), content_type=CONTENT_TYPE
    )


def _problem_of(error: Exception) -> Problem | None:
    """Return what to tell the caller, None for a fault of ours."""
    match error:
        case NotAllowed():
            return Problem(403, str(error))
        case NotThere():
            return Problem(404, str(error))
        case Overtaken():
            return Problem(409, str(error))
        case Refused():
            return Problem(422, str(error))
        case ValidationError():
            return _invalid(error.detail)
        case DjangoValidationError():
            return _invalid(get_error_detail(error))
        case Http404():
            return NOT_FOUND
        case DjangoPermissionDenied():
            return FORBIDDEN
        case ParseError():
            return Problem(400, f"The body of the request cannot be read: {error.detail}.")
        case APIException():
            return Problem(error.status_code, str(error.detail))
    return None


def _invalid(detail: Any) -> Problem:
    errors = tuple(_field_errors(detail))
    if len(errors) == 1:
        return Problem(422, errors[0].sentence, errors)
    return Problem(422, f"{len(errors)} values were refused: see `errors`.", errors)


def _field_errors(detail: Any, path: tuple[str, ...] = ()) -> Iterator[FieldError]:
    """Flatten DRF's nested errors: dictionaries by field or position, lists of sentences or of errors."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            is_whole = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from _field_errors(value, path if is_whole else (*path, str(key)))
    elif isinstance(detail, list):
        for value in detail:
            yield from _field_errors(value, path)
    else:
        yield FieldError(".".join(path), str(detail))


def _headers(error: Exception) -> dict[str, str]:
    """Return the headers an answer owes: how to sign in, when to come back, what is left of a rate."""
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if (wait_seconds := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(wait_seconds)
    return headers


def _report(context: dict[str, Any]) -> None:
    """Log the exception being handled, and announce it as Django does for views of its own."""
    request = context["request"]
    _log.exception("api.failed %s %s", request.method, request.path)
    got_request_exception.send(sender=type(context["view"]), request=request._request)
