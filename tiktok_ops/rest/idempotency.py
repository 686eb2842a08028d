"""Writes that may be sent again and happen once: the header `Idempotency-Key`."""

import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tiktok_ops.accounts.models import ApiKey, IdempotencyKey, User
from tiktok_ops.canonical import canonical_json
from tiktok_ops.errors import Refused
from tiktok_ops.rest.scoping import caller_of

HEADER = "Idempotency-Key"
SHORTEST, LONGEST = 8, 200
REPLAYED = "Idempotency-Replayed"

PARAMETER = OpenApiParameter(
    HEADER,
    type={"type": "string", "minLength": SHORTEST, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    location=OpenApiParameter.HEADER,
    required=True,
    description="A name of the caller's own for this write: sent again with the same body, it happens once.",
)


class KeyWanted(APIException):
    """The header Idempotency-Key is missing, or is no name."""

    status_code = HTTPStatus.BAD_REQUEST


class KeyReused(Refused):
    """The Idempotency-Key was used before, for another request."""


def once(request: Request, act: Callable[[], tuple[int, Any]]) -> Response:
    """Answer with the status and body that `act` returns; asked again, with the same, without it.

    What `act` writes shares the transaction of its key: of any number of requests at once one acts, the
    others wait for its answer. What `act` refuses leaves nothing, so that the key may be used again.
    Raises `KeyWanted` and `KeyReused`.
    """
    key, digest = _key_of(request), _digest_of(request)
    with transaction.atomic():
        row, is_first = IdempotencyKey.objects.get_or_create(
            **_owner(caller_of(request).who), key=key, defaults={"request_digest": digest}
        )
        if is_first:
            row.response_status, body = act()
            row.response_body = JSONRenderer().render(body).decode()
            row.save(update_fields=["response_status", "response_body"])
        elif row.request_digest != digest:
            raise KeyReused(
                f"The {HEADER} {key!r} was used before, for another request: take a new one for this one."
            )
    headers = None if is_first else {REPLAYED: "true"}
    return Response(json.loads(row.response_body), status=row.response_status, headers=headers)


def _key_of(request: Request) -> str:
    """Return the caller's key; raises `KeyWanted`."""
    given = request.headers.get(HEADER)
    if given is None:
        raise KeyWanted(f"The header {HEADER} is missing: send a name of your own for this write.")
    is_printable = given.isascii() and given.isprintable() and " " not in given
    if not (is_printable and SHORTEST <= len(given) <= LONGEST):
        raise KeyWanted(
            f"The header {HEADER} is {given[:LONGEST]!r}, which does not do: "
            f"send {SHORTEST} to {LONGEST} letters, digits and signs without spaces, such as a UUID."
        )
    return given


def _digest_of(request: Request) -> str:
    """Return the SHA-256 of what is asked for, in hexadecimal."""
    asked = {"method": request.method, "path": request.path, "body": request.data}
    return hashlib.sha256(canonical_json(asked)).hexdigest()


def _owner(who: User | ApiKey) -> dict[str, User | ApiKey | None]:
    """Return the columns that say whose key it is: two callers may use the same."""
    is_key = isinstance(who, ApiKey)
    return {"api_key": who if is_key else None, "user": None if is_key else who}
