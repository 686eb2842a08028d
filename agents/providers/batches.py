"""Questions that may wait, at half the price: what a provider of batches does, whoever the vendor is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from agents.providers.language import LanguageAnswer, LanguageRequest

CAME_TO_NOTHING = "batch_result"
"""The code of an error that is what became of a request, rather than of asking about it."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch as its provider tells of it.

    `has_ended` is True once every request in it has a result; `requests` is how many there are. Times are
    aware, by the provider's clock.
    """

    id: str
    has_ended: bool
    requests: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one request: the body of its message, as it came, to be kept before it is judged."""

    body: str


@runtime_checkable
class BatchProvider(Protocol):
    """Someone who takes a question now and answers it within a day.

    Every method sends one request (`recent_batches` one for each hundred batches) and raises a
    `ProviderError` that says what to do about it. One whose `may_have_acted` is False did nothing.
    """

    def submit_batch(self, request: LanguageRequest, *, custom_id: str) -> BatchState:
        """Hand in a batch of this one question. There is no idempotency key: twice is paid twice."""

    def batch(self, batch_id: str) -> BatchState:
        """Return how a batch is."""

    def recent_batches(self, *, since: datetime) -> list[BatchState]:
        """Return the batches created at or after `since`, newest first; what is in them is not told."""

    def batch_result(self, batch_id: str, *, custom_id: str) -> BatchResult | None:
        """Return the result of one request of a batch that has ended; None where the batch does not have it.

        Raises a `ProviderError` with the code `CAME_TO_NOTHING` for one that errored, expired or was cancelled;
        that costs nothing.
        """

    def read_result(self, result: BatchResult, *, request: LanguageRequest) -> LanguageAnswer:
        """Return the answer in a result, or raise as `LanguageProvider.ask` does; nothing is sent."""

    def cancel_batch(self, batch_id: str) -> BatchState:
        """Ask for the end of a batch; what was answered by then is paid. One that has ended stays as it is."""
