"""What the Messages endpoint takes: route, headers and body, refused in the real one's envelopes.

Source: the API reference of 2026-10-21 (a key as `Authorization: Bearer`, no sampling parameters, no
answer begun for the model, JSON schemas with closed objects and without bounds).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PATH = "/v1/messages"
COUNT_PATH = f"{PATH}/count_tokens"
UNSUPPORTED_KEYWORDS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
    | {"pattern", "maxItems", "uniqueItems"}
)
_KEY_SHAPE = re.compile(r"Bearer \S+")
_VERSION_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}")


class WireError(Exception):
    """The endpoint refuses this request."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class _Wire(BaseModel):
    """Base of what is read from the body: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _CacheControl(_Wire):
    """A cache breakpoint."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class _Text(_Wire):
    """A block of text; the only kind the sandbox reads."""

    type: Literal["text"]
    text: str = Field(min_length=1)
    cache_control: _CacheControl | None = None


class _Turn(_Wire):
    """One message of the conversation."""

    role: Literal["user", "assistant"]
    content: str | list[_Text] = Field(min_length=1)


class _Format(_Wire):
    """The shape the answer is to have."""

    type: Literal["json_schema"]
    json_schema: dict[str, Any] = Field(alias="schema")


class _OutputConfig(_Wire):
    """How the answer is to be given."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: _Format | None = None


class Question(_Wire):
    """The body of a request, as far as the sandbox understands it."""

    model: str = Field(min_length=1)
    max_tokens: int = Field(ge=1)
    messages: list[_Turn] = Field(min_length=1)
    system: str | list[_Text] = ""
    output_config: _OutputConfig = Field(default_factory=_OutputConfig)
    metadata: dict[str, Any] | None = None
    service_tier: Literal["auto", "standard_only"] = "auto"
    stop_sequences: list[str] | None = None
    thinking: dict[str, Any] | None = None
    stream: Literal[False] = False

    @property
    def system_text(self) -> str:
        """Return the system prompt as one text."""
        return _joined(self.system)

    @property
    def cache_ttl(self) -> Literal["5m", "1h"] | None:
        """Return how long the system text is to be cached, None where it is not."""
        marked = [
            block.cache_control for block in self.system if isinstance(block, _Text) and block.cache_control
        ]
        return marked[-1].ttl if marked else None

    @property
    def turns(self) -> list[str]:
        """Return the messages as texts, oldest first."""
        return [_joined(turn.content) for turn in self.messages]

    @property
    def answer_schema(self) -> dict[str, Any] | None:
        """Return the JSON Schema the answer has to satisfy, if one was sent."""
        return self.output_config.format.json_schema if self.output_config.format else None


def read_question(method: str, path: str, headers: Mapping[str, str], content: bytes) -> Question:
    """Return the question in a request, or raise the `WireError` the real endpoint would answer."""
    if path != PATH:
        raise WireError(404, "not_found_error", f"Not found: {path}")
    if method != "POST":
        raise WireError(405, "invalid_request_error", f"Method not allowed: {method}")
    check_headers(headers)
    try:
        question = Question.model_validate_json(content)
    except ValidationError as error:
        raise WireError(400, "invalid_request_error", first_of(error)) from error
    _check_question(question)
    return question


def read_counted(method: str, headers: Mapping[str, str], content: bytes) -> Question:
    """Return the question whose tokens are to be counted; it is one without `max_tokens`."""
    if method != "POST":
        raise WireError(405, "invalid_request_error", f"Method not allowed: {method}")
    check_headers(headers)
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or "max_tokens" in body:
        raise WireError(400, "invalid_request_error", "the body is no question to count the tokens of")
    return read_params({**body, "max_tokens": 1})


def read_params(params: Mapping[str, Any]) -> Question:
    """Return the question in a request of a batch. Raises `WireError`."""
    try:
        question = Question.model_validate(params)
    except ValidationError as error:
        raise WireError(400, "invalid_request_error", first_of(error)) from error
    _check_question(question)
    return question


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise the `WireError` of a request without a bearer key or a version."""
    if not _KEY_SHAPE.fullmatch(headers.get("authorization", "")):
        raise WireError(401, "authentication_error", "Authorization: a bearer key is required")
    if not _VERSION_SHAPE.fullmatch(headers.get("anthropic-version", "")):
        raise WireError(400, "invalid_request_error", "anthropic-version: header is required")


def _check_question(question: Question) -> None:
    if not question.model.startswith("claude-"):
        raise WireError(404, "not_found_error", f"model: {question.model}")
    if question.messages[-1].role != "user":
        raise WireError(
            400, "invalid_request_error", "messages: this model does not take an answer begun for it"
        )
    for where, part in _parts(question.answer_schema or {}, "output_config.format.schema"):
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            raise WireError(400, "invalid_request_error", f"{where}: 'additionalProperties' must be false")
        unsupported = sorted(UNSUPPORTED_KEYWORDS & part.keys())
        if unsupported:
            raise WireError(
                400, "invalid_request_error", f"{where}: {', '.join(unsupported)} is not supported"
            )


def _parts(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema in `schema`, with where it stands; property names are not keywords."""
    yield where, schema
    named = [*schema.get("properties", {}).items(), *schema.get("$defs", {}).items()]
    listed = [(str(at), part) for key in ("anyOf", "allOf") for at, part in enumerate(schema.get(key, []))]
    items = [("items", schema["items"])] if "items" in schema else []
    for name, part in [*named, *listed, *items]:
        yield from _parts(part, f"{where}.{name}")


def first_of(error: ValidationError) -> str:
    """Return the first thing that is wrong with a body, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _joined(content: str | list[_Text]) -> str:
    return content if isinstance(content, str) else "\n".join(block.text for block in content)
