"""The Open API's wire: the bearer token, the envelope of every answer, and addresses for uploads.

Success is `error.code == "ok"` in the body; the HTTP status only speaks where the body cannot.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx

from agents.providers.breakers import Guard
from agents.providers.errors import ProviderMisconfigured
from agents.providers.tiktok.connection import (
    CALL_TIMEOUT_SECONDS,
    LONGEST_LOG_ID,
    TOKEN_SHAPE,
    Answer,
    Connection,
    check_token,
    json_bytes,
    read_object,
    read_shape,
    timeout_of,
)
from agents.providers.tiktok.problems import code_problem, status_problem, upload_problem

UPLOAD_TIMEOUT_SECONDS = 120.0

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "/v2/user/info/": "user_info",
        "/v2/video/list/": "video_list",
        "/v2/video/query/": "video_query",
        "/v2/post/publish/creator_info/query/": "creator_info",
        "/v2/post/publish/video/init/": "init",
        "/v2/post/publish/content/init/": "photo_init",
        "/v2/post/publish/status/fetch/": "status",
        "/v2/post/publish/cancel/": "cancel",
    }
)
"""What each endpoint is called, by its path; an upload address is `UPLOAD`."""

UPLOAD = "upload"
TAKEN = frozenset({201, 206})

__all__ = ["CALL_TIMEOUT_SECONDS", "UPLOAD_TIMEOUT_SECONDS", "Answer", "Wire", "read_answer", "read_shape"]


class Wire(Connection):
    """One provider's connections to the Open API.

    `upload_domain` is where upload addresses may point: that host or one below it. With `upload_origin` (a
    scheme, host and port) they may point nowhere but there, as where a TikTok runs on this machine.
    """

    def __init__(
        self,
        *,
        base_url: str,
        upload_domain: str,
        upload_origin: str = "",
        make_transport: Callable[[], httpx.BaseTransport | None],
        guard: Guard | None = None,
    ) -> None:
        super().__init__(base_url=base_url, make_transport=make_transport, guard=guard)
        self._upload_domain = upload_domain
        self._upload_origin = upload_origin

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
        check_token(token)
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=UTF-8"
        request = self._hold().build_request(
            method,
            f"{self._base_url}{path}",
            params={"fields": ",".join(fields)} if fields else None,
            content=json_bytes(body),
            headers=headers,
            timeout=timeout_of(timeout_seconds),
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
            "PUT", url, content=content, headers=headers, timeout=timeout_of(timeout_seconds)
        )
        with self._guard.around(UPLOAD, timeout_seconds=timeout_seconds):
            response = self._send(request)
            if response.status_code not in TAKEN:
                raise upload_problem(response.status_code)
            return response

    def check_upload_url(self, url: str) -> None:
        """Raise `ProviderMisconfigured` unless the address is https and one of TikTok's own."""
        if self._upload_origin and url.startswith(f"{self._upload_origin}/") and TOKEN_SHAPE.fullmatch(url):
            return
        try:
            parts = httpx.URL(url if TOKEN_SHAPE.fullmatch(url) else "")
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


def read_answer(response: httpx.Response, *, token: str) -> Answer:
    """Return what an answer holds, or raise the `ProviderError` of its code or of its HTTP status.

    Both spellings of the log id are read, `log_id` and `logid`.
    """
    body = read_object(response.content)
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
