"""What we ask of a language model and what comes back, whoever the vendor is."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    """One question.

    `system` is byte-stable per brand, so that a provider may cache it. `schema` is the JSON Schema of
    the answer, as `Model.model_json_schema()` gives it; `schema_name` names it in errors. A schema has
    to name every property: a free-form `dict[str, ...]` comes back empty. `max_tokens` bounds what the
    model writes, thinking included. `timeout_seconds` bounds each wait for the network, so a call ends
    within a few times that.
    """

    model: str
    system: str
    user: str
    schema: dict[str, Any]
    schema_name: str
    max_tokens: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call, by the classes they are priced in; no token is in two classes."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0

    @property
    def total_input_tokens(self) -> int:
        """Everything the model read: what was not cached, read from the cache, or written to it."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
        )


@dataclass(frozen=True, slots=True)
class LanguageAnswer:
    """What the model said and what it took.

    `data` is the parsed object, empty where the answer could not be used (the answer of an error).
    `model` is the one that answered, which may be a dated version of the one that was asked.
    `text` and `data` hold nothing PostgreSQL refuses (no NUL, no half of a surrogate pair).
    """

    text: str
    data: dict[str, Any]
    usage: Usage
    model: str
    stop_reason: str
    request_id: str


@runtime_checkable
class LanguageProvider(Protocol):
    """Someone who answers; `simulated` says that no real model does and no money is spent."""

    @property
    def simulated(self) -> bool:
        """Return whether the answers come from the sandbox."""

    def ask(self, request: LanguageRequest) -> LanguageAnswer:
        """Return a usable answer, or raise a `ProviderError` that says what to do about it.

        The data is a JSON object, not yet checked against the schema. An error raised after the model
        was paid is an `AnswerError`, which carries the answer and so the usage to be stored.
        """


@runtime_checkable
class TokenCounter(Protocol):
    """A language provider that can say how long a question is before it is paid for."""

    def count_tokens(self, request: LanguageRequest) -> int:
        """Return the tokens of a question, as its model counts them. Raises a `ProviderError`."""


@dataclass(frozen=True, slots=True)
class ModelNote:
    """What is told of a model: whether it is gone, and the day (ISO) it goes, empty where none is known."""

    is_retired: bool
    retires_on: str = ""


@runtime_checkable
class ModelRegistry(Protocol):
    """A language provider that knows which models there are."""

    def look_up_model(self, model: str) -> ModelNote:
        """Return what is told of a model. Raises a `ProviderError`."""
