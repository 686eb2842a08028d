"""What a run of a workflow will cost, going by its last runs.

Nearest-rank percentiles of what the calls of the last 20 runs that succeeded came to: the 10th is low, the 50th
expected, the 90th high (rank = ceil(share x runs), counted from the cheapest; source: NIST/SEMATECH e-Handbook of
Statistical Methods, 7.2.6.2, for the ranks). Replays are left out, for they take over what was paid before. Real
and simulated money are never mixed. With fewer than three runs nothing is said.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from agents.providers.registry import Mode, mode_of
from agents.runner import LANGUAGE
from tiktok_ops.prepared import fetch

LAST_RUNS = 20
FEWEST_RUNS = 3
KEPT_SECONDS = 30.0
LOW, EXPECTED, HIGH = Decimal("0.1"), Decimal("0.5"), Decimal("0.9")

_COSTS = """SELECT recent.id, coalesce(sum(call.cost_usd), 0) FROM (
        SELECT run.id FROM workflows_workflowrun AS run
            JOIN workflows_workflowdefinition AS definition ON definition.id = run.definition_id
            WHERE definition.slug = %s AND run.status = 'succeeded' AND run.replay_of_id IS NULL
            ORDER BY run.id DESC LIMIT %s
    ) AS recent
    LEFT JOIN agents_agentrun AS agent_run ON agent_run.run_id = recent.id
    LEFT JOIN agents_agentstep AS call ON call.agent_run_id = agent_run.id
    GROUP BY recent.id
    HAVING bool_and(coalesce(call.is_simulated = %s OR call.cost_usd = 0, true))
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may cost, in USD, by so many runs before it; `is_simulated` says that nobody pays it."""

    low_usd: Decimal
    expected_usd: Decimal
    high_usd: Decimal
    runs: int
    is_simulated: bool

    def as_json(self) -> dict[str, Any]:
        """Return what a run keeps of it."""
        return {
            "low": str(self.low_usd),
            "expected": str(self.expected_usd),
            "high": str(self.high_usd),
            "runs": self.runs,
            "simulated": self.is_simulated,
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Self | None:
        """Return what a run kept; None where nothing was known at its start."""
        if kept is None:
            return None
        low, expected, high = (Decimal(kept[name]) for name in ("low", "expected", "high"))
        return cls(low, expected, high, kept["runs"], kept["simulated"])

    @property
    def words(self) -> str:
        """The three figures in words."""
        money = "simulated money" if self.is_simulated else "USD"
        span = f"${self.low_usd} to ${self.high_usd}"
        return f"${self.expected_usd} expected, {span} ({money}, by the last {self.runs} runs)"

    def compared_with(self, cost_usd: Decimal) -> str:
        """Return how what a run cost compares."""
        if cost_usd > self.high_usd:
            return "above the estimate"
        return "below the estimate" if cost_usd < self.low_usd else "within the estimate"


def estimate_by(costs: Sequence[Decimal], *, is_simulated: bool) -> Estimate | None:
    """Return the estimate by what runs cost, in any order; None when there are too few."""
    if len(costs) < FEWEST_RUNS:
        return None
    ranked = sorted(costs)

    def at(share: Decimal) -> Decimal:
        return ranked[math.ceil(share * len(ranked)) - 1]

    return Estimate(at(LOW), at(EXPECTED), at(HIGH), len(ranked), is_simulated)


_kept: dict[tuple[str, bool], tuple[float, Estimate | None]] = {}
"""What this process last worked out for each workflow: starting a run waits for no statistics."""


def estimate_of(slug: str) -> Estimate | None:
    """Return what a run of the workflow, started now, will cost; at most half a minute old."""
    is_simulated = mode_of(LANGUAGE) is Mode.SANDBOX
    kept = _kept.get((slug, is_simulated))
    if kept is None or time.monotonic() - kept[0] > KEPT_SECONDS:
        costs = [cost for _, cost in fetch(_COSTS, [slug, LAST_RUNS, is_simulated])]
        kept = _kept[slug, is_simulated] = (time.monotonic(), estimate_by(costs, is_simulated=is_simulated))
    return kept[1]


def estimate_words(slug: str) -> str:
    """Return what a run of the workflow will cost, as one sentence."""
    estimate = estimate_of(slug)
    if estimate is None:
        return f"What it costs is not known yet: fewer than {FEWEST_RUNS} runs of it have succeeded."
    return f"It costs {estimate.words}."


def forget() -> None:
    """Work every estimate out anew."""
    _kept.clear()
