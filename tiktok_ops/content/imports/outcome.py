"""What an import does, kind by kind, with samples: shown before it is done, and kept once it is."""

from dataclasses import asdict, dataclass, field
from typing import Any

from tiktok_ops.content.imports.reading import Reading

SAMPLES = 5
SAMPLE_CHARS = 80
MAX_REASONS = 50
KINDS = ("posts", "comments", "days", "audience")


@dataclass(slots=True)
class Tally:
    """How many rows of one kind are made, changed, and found as they were; and some of those that are not."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    samples: list[dict[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All of them."""
        return self.created + self.updated + self.unchanged

    def count(self, change: str, **shown: object) -> None:
        """Count one as `created`, `updated` or `unchanged`; keep the first five that change as samples."""
        setattr(self, change, getattr(self, change) + 1)
        if change != "unchanged" and len(self.samples) < SAMPLES:
            cells = {name: str(value)[:SAMPLE_CHARS] for name, value in shown.items()}
            self.samples.append({"change": change, **cells})


@dataclass(slots=True)
class Outcome:
    """What becomes of each kind of row."""

    posts: Tally = field(default_factory=Tally)
    comments: Tally = field(default_factory=Tally)
    days: Tally = field(default_factory=Tally)
    audience: Tally = field(default_factory=Tally)

    @property
    def rows(self) -> int:
        """All rows of all kinds."""
        return sum(getattr(self, kind).rows for kind in KINDS)


def summary_of(outcome: Outcome, reading: Reading) -> dict[str, Any]:
    """Return all a page shows of an import as plain objects.

    `parts` [{name, what, facts}] says what the file was found to be; `posts`, `comments`, `days` and
    `audience` {created, updated, unchanged, samples} what happens; `left_out` [{reason, rows, first}] what
    does not, and why; `notes` sentences a person should read.
    """
    reasons = sorted(reading.left_out.items(), key=lambda item: (-item[1].rows, item[0]))
    return {
        "parts": [asdict(part) for part in reading.parts],
        **{kind: asdict(getattr(outcome, kind)) for kind in KINDS},
        "left_out": [
            {"reason": reason, "rows": left.rows, "first": left.first}
            for reason, left in reasons[:MAX_REASONS]
        ],
        "notes": list(reading.notes),
    }
