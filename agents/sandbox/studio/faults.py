"""How the sandbox studio works, and what goes wrong with it, switched on by settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class StudioFaults(BaseModel):
    """How long a job takes, whether it fails, how often its callback is sent, and which answers are lost.

    `lost_answers` is how many of the first answers to a submission under each key never arrive: the studio
    has acted by then.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    make_seconds: float = Field(default=3, ge=0, le=3600, allow_inf_nan=False)
    fail_reason: str = Field(default="", max_length=200)
    callbacks: Literal[0, 1, 2] = 1
    lost_answers: int = Field(default=0, ge=0)
