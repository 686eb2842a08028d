"""What a step came to, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Model

from agents.guardrails.scanning import Scan
from agents.warnings import Warnings
from tiktok_ops.content.dealings import Dealings
from tiktok_ops.errors import Refused


class LeaseLost(Refused):
    """The lease on this step is lost: another worker has it, or it was stopped; nothing was written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A step taken by this worker; `number` is the fencing token.

    `work` is what `workflow_work` says of the step, where it came with the claim.
    """

    step_id: UUID
    number: int
    work: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ArtifactDraft:
    """Something the step made, a text or an asset, to be stored in the transaction that finishes it."""

    kind: str
    text: str = ""
    asset_id: UUID | None = None
    media_type: str = "text/markdown"


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step did its work; `output` is its JSON result.

    `rows` are inserted, `warnings` raised and `dealings` kept with it.
    """

    output: Mapping[str, Any]
    agent_run_id: UUID | None = None
    artifacts: tuple[ArtifactDraft, ...] = field(default=())
    rows: tuple[Model, ...] = field(default=())
    warnings: Warnings = field(default=Warnings())
    dealings: Dealings = field(default=Dealings())


class Alarm(StrEnum):
    """A failure a person should look at; the value is the kind of the alert."""

    PARKED = "step_parked"
    GAVE_UP = "step_gave_up"
    ERRORED = "run_failed"


@dataclass(frozen=True, slots=True)
class Failed:
    """The step cannot do its work; `error` is a sentence, `traceback` is for engineers and only for our bugs.

    With `alarm`, an alert is raised with it.
    """

    error: str
    traceback: str = ""
    agent_run_id: UUID | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The step should be tried again in `delay_seconds`; waiting for a limit counts as no try."""

    error: str
    delay_seconds: float
    counts_as_try: bool = True
    agent_run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AsksPerson:
    """The step waits for a person to decide on `payload`; `facts` are shown beside it.

    `screening` is what the guardrails found in the payload.
    """

    kind: str
    payload: Mapping[str, Any]
    facts: Mapping[str, Any]
    screening: Scan | None = None
    agent_run_id: None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """The step waits without holding a worker, and `why` says for what.

    It is taken up again in `seconds`; without them when somebody wakes it or gives it its outcome.
    `approval_id` is the approval it waits for, if it does.
    """

    why: str
    seconds: float | None = None
    approval_id: UUID | None = None
    agent_run_id: None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step has nothing to do; `why` is a sentence. What needs its success is skipped too."""

    why: str
    agent_run_id: None = None


@dataclass(frozen=True, slots=True)
class SentBack:
    """A draft goes back: everything from the node `redraft` up to the step is done again, with `feedback`.

    The step itself ends as skipped; what comes behind waits for its next round.
    """

    redraft: str
    feedback: str
    agent_run_id: None = None


@dataclass(frozen=True, slots=True)
class Expanded:
    """The steps of a loop are to be made, for each of these items in this order."""

    items: tuple[Any, ...]
    agent_run_id: None = None


Outcome = Succeeded | Failed | TryAgain | AsksPerson | Waits | Skipped | SentBack | Expanded


@dataclass(frozen=True, slots=True)
class Finished:
    """What `finish` left to do: go straight on with `next_claim`, and ring `due` doorbells."""

    next_claim: Claim | None
    due: int
