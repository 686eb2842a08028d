"""What we ask of a studio, whoever it is: a job under a key of ours, how it is, and the clip it made."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import Field

from agents.contract import Typed
from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import get_provider

ALIAS = "studio"
MOST_CLIP_BYTES = 256 * 1024 * 1024
LONGEST_PROMPT = 2_000
SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 60.0


class Order(Typed):
    """What a clip is to show, and for how long."""

    prompt: str = Field(min_length=1, max_length=LONGEST_PROMPT)
    seconds: float = Field(5, ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)


class JobState(StrEnum):
    """How far a job is; `succeeded` and `failed` are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the studio tells of it; `error` is its own sentence where it failed."""

    id: str
    state: JobState
    error: str = ""


@runtime_checkable
class Studio(Protocol):
    """Someone who makes videos."""

    @property
    def simulated(self) -> bool:
        """Return whether the provider stands in for a real one."""

    def submit(self, order: Order, *, key: str) -> Job:
        """Have a clip made, once for each `key` however often it is asked; raises `ProviderError`."""

    def status(self, job_id: str) -> Job:
        """Return how a job is; raises `ProviderError`."""

    def download(self, job_id: str, *, out: Path, most_bytes: int = MOST_CLIP_BYTES) -> int:
        """Write the clip of a job that succeeded to `out` and return its bytes; raises `ProviderError`."""


def get_studio(alias: str = ALIAS) -> Studio:
    """Return the provider `alias` as a studio. Raises `ProviderMisconfigured`."""
    provider = get_provider(alias)
    if not isinstance(provider, Studio):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['BACKEND'] is {type(provider).__qualname__!r}, which makes no videos; "
            "name a studio."
        )
    return provider
