"""Faults the sandbox acts out on the wire, switched on by settings."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

Kind = TypeVar("Kind", bound=StrEnum)


class Fault(StrEnum):
    """What goes wrong with one call, in the order in which numbers of calls are used up.

    `reset_before` and `reset_after` look the same to the client: the connection breaks. Only the
    ledger of what was received tells whether the question arrived.
    """

    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"


Calls = NonNegativeInt | tuple[PositiveInt, ...]
"""How many of the first calls, or which ones (1 is the first), of this process."""


class BatchFault(StrEnum):
    """What goes wrong with a batch. Of a `lost_answer` Claude took the batch, and its answer never arrives."""

    LOST_ANSWER = "lost_answer"
    ERRORED = "errored"
    INVALID = "invalid"
    EXPIRED = "expired"
    CANCELED = "canceled"


class BatchFaults(BaseModel):
    """How long a batch takes, and which ones go wrong, counted over all processes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    seconds: float = Field(default=3, ge=0, le=86_400, allow_inf_nan=False)
    lost_answer: Calls = 0
    errored: Calls = 0
    invalid: Calls = 0
    expired: Calls = 0
    canceled: Calls = 0

    def of_batch(self, batch: int) -> BatchFault | None:
        """Return the fault of the `batch`-th batch, counted from 1; None where it goes well."""
        return fault_of({fault: getattr(self, fault) for fault in BatchFault}, batch)


class Faults(BaseModel):
    """Which calls go wrong, and how.

    A number takes the next so many calls, fault after fault in the order of `Fault`; a list names
    calls and goes before numbers: `{"rate_limited": 2, "malformed": [4]}` fails calls 1, 2 and 4.
    With `matching`, only calls whose texts contain it are counted, and may fail or be slow. `slow_seconds` pass
    before an answer begins; from then on its body drips in for `drip_seconds`, in eight pieces.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    rate_limited: Calls = 0
    overloaded: Calls = 0
    server_error: Calls = 0
    refusal: Calls = 0
    truncated: Calls = 0
    malformed: Calls = 0
    reset_before: Calls = 0
    reset_after: Calls = 0
    slow_seconds: float = Field(default=0, ge=0, allow_inf_nan=False)
    drip_seconds: float = Field(default=0, ge=0, allow_inf_nan=False)
    retry_after_seconds: int = Field(default=1, ge=0)
    matching: str = ""
    batches: BatchFaults = Field(default_factory=BatchFaults)

    def of_call(self, call: int) -> Fault | None:
        """Return the fault of the `call`-th matching call, counted from 1; None where it goes well."""
        return fault_of({fault: getattr(self, fault) for fault in Fault}, call)


def fault_of(wanted: Mapping[Kind, Calls], call: int) -> Kind | None:
    """Return which fault the `call`-th call meets, counted from 1; lists go before numbers."""
    for fault, calls in wanted.items():
        if isinstance(calls, tuple) and call in calls:
            return fault
    last = 0
    for fault, calls in wanted.items():
        last += calls if isinstance(calls, int) else 0
        if call <= last:
            return fault
    return None
