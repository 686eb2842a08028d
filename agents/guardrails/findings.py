"""What guardrails speak of: detectors, what they are told, and what they find. Values only, no Django.

A detector is a function `(text, context) -> hits`. It sees a text as it was written, or made comparable
(`agents.guardrails.views`), where obfuscation is undone; whoever calls it maps the hits back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agents.skills.severity import Severity


class Category(StrEnum):
    """What kind of thing a detector looks for."""

    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105  # a word, and none
    INJECTION = "injection"
    HIDDEN = "hidden"
    LINK = "link"
    BRAND = "brand"
    TIKTOK = "tiktok"
    CUSTOM = "custom"
    FAULT = "fault"


class Place(StrEnum):
    """Where a text is checked."""

    MODEL_INPUT = "model_input"
    MODEL_OUTPUT = "model_output"
    ASKED = "asked"
    HUMAN_EDIT = "human_edit"
    FINAL_BYTES = "final_bytes"


EVERYWHERE = frozenset(Place)
OUTWARD = frozenset({Place.ASKED, Place.HUMAN_EDIT, Place.FINAL_BYTES})
WRITTEN_HERE = OUTWARD | {Place.MODEL_OUTPUT}
"""What the team or its agents wrote, other than what other people wrote and a model only reads."""


MOST_FINDINGS = 500
"""A text in which more is found is not judged: it is held as one that cannot be."""


class Sight(StrEnum):
    """Which form of a text a detector is shown."""

    AS_WRITTEN = "as_written"
    COMPARABLE = "comparable"


@dataclass(frozen=True, slots=True)
class Hit:
    """What a detector found in the text it was shown: `text[offset:offset + length]`.

    `kind` says more closely what it is ("US_SSN"); `score`, 0 to 1, how sure the detector is. `severity`
    takes the place of the detector's own.
    """

    offset: int
    length: int
    kind: str = ""
    score: float = 1.0
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What a detector may know besides the text.

    `regions` are those whose numbers people write without a country code (ISO 3166), the likeliest first.
    """

    regions: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    banned_claims: tuple[str, ...] = ()
    patterns: Mapping[str, str] = field(default_factory=dict)
    field: str = ""


Find = Callable[[str, ScanContext], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector; `name` is permanent, for policies and findings refer to it.

    `find` is its function, or the dotted path of it: what it stands on may be slow to import, and only
    the process that checks does so. `crosses` is whether it is also looked for over the border of two fields.
    With fewer than `least_digits` in all texts there is nothing for it to find, and it is not asked.
    `replacement` is what stands in place of what was found, without brackets; empty where it is just taken out.
    """

    name: str
    category: Category
    label: str
    looks_for: str
    fix: str
    severity: Severity
    find: str | Find
    replacement: str
    places: frozenset[Place] = EVERYWHERE
    sight: Sight = Sight.COMPARABLE
    crosses: bool = False
    least_digits: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, in a field as it was written: `texts[field][offset:offset + length]`.

    Of a fault the detector is the one that could not be asked, and `kind` says why.
    """

    category: Category
    detector: str
    severity: Severity
    score: float
    field: str
    offset: int
    length: int
    replacement: str = ""
    kind: str = ""

    @property
    def end(self) -> int:
        """The offset just behind what was found."""
        return self.offset + self.length
