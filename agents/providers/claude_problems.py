"""The anthropic SDK's exceptions as ours: what happened, and what to do about it.

Our sentences hold the status, the error's type and at most a scrubbed line of the API's message, never
the SDK's own text: that may carry the body, and its objects carry the key.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import anthropic

from agents.providers.errors import (
    LONGEST_RETRY_AFTER_SECONDS,
    Advice,
    PromptTooLong,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnpaid,
    read_retry_after,
)

LONGEST_REQUEST_ID = 100
LONGEST_MESSAGE = 200
_TYPE_SHAPE = re.compile(r"[a-z_]{1,60}")
_KEY_LIKE = re.compile(r"sk-[\w-]{8,}")


def problem_of(error: anthropic.AnthropicError, *, key: str) -> ProviderError:
    """Return our error for one of the SDK's; `key` is cut out wherever it might show."""
    if isinstance(error, anthropic.APIStatusError):
        return _status_problem(error, key)
    if isinstance(error, anthropic.APITimeoutError):
        return ProviderUnavailable(f"Claude did not answer in time ({_cause(error)}); try again.")
    if isinstance(error, anthropic.APIConnectionError):
        return ProviderUnavailable(f"The connection to Claude failed ({_cause(error)}); try again.")
    return ProviderUnavailable(f"The call to Claude failed ({type(error).__name__}); try again.")


def retry_after_seconds(error: anthropic.APIStatusError) -> float | None:
    """Return how long the API asks us to wait, from 0 to 3,600 s; milliseconds are the finer word."""
    headers = error.response.headers
    thousandths = read_retry_after(headers.get("retry-after-ms"), longest=LONGEST_RETRY_AFTER_SECONDS * 1000)
    if thousandths is not None:
        return thousandths / 1000
    return read_retry_after(headers.get("retry-after"))


def _status_problem(error: anthropic.APIStatusError, key: str) -> ProviderError:
    # Money is named by the type, whatever the status.
    status = 402 if error.type == "billing_error" else error.status_code
    make = _BY_STATUS.get(status, _unavailable if status >= 500 else _rejected)
    problem = make(error, f"{error.status_code} {_type(error)}".strip(), key)
    problem.request_id = (error.request_id or "")[:LONGEST_REQUEST_ID]
    problem.was_sent = True  # an answer came back, and one without usage is not charged for
    problem.may_have_acted = status in _MAYBE_DONE or status >= 500
    return problem


def error_of_result(envelope: Mapping[str, Any]) -> ProviderError:
    """Return our error for a request of a batch that errored, given the `error` of its result.

    What is wrong with the request stays wrong; anything else may go better another time.
    """
    error = envelope.get("error")
    kind = error.get("type") if isinstance(error, Mapping) else None
    request_id = envelope.get("request_id")
    known = kind if isinstance(kind, str) and _TYPE_SHAPE.fullmatch(kind) else "no type given"
    make = ProviderRejected if kind in _WRONG_REQUESTS else ProviderUnavailable
    remedy = "it has to be changed" if make is ProviderRejected else "try again"
    return make(
        f"Claude could not answer the request of a batch ({known}); nothing was paid; {remedy}.",
        request_id=request_id[:LONGEST_REQUEST_ID] if isinstance(request_id, str) else "",
        was_sent=True,
    )


def _rate_limited(error: anthropic.APIStatusError, what: str, _: str) -> ProviderError:
    return ProviderRateLimited(
        f"Claude asks us to slow down ({what}); wait before the next call.",
        retry_after_seconds=retry_after_seconds(error),
    )


def _unavailable(error: anthropic.APIStatusError, what: str, _: str) -> ProviderError:
    return ProviderUnavailable(
        f"Claude failed to answer ({what}); try again.", retry_after_seconds=retry_after_seconds(error)
    )


def _overloaded(error: anthropic.APIStatusError, what: str, _: str) -> ProviderError:
    return ProviderUnavailable(
        f"Claude is overloaded ({what}); try again later.",
        advice=Advice.WAIT,
        retry_after_seconds=retry_after_seconds(error),
    )


def _key_refused(_: anthropic.APIStatusError, what: str, __: str) -> ProviderError:
    return ProviderMisconfigured(f"Claude did not accept the key ({what}); check ANTHROPIC_API_KEY.")


def _not_permitted(error: anthropic.APIStatusError, what: str, key: str) -> ProviderError:
    said = _said(error, key)
    return ProviderMisconfigured(
        f"Claude's key may not do this ({what}{said}); give it the permission, or set another "
        "ANTHROPIC_API_KEY."
    )


def _unpaid(_: anthropic.APIStatusError, what: str, __: str) -> ProviderError:
    return ProviderUnpaid(f"Claude's account has no credit left ({what}); add credit, then retry.")


def _not_found(error: anthropic.APIStatusError, what: str, key: str) -> ProviderError:
    said = _said(error, key)
    return ProviderMisconfigured(
        f"Claude does not know the model or the address ({what}{said}); check the setting MODELS and "
        "ANTHROPIC_BASE_URL."
    )


def _redirected(_: anthropic.APIStatusError, what: str, __: str) -> ProviderError:
    return ProviderMisconfigured(
        f"Claude's address sends us elsewhere ({what}), and the key goes nowhere but to the address set; "
        "correct ANTHROPIC_BASE_URL."
    )


def _too_long(_: anthropic.APIStatusError, what: str, __: str) -> ProviderError:
    return PromptTooLong(f"The prompt is longer than Claude takes ({what}); send less.")


def _rejected(error: anthropic.APIStatusError, what: str, key: str) -> ProviderError:
    said = _said(error, key)
    return ProviderRejected(f"Claude rejected the request ({what}{said}); it has to be changed.")


_BY_STATUS: dict[int, Callable[[anthropic.APIStatusError, str, str], ProviderError]] = {
    **dict.fromkeys((301, 302, 303, 307, 308), _redirected),
    401: _key_refused,
    402: _unpaid,
    403: _not_permitted,
    404: _not_found,
    408: _unavailable,
    409: _unavailable,
    413: _too_long,
    429: _rate_limited,
    503: _overloaded,
    529: _overloaded,
}

_MAYBE_DONE = {408, 409}
"""Refusals of a request that may have been done all the same; every other 4xx was not."""

_WRONG_REQUESTS = {"invalid_request_error", "not_found_error", "request_too_large"}


def _cause(error: anthropic.AnthropicError) -> str:
    return type(error.__cause__ or error).__name__


def _type(error: anthropic.APIStatusError) -> str:
    """Return the error's type where it looks like one; a proxy may put anything there."""
    given: object = error.type
    return given if isinstance(given, str) and _TYPE_SHAPE.fullmatch(given) else ""


def _said(error: anthropic.APIStatusError, key: str) -> str:
    """Return ': ' and the API's own message on one short line, without anything like a key; or ''."""
    given: object = error.api_message
    if not isinstance(given, str) or not given.strip():
        return ""
    line = _KEY_LIKE.sub("[key]", " ".join(given.split()).replace(key, "[key]"))
    return f": {line[:LONGEST_MESSAGE].encode('utf-8', 'replace').decode()}"
