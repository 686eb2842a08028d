"""What a studio refuses, and broken connections, as our errors: what happened, and what to do about it."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx

from agents.providers.errors import (
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnpaid,
    read_retry_after,
)

LONGEST_MESSAGE = 200
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

STATUSES: Mapping[int, tuple[type[ProviderError], str]] = MappingProxyType(
    {
        401: (ProviderMisconfigured, "correct STUDIO_API_KEY"),
        403: (ProviderMisconfigured, "have STUDIO_API_KEY allowed to do this"),
        402: (ProviderUnpaid, "add credit to the studio's account, then retry"),
        404: (ProviderRejected, "it knows no such job"),
        409: (ProviderRejected, "under this key it was asked for another clip before"),
        413: (ProviderRejected, "ask for a shorter one"),
        422: (ProviderRejected, "what is asked for has to be changed"),
    }
)
"""What each HTTP status means to us, and what to do about it; docs/studio.md."""


def status_problem(response: httpx.Response) -> ProviderError:
    """Return the error for an answer that is no 2xx, with the studio's own message on one short line."""
    status = response.status_code
    what = f"The studio refused ({status}{_said(response.content)})"
    if status == 429:
        return ProviderRateLimited(
            f"{what}; wait before the next call.",
            retry_after_seconds=read_retry_after(response.headers.get("retry-after")),
            was_sent=True,
            may_have_acted=False,
        )
    if status in STATUSES:
        kind, remedy = STATUSES[status]
        return kind(f"{what}; {remedy}.", was_sent=True, may_have_acted=False)
    if status >= 500 or status == 408:
        return ProviderUnavailable(f"The studio failed to answer ({status}); try again.", was_sent=True)
    return ProviderMisconfigured(
        f"The studio answered {status}; look at STUDIO_BASE_URL and at what stands between us and it.",
        was_sent=True,
    )


def shape_problem(where: str) -> ProviderError:
    """Return the error for an answer that lacks what it should hold."""
    return ProviderUnavailable(f"The studio's answer lacks a usable {where!r}; try again.", was_sent=True)


def network_problem(error: httpx.RequestError) -> ProviderError:
    """Return the error for a connection that failed; asking again under the same key is always safe."""
    name = type(error).__name__
    if isinstance(error, _NEVER_SENT):
        return ProviderUnavailable(
            f"The studio could not be reached ({name}); try again.", was_sent=False, may_have_acted=False
        )
    return ProviderUnavailable(f"The studio did not answer in full ({name}); try again.")


def _said(content: bytes) -> str:
    """Return ': ' and the studio's own message, or ''."""
    try:
        message: Any = json.loads(content)["error"]["message"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return ""
    line = " ".join(str(message).split())[:LONGEST_MESSAGE]
    return f": {line.encode('utf-8', 'replace').decode()}" if line else ""
