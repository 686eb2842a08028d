"""How TikTok is spoken to: connections, time-outs, the bearer token and the envelope of every answer.

Success is `error.code == "ok"` in the body; the HTTP status only speaks where the body cannot. Nothing
is retried in here, and no redirect is followed: one would take the token along.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from agents.providers.breakers import Guard, NoGuard
from agents.providers.errors import AccessRefused, ProviderError, ProviderMisconfigured
from agents.providers.tiktok.problems import (
    code_problem,
    network_problem,
    shape_problem,
    status_problem,
    upload_problem,
)

LONGEST_CONNECT_SECONDS = 5.0
CALL_TIMEOUT_SECONDS = 30.0
UPLOAD_TIMEOUT_SECONDS = 120.0
LONGEST_LOG_ID = 100
_TOKEN_SHAPE = re.compile(r"[!-~]+")

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "/v2/user/info/": "user_info",
        "/v2/video/list/": "video_list",
        "/v2/video/query/": "video_query",
        "/v2/post/publish/creator_info/query/": "creator_info",
        "/v2/post/publish/video/init/": "init",
        "/v2/post/publish/status/fetch/": "status",
        "/v2/post/publish/cancel/": "cancel",
    }
)
"""What each endpoint is called, by its path; an upload address is `UPLOAD`."""

UPLOAD = "upload"
TAKEN = frozenset({201, 206})

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Answer:
    """The `data` of an answer that said `ok`, and TikTok's id for the call."""

    data: dict[str, Any]
    log_id: str


@dataclass(frozen=True, slots=True)
class _Held:
    """The client of one process; sockets must not cross a fork."""

    pid: int
    client: httpx.Client = field(repr=False)


class Wire:
    """One provider's connections to TikTok.

    `upload_domain` is where upload addresses may point: that host or one below it. `make_transport`
    gives what a process speaks through; None is the network. `guard` stands before every call.
    """

    def __init__(
        self,
        *,
        base_url: str,
        upload_domain: str,
        make_transport: Callable[[], httpx.BaseTransport | None],
        guard: Guard | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._upload_domain = upload_domain
        self._make_transport = make_transport
        self._guard = guard or NoGuard()
        self._held: _Held | None = None

    def check_open(self, operation: str) -> None:
        """Raise `BreakerOpen` when a call of the operation would not be let through now."""
        self._guard.check(operation)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str,
        fields: tuple[str, ...] = (),
        body: Mapping[str, Any] | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Answer:
        """Call an endpoint and return its answer; see `read_answer` for what is raised.

        `timeout_seconds` bounds each wait for the network (connecting at most 5 s), so a call ends
        within a few times that. Raises `AccessRefused` unsent for a token that is none, and
        `BreakerOpen` unsent while the operation is left alone.
        """
        _check_token(token)
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=UTF-8"
        request = self._hold().build_request(
            method,
            f"{self._base_url}{path}",
            params={"fields": ",".join(fields)} if fields else None,
            content=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            headers=headers,
            timeout=_timeout(timeout_seconds),
        )
        with self._guard.around(OPERATIONS.get(path, path[:40]), timeout_seconds=timeout_seconds):
            return read_answer(self._send(request), token=token)

    def put(
        self, url: str, *, content: bytes, headers: Mapping[str, str], timeout_seconds: float
    ) -> httpx.Response:
        """Put bytes to an upload address, never with a token, and return the answer that took them.

        Raises `upload_problem` of any answer but 201 and 206, and `BreakerOpen` unsent.
        """
        self.check_upload_url(url)
        request = self._hold().build_request(
            "PUT", url, content=content, headers=headers, timeout=_timeout(timeout_seconds)
        )
        with self._guard.around(UPLOAD, timeout_seconds=timeout_seconds):
            response = self._send(request)
            if response.status_code not in TAKEN:
                raise upload_problem(response.status_code)
            return response

    def check_upload_url(self, url: str) -> None:
        """Raise `ProviderMisconfigured` unless the address is https and one of TikTok's own."""
        try:
            parts = httpx.URL(url if _TOKEN_SHAPE.fullmatch(url) else "")
        except httpx.InvalidURL:
            parts = httpx.URL("")
        is_theirs = parts.host == self._upload_domain or parts.host.endswith(f".{self._upload_domain}")
        if parts.scheme != "https" or not is_theirs or parts.userinfo or parts.port:
            # Not shown: the address carries a token.
            raise ProviderMisconfigured(
                f"The upload address is not https under {self._upload_domain!r}; nothing was sent to it, "
                "a person has to look at where it came from.",
                code="upload_url_refused",
                was_sent=False,
                may_have_acted=False,
            )

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


def read_answer(response: httpx.Response, *, token: str) -> Answer:
    """Return what an answer holds, or raise the `ProviderError` of its code or of its HTTP status.

    Both spellings of the log id are read, `log_id` and `logid`.
    """
    body = _object(response.content)
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, str):
        raise status_problem(response.status_code)
    log_id = str(error.get("log_id") or error.get("logid") or "")[:LONGEST_LOG_ID]
    if code != "ok":
        message = str(error.get("message") or "")
        raise code_problem(code, status=response.status_code, message=message, token=token, log_id=log_id)
    data = body.get("data")
    return Answer(data if isinstance(data, dict) else {}, log_id)


def read_shape(shape: TypeAdapter[Shape], answer: Answer) -> Shape:
    """Return the data of an answer as `shape`; raises `ProviderUnavailable` naming what is missing."""
    where = ""
    try:
        return shape.validate_python(answer.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
    raise shape_problem(where, log_id=answer.log_id)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_token(token: str) -> None:
    if not _TOKEN_SHAPE.fullmatch(token):
        raise AccessRefused(
            "The account's access token is empty or holds a space, a line break or a character that is not "
            "ASCII; connect the account again.",
            was_sent=False,
            may_have_acted=False,
        )


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, LONGEST_CONNECT_SECONDS))
