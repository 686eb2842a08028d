"""How the sandbox studio works, and what goes wrong with it, switched on by settings."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.sandbox.faults import Calls, fault_of


class StudioFault(StrEnum):
    """What goes wrong with one call, in the order in which numbers of calls are used up; the studio does nothing then.

    `malformed` is the exception: what was asked is done, and the answer is no JSON.
    """

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REFUSED_TOKEN = "refused_token"  # noqa: S105
    MALFORMED = "malformed"


class StudioFaults(BaseModel):
    """How long a job takes, whether it fails, how often its callback is sent, and which answers are lost.

    `lost_answers` is how many of the first answers to a submission under each key never arrive: the studio
    has acted by then. Which calls meet a `StudioFault` is told as for Claude: how many of the first ones of this
    process, or which; clips are calls too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    make_seconds: float = Field(default=3, ge=0, le=3600, allow_inf_nan=False)
    fail_reason: str = Field(default="", max_length=200)
    callbacks: Literal[0, 1, 2] = 1
    lost_answers: int = Field(default=0, ge=0)
    rate_limited: Calls = 0
    server_error: Calls = 0
    refused_token: Calls = 0
    malformed: Calls = 0
    retry_after_seconds: int = Field(default=1, ge=0)

    def of_call(self, call: int) -> StudioFault | None:
        """Return the fault of the `call`-th call, counted from 1; None where it goes well."""
        return fault_of({fault: getattr(self, fault) for fault in StudioFault}, call)
