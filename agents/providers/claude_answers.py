"""What Claude's answers mean: usage and text first, then the stop reason, then the JSON.

Nothing is judged before it is read: an answer that cannot be used is raised with all it holds, so that
what it cost is stored.
"""

import json
import math
import re
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, Field

from agents.providers.errors import (
    AnswerError,
    ContextExceeded,
    OutputInvalid,
    OutputPaused,
    OutputTruncated,
    ProviderRefused,
    ProviderUnavailable,
    UnknownStop,
)
from agents.providers.language import LanguageAnswer, LanguageRequest, Usage

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL refuses in a text: NUL, and half a surrogate pair."""


LONGEST_BODY_BYTES = 8_000_000
"""A body of more is no answer: 8,192 tokens are some 40 kB."""


Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""Nobody reads or writes a thousand million tokens at once: who says so is no model."""


class _CacheWrites(BaseModel):
    """Tokens written to the cache, by how long they stay there."""

    ephemeral_5m_input_tokens: Tokens = 0
    ephemeral_1h_input_tokens: Tokens = 0


class _Usage(BaseModel):
    """The usage of an answer, as the wire has it."""

    input_tokens: Tokens
    output_tokens: Tokens
    cache_read_input_tokens: Tokens | None = None
    cache_creation_input_tokens: Tokens | None = None
    cache_creation: _CacheWrites | None = None


class _StopDetails(BaseModel):
    """Why the model stopped, where it says more."""

    category: str | None = None


class _Message(BaseModel):
    """The parts of an answer that we read. The SDK's own types take any body for an answer.

    Whatever stands in the content, an answer with its usage was paid for: what is no text is passed over.
    """

    model: str
    content: object
    stop_reason: str | None
    stop_details: _StopDetails | None = None
    usage: _Usage


_STOPS: dict[str | None, tuple[type[AnswerError], str]] = {
    "max_tokens": (
        OutputTruncated,
        "Claude's answer {name!r} was cut off at max_tokens={limit}; ask for less or allow more tokens.",
    ),
    "refusal": (
        ProviderRefused,
        "Claude refused to write {name!r} (category: {category!r}); a person has to look at what was asked.",
    ),
    "tool_use": (
        OutputInvalid,
        "Claude wanted to use a tool instead of writing {name!r}, and there are none; answer in words.",
    ),
    "pause_turn": (OutputPaused, "Claude paused in the middle of its answer {name!r}; ask again."),
    "model_context_window_exceeded": (
        ContextExceeded,
        "Claude ran out of room to answer {name!r} in; send a shorter prompt.",
    ),
}
_UNKNOWN_STOP = (
    UnknownStop,
    "Claude stopped its answer {name!r} for the reason {reason!r}, which is not known here; a person has "
    "to look at it.",
)


def read_answer(body: bytes, *, request_id: str, request: LanguageRequest) -> LanguageAnswer:
    """Return the answer in the body of a 200, with its JSON parsed.

    Raises `ProviderUnavailable` where the body is no message, and an `AnswerError` by the stop reason
    or for JSON that cannot be kept.
    """
    message = _read_message(body, request_id)
    answer = _answer(message, request_id)
    _check_stop(message, answer, request)
    return _with_data(answer, request)


def _read_message(body: bytes, request_id: str) -> _Message:
    """Return the answer, or raise where what came is none (a proxy's page, a body cut short)."""
    try:
        if len(body) > LONGEST_BODY_BYTES:
            raise ValueError("it is too long")
        return _Message.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        raise ProviderUnavailable(
            "Claude's address answered with something that is no message; try again, and check "
            "ANTHROPIC_BASE_URL if it stays.",
            request_id=request_id,
        ) from None


def _answer(message: _Message, request_id: str) -> LanguageAnswer:
    """Return what was said and used, before any of it is judged."""
    return LanguageAnswer(
        text=_UNSTORABLE.sub("\ufffd", "".join(_texts(message.content))),
        data={},
        usage=_usage(message.usage),
        model=_UNSTORABLE.sub("\ufffd", message.model),
        stop_reason=_UNSTORABLE.sub("\ufffd", message.stop_reason or ""),
        request_id=request_id,
    )


def _texts(content: object) -> list[str]:
    """Return the texts among the blocks of an answer: no thinking, no call of a tool, nothing unknown."""
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    return [text for text in texts if isinstance(text, str)]


def _usage(wire: _Usage) -> Usage:
    """Return the tokens by price class; writes of a length not told stay five minutes, the default."""
    writes = wire.cache_creation or _CacheWrites()
    hour = writes.ephemeral_1h_input_tokens
    total = wire.cache_creation_input_tokens or 0
    return Usage(
        input_tokens=wire.input_tokens,
        output_tokens=wire.output_tokens,
        cache_read_tokens=wire.cache_read_input_tokens or 0,
        cache_write_5m_tokens=max(writes.ephemeral_5m_input_tokens, total - hour),
        cache_write_1h_tokens=hour,
    )


def _check_stop(message: _Message, answer: LanguageAnswer, request: LanguageRequest) -> None:
    """Raise unless the model ended its turn; each other reason by name."""
    if message.stop_reason == "end_turn":
        return
    kind, sentence = _STOPS.get(message.stop_reason, _UNKNOWN_STOP)
    details = message.stop_details or _StopDetails()
    raise kind(
        sentence.format(
            name=request.schema_name,
            limit=request.max_tokens,
            category=details.category or "not given",
            reason=message.stop_reason,
        ),
        answer=answer,
    )


def _with_data(answer: LanguageAnswer, request: LanguageRequest) -> LanguageAnswer:
    """Return the answer with its text parsed, or raise `OutputInvalid` with the answer as it is."""
    try:
        return replace(answer, data=_parsed(answer.text))
    except (ValueError, RecursionError) as error:
        raise OutputInvalid(
            f"Claude's answer {request.schema_name!r} is no JSON object we can keep ({error}); ask again.",
            answer=answer,
        ) from error


def _parsed(text: str) -> dict[str, Any]:
    """Return the object in `text`; raise `ValueError` for anything else and for what jsonb refuses."""
    data = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(data, dict):
        raise ValueError(f"it is a {type(data).__name__}")
    if _is_unstorable(data):
        raise ValueError("it holds a NUL, half a surrogate pair or an infinite number")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}")


def _is_unstorable(value: object) -> bool:
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is not None
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(_is_unstorable(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_is_unstorable, value))
