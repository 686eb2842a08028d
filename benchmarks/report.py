"""What measurements came to: medians and spreads, in the shape of results.json and as a page."""

import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.machine import Use

HERE = Path(__file__).parent
UNITS = {"W": "steps/s", "L": "ms, p50", "H": "ms, p50", "HB": "s, all 100", "IDLE": "% of a core"}
TITLES = {
    "W": "200 runs of A → (B, C, D) → E → F, two workers",
    "L": "one such run on an idle system, submit to end",
    "H": "one decided on an idle system, commit of the decision to end",
    "HB": "100 decided one after the other, first decision to last end",
    "IDLE": "workers and keeper with nothing to do, PostgreSQL's share included",
}
OTHERS = ("What it grows with", "Content batches")
"""The parts of the page that other measurements write."""

QUIET_SHARE = 0.1
"""A measurement in which others took more of the machine than this is worth nothing beside another."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One workload done once by one contender; `seconds` as the contender told them."""

    contender: str
    workload: str
    seconds: list[float]
    steps: int
    use: Use
    was_quiet: bool

    @property
    def value(self) -> float:
        """The figure of the workload, in its unit."""
        if self.workload == "W":
            return self.steps / self.seconds[0]
        if self.workload == "IDLE":
            return 100 * (self.use.contender_seconds + self.use.postgres_seconds) / self.use.wall_seconds
        return median(self.seconds) if self.workload == "HB" else median(self.seconds) * 1000

    @property
    def cpu_per_1000_steps(self) -> float:
        """CPU seconds of driver, workers and PostgreSQL per 1,000 steps."""
        used = self.use.contender_seconds + self.use.postgres_seconds
        return 1000 * used / self.steps if self.steps else 0.0

    def line(self) -> str:
        """Return it in a line."""
        return (
            f"{self.workload:<5}{self.contender:<10}{self.value:>9.2f} {UNITS[self.workload]:<12}"
            f"{self.cpu_per_1000_steps:>7.2f} CPU s/1k steps (PostgreSQL {self.use.postgres_seconds:.2f} of "
            f"{self.use.contender_seconds + self.use.postgres_seconds:.2f} s), "
            f"others took {self.use.foreign_share:.0%}{'' if self.was_quiet else ', and never rested'}"
        )


def _spread(values: Sequence[float], unit: str) -> dict[str, Any]:
    return {
        "median": round(median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "unit": unit,
    }


def _of(samples: Iterable[Sample], workload: str) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.workload == workload:
            found.setdefault(sample.contender, []).append(sample)
    return found


def _p95(samples: Sequence[Sample]) -> float:
    """Return the 95th percentile of all that was timed, in milliseconds."""
    return 1000 * quantiles([second for sample in samples for second in sample.seconds], n=20)[-1]


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return, for each workload, each contender's median and spread, and our ratio to each peer."""
    told: dict[str, Any] = {}
    for workload in UNITS:
        by_contender = _of(samples, workload)
        if not by_contender:
            continue
        entry: dict[str, Any] = {}
        for name, own in by_contender.items():
            entry[name] = _spread([sample.value for sample in own], UNITS[workload])
            entry[name]["cpu_seconds_per_1000_steps"] = round(median(s.cpu_per_1000_steps for s in own), 3)
            entry[name]["foreign_share_max"] = round(max(sample.use.foreign_share for sample in own), 3)
            if workload in ("L", "H"):
                entry[name]["p95_ms"] = round(_p95(own), 3)
        for name in by_contender.keys() - {"ours"}:
            if "ours" in by_contender:
                entry[f"ratio_to_{name}"] = round(entry["ours"]["median"] / entry[name]["median"], 3)
        told[workload] = entry
    return told


def _page(told: dict[str, Any], settings: dict[str, str], notes: Sequence[str]) -> str:
    lines = [
        "# Results",
        "",
        f"`make bench` on {platform.machine()}, {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}; {', '.join(f'{name} {value}' for name, value in settings.items())}.",
        "Medians of the repetitions, least and most in brackets; CPU is of driver, workers and PostgreSQL.",
        "",
    ]
    for workload, entry in told.items():
        lines += [
            f"## {workload}: {TITLES[workload]}",
            "",
            "| | " + UNITS[workload] + " | CPU s/1k steps |",
            "|---|---|---|",
        ]
        for name, own in entry.items():
            if isinstance(own, dict):
                spread = f"**{own['median']:g}** ({own['min']:g}-{own['max']:g})"
                lines.append(f"| {name} | {spread} | {own['cpu_seconds_per_1000_steps']:g} |")
        lines += [
            "",
            *(
                f"{key.replace('_', ' ')}: {value:g}"
                for key, value in entry.items()
                if not isinstance(value, dict)
            ),
            "",
        ]
    return "\n".join([*lines, *notes, ""])


def _noise(samples: Sequence[Sample]) -> list[str]:
    """Say which measurements are worth less, for others used the machine."""
    noisy = [sample for sample in samples if sample.use.foreign_share > QUIET_SHARE]
    if not noisy:
        return []
    worst = max(sample.use.foreign_share for sample in noisy)
    which = ", ".join(sorted({f"{sample.workload} of {sample.contender}" for sample in noisy}))
    return [
        f"In {len(noisy)} of {len(samples)} measurements others took more than {QUIET_SHARE:.0%} of the machine, "
        f"{worst:.0%} at most: {which}."
    ]


def tell(
    samples: Sequence[Sample],
    settings: dict[str, str],
    notes: Sequence[str],
    *,
    write: bool,
    out: Callable[[str], object] = print,
) -> None:
    """Print the summary; with `write`, keep it."""
    told = summary(samples)
    out(json.dumps(told, indent=2))
    if write:
        (HERE / "results.json").write_text(json.dumps(told, indent=2) + "\n")
        kept = [_section(title) for title in OTHERS]
        (HERE / "RESULTS.md").write_text(_page(told, settings, [*notes, *_noise(samples)]) + "".join(kept))
        out("Written: benchmarks/RESULTS.md and benchmarks/results.json.")


def _section(title: str) -> str:
    """Return the part of the page with this heading as it is now, or nothing."""
    page = (HERE / "RESULTS.md").read_text() if (HERE / "RESULTS.md").exists() else ""
    _, heading, rest = page.partition(f"\n## {title}\n")
    return heading + rest.split("\n## ")[0] if heading else ""


def put_section(title: str, lines: Sequence[str]) -> None:
    """Put these lines under this heading of RESULTS.md, at its end, in the place of what was there."""
    assert title in OTHERS, title
    page, before = (HERE / "RESULTS.md").read_text(), _section(title)
    page = page.replace(before, "") if before else page
    (HERE / "RESULTS.md").write_text(
        page.rstrip("\n") + "\n" + "\n".join(["", f"## {title}", "", *lines, ""])
    )
