"""One provider's connection to TikTok, whichever style of API goes over it.

Nothing is retried in here, and no redirect is followed: one would take the token along.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from agents.providers.breakers import Guard, NoGuard
from agents.providers.errors import AccessRefused, ProviderError
from agents.providers.tiktok.problems import network_problem, shape_problem

LONGEST_CONNECT_SECONDS = 5.0
CALL_TIMEOUT_SECONDS = 30.0
LONGEST_LOG_ID = 100
TOKEN_SHAPE = re.compile(r"[!-~]+")

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: what its breaker and the sandbox's ledger call it, and where it is.

    `path` is under the API's base address; a `{name}` in it stands for one part, given with each call.
    """

    name: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The `data` of a good answer, and TikTok's id for the call.

    `is_partial` says that only a part of what was asked was done; which, `data` tells item by item.
    """

    data: dict[str, Any]
    log_id: str
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    """The client of one process; sockets must not cross a fork."""

    pid: int
    client: httpx.Client = field(repr=False)


class Connection:
    """Connections of one process at a time to one base address.

    `make_transport` gives what a process speaks through; None is the network. `guard` stands before every
    call.
    """

    def __init__(
        self,
        *,
        base_url: str,
        make_transport: Callable[[], httpx.BaseTransport | None],
        guard: Guard | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._make_transport = make_transport
        self._guard = guard or NoGuard()
        self._held: _Held | None = None

    def check_open(self, operation: str) -> None:
        """Raise `BreakerOpen` when a call of the operation would not be let through now."""
        self._guard.check(operation)

    def close(self) -> None:
        """Close this process's connections; the next call opens new ones."""
        held, self._held = self._held, None
        if held and held.pid == os.getpid():
            held.client.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        problem: ProviderError
        try:
            return self._hold().send(request, follow_redirects=False)
        except httpx.RequestError as error:
            problem = network_problem(error)
        # Raised out here, so that it has no context: httpx's error holds the request and so the token.
        raise problem

    def _hold(self) -> httpx.Client:
        held = self._held
        if held is None or held.pid != os.getpid():
            held = self._held = _Held(os.getpid(), httpx.Client(transport=self._make_transport()))
        return held.client


def read_shape(shape: TypeAdapter[Shape], answer: Answer) -> Shape:
    """Return the data of an answer as `shape`; raises `ProviderUnavailable` naming what is missing."""
    return read_value(shape, answer.data, log_id=answer.log_id)


def read_value(shape: TypeAdapter[Shape], value: object, *, log_id: str) -> Shape:
    """Return a part of an answer as `shape`; raises `ProviderUnavailable` naming what is missing."""
    where = ""
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
    raise shape_problem(where, log_id=log_id)


def json_bytes(body: Mapping[str, Any] | None) -> bytes | None:
    """Return a body as the bytes that are sent, and signed where the API signs them."""
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()


def read_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object an answer holds; an empty one where it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def check_token(token: str) -> None:
    """Raise `AccessRefused` unsent for a token that cannot be one."""
    if not TOKEN_SHAPE.fullmatch(token):
        raise AccessRefused(
            "The account's access token is empty or holds a space, a line break or a character that is not "
            "ASCII; connect the account again.",
            was_sent=False,
            may_have_acted=False,
        )


def timeout_of(seconds: float) -> httpx.Timeout:
    """Return a time-out of each wait for the network; connecting may take at most 5 s."""
    return httpx.Timeout(seconds, connect=min(seconds, LONGEST_CONNECT_SECONDS))
