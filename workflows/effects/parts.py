"""Acts of several parts, each made with a call of its own: which parts there are, and which TikTok has.

The parts stand in the effect's facts, in the order they are made. `asked` is kept before a part is asked for, its
`id` as soon as TikTok gave it: so whoever comes back knows what may be there, and looks before going on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.effects.models import Effect

FACT = "parts"
"""Under which name the parts stand in an effect's facts."""
NOT_COUNTED = "not_counted"
"""Under which name stands how many of the act's beginnings brought a part, were before one, or sent nothing."""
AS_MADE = "as_made"
"""Under which name stands what the act was begun as, where it is compared."""
OURS = frozenset({FACT, NOT_COUNTED, AS_MADE})
"""What stands in the facts and is our own book-keeping, not TikTok's word."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `called` is what people know it by; `id` is TikTok's, empty while it is not known to be there."""

    key: str
    called: str
    asked: bool = False
    id: str = ""


def parts_in(facts: Mapping[str, Any] | None) -> tuple[Part, ...]:
    """Return the parts in an effect's facts, in order; none for an act that is one call."""
    return tuple(Part(**one) for one in (facts or {}).get(FACT, ()))


def is_made(effect: Effect) -> bool:
    """Return whether TikTok has a part of it, or may have: one that was asked for and has no id yet."""
    return any(part.asked or part.id for part in parts_in(effect.creator))


def in_words(parts: Sequence[Part]) -> str:
    """Return what is there, what may be and what is not, in sentences; "" where nothing is or may be."""
    there = [f"{part.called} ({part.id})" for part in parts if part.id]
    unsure = [part.called for part in parts if part.asked and not part.id]
    missing = [part.called for part in parts if not part.asked and not part.id]
    if not there and not unsure:
        return ""
    told = [
        f"TikTok has {', '.join(there)}." if there else "",
        f"{'It' if there else 'TikTok'} may have {', '.join(unsure)}." if unsure else "",
        f"It does not have {', '.join(missing)}." if missing else "",
    ]
    return " ".join(one for one in told if one)


def with_what_is_there(effect: Effect, error: str) -> str:
    """Return the error, followed by what TikTok has, or may have, of the effect all the same."""
    return f"{error} {in_words(parts_in(effect.creator))}".rstrip()
