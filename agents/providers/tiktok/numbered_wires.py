"""The two APIs that answer with a number: the Business API, and the Shop API under a signed address.

Success is `code == 0` in the body, nearly always on HTTP 200, and so are most refusals. Each call names its
`Endpoint`, whose name its breaker goes by.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from agents.providers.breakers import Guard
from agents.providers.errors import ProviderError, ProviderMisconfigured
from agents.providers.tiktok.connection import (
    CALL_TIMEOUT_SECONDS,
    LONGEST_LOG_ID,
    Answer,
    Connection,
    Endpoint,
    check_token,
    json_bytes,
    read_object,
    timeout_of,
)
from agents.providers.tiktok.numbered_problems import business_problem, shop_item_problem, shop_problem
from agents.providers.tiktok.problems import status_problem

PARTLY_DONE = 20001
_UNSIGNED = frozenset({"sign", "access_token"})
Problem = Callable[..., ProviderError]


class BusinessWire(Connection):
    """One provider's connections to the Business API v1.3: ads, discovery and an account's own figures."""

    def call(
        self,
        endpoint: Endpoint,
        *,
        token: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Answer:
        """Call an endpoint and return its answer; lists and objects of the query go as JSON.

        Raises the errors of `numbered_problems`, `AccessRefused` unsent for a token that is none, and
        `BreakerOpen` unsent while the endpoint is left alone.
        """
        check_token(token)
        headers = {"Access-Token": token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = self._hold().build_request(
            endpoint.method,
            f"{self._base_url}{endpoint.path}",
            params={name: in_query(value) for name, value in (query or {}).items() if value is not None},
            content=json_bytes(body),
            headers=headers,
            timeout=timeout_of(timeout_seconds),
        )
        with self._guard.around(endpoint.name, timeout_seconds=timeout_seconds):
            return read_numbered(self._send(request), token=token, problem=business_problem)


class ShopWire(Connection):
    """One provider's connections to the Shop API.

    `app_key` and `app_secret` are our app's; without them every call is refused unsent. The secret signs and
    is never sent.
    """

    def __init__(
        self,
        *,
        base_url: str,
        make_transport: Callable[[], httpx.BaseTransport | None],
        app_key: str,
        app_secret: SecretStr,
        guard: Guard | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(base_url=base_url, make_transport=make_transport, guard=guard)
        self._app_key = app_key
        self._app_secret = app_secret
        self._clock = clock

    def call(
        self,
        endpoint: Endpoint,
        *,
        token: str,
        cipher: str = "",
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Answer:
        """Call an endpoint and return its answer.

        `cipher` names the shop, `parts` fill the path. Raises the errors of `numbered_problems`, also for
        the first of `data.errors`, which TikTok hides behind a good code.
        """
        check_token(token)
        self._check_app()
        path = endpoint.path.format_map({name: _part(value) for name, value in (parts or {}).items()})
        content = json_bytes(body)
        params = self._signed(path, {"shop_cipher": cipher, **(query or {})}, content or b"")
        request = self._hold().build_request(
            endpoint.method,
            f"{self._base_url}{path}",
            params=params,
            content=content,
            headers={"x-tts-access-token": token, "Content-Type": "application/json"},
            timeout=timeout_of(timeout_seconds),
        )
        with self._guard.around(endpoint.name, timeout_seconds=timeout_seconds):
            answer = read_numbered(self._send(request), token=token, problem=shop_problem)
            if errors := answer.data.get("errors"):
                raise shop_item_problem(errors, token=token, log_id=answer.log_id)
            return answer

    def _signed(self, path: str, query: Mapping[str, Any], body: bytes) -> dict[str, str]:
        params = {name: str(value) for name, value in query.items() if value not in (None, "")}
        params |= {"app_key": self._app_key, "timestamp": str(int(self._clock()))}
        secret = self._app_secret.get_secret_value()
        return params | {"sign": shop_sign(secret, path, params, body)}

    def _check_app(self) -> None:
        if not self._app_key or not self._app_secret.get_secret_value():
            raise ProviderMisconfigured(
                "The shop's app is not set: set TIKTOK_SHOP_APP_KEY and TIKTOK_SHOP_APP_SECRET.",
                was_sent=False,
                may_have_acted=False,
            )


def shop_sign(secret: str, path: str, params: Mapping[str, str], body: bytes = b"") -> str:
    """Return the signature of a call of the Shop API, in hex.

    HMAC-SHA256 with the secret as key over secret, path, the sorted query as `keyvalue` pairs, body,
    secret. Source: TikTok Shop Partner Center, "Sign your API request"; its vector is among the tests.
    """
    pairs = "".join(name + params[name] for name in sorted(params) if name not in _UNSIGNED)
    message = (secret + path + pairs).encode() + body + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def read_numbered(response: httpx.Response, *, token: str, problem: Problem) -> Answer:
    """Return what an answer holds, or raise the error of its code, or of its status where it has none."""
    body = read_object(response.content)
    code = body.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        raise status_problem(response.status_code)
    log_id = str(body.get("request_id") or "")[:LONGEST_LOG_ID]
    if code not in (0, PARTLY_DONE):
        message = str(body.get("message") or "")
        raise problem(code, status=response.status_code, message=message, token=token, log_id=log_id)
    data = body.get("data")
    return Answer(data if isinstance(data, dict) else {}, log_id, is_partial=code == PARTLY_DONE)


def in_query(value: Any) -> str:
    """Return a value as the Business API takes it in a query: lists and objects as JSON, the rest as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _part(value: str) -> str:
    """Return a part of a path; an id with anything but letters, digits, `-` and `_` would lead elsewhere."""
    if not value or not all(one.isascii() and (one.isalnum() or one in "-_") for one in value):
        raise ProviderMisconfigured(
            f"The id {value[:40]!r} cannot be part of an address; look at where it came from.",
            was_sent=False,
            may_have_acted=False,
        )
    return value
