"""When a node runs: a closed grammar of conditions, written in the definition and evaluated by us.

    {"path": "compliance.output.score", "op": "at_least", "value": 70}
    {"all_of": [...]}   {"any_of": [...]}   {"none_of": [...]}

There are no expressions and nothing is executed. What cannot be compared fails the step, with a sentence.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import Field

from agents.contract import Typed
from tiktok_ops.errors import Refused

MOST_PARTS = 20


class ConditionRefused(Refused):
    """This condition cannot be evaluated."""


Comparison = Literal["equal", "not_equal", "less", "at_most", "more", "at_least", "one_of", "given", "empty"]

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda found, value: bool(found == value),
    "not_equal": lambda found, value: bool(found != value),
    "less": lambda found, value: bool(found < value),
    "at_most": lambda found, value: bool(found <= value),
    "more": lambda found, value: bool(found > value),
    "at_least": lambda found, value: bool(found >= value),
    "one_of": lambda found, value: found in value,
}


class Compares(Typed):
    """What a path leads to, compared with a constant. `given`: it is there; `empty`: it is nothing, or has none."""

    path: str
    op: Comparison
    value: Any = None


class AllOf(Typed):
    """Every one of these."""

    all_of: tuple["Condition", ...] = Field(min_length=1, max_length=MOST_PARTS)


class AnyOf(Typed):
    """At least one of these."""

    any_of: tuple["Condition", ...] = Field(min_length=1, max_length=MOST_PARTS)


class NoneOf(Typed):
    """Not one of these."""

    none_of: tuple["Condition", ...] = Field(min_length=1, max_length=MOST_PARTS)


Condition = Compares | AllOf | AnyOf | NoneOf

for _model in (AllOf, AnyOf, NoneOf):
    _model.model_rebuild()


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return what the condition is made of; nothing where it is a comparison."""
    if isinstance(condition, AllOf):
        return condition.all_of
    if isinstance(condition, AnyOf):
        return condition.any_of
    return condition.none_of if isinstance(condition, NoneOf) else ()


def paths_of(condition: Condition) -> Iterator[str]:
    """Yield every path the condition reads."""
    if isinstance(condition, Compares):
        yield condition.path
    for part in parts_of(condition):
        yield from paths_of(part)


_WORDS: dict[str, str] = {
    "equal": "is",
    "not_equal": "is not",
    "less": "is less than",
    "at_most": "is at most",
    "more": "is more than",
    "at_least": "is at least",
    "one_of": "is one of",
    "given": "is given",
    "empty": "is empty",
}


def in_words(condition: Condition, *, called: Callable[[str], str] = str) -> str:
    """Return the condition as people read it, such as "compliance.output.score is at least 70".

    `called` returns what to call the value at a path.
    """
    if isinstance(condition, Compares):
        value = "" if condition.op in {"given", "empty"} else f" {_value_in_words(condition.value)}"
        return f"{called(condition.path)} {_WORDS[condition.op]}{value}"
    parts = "; ".join(in_words(part, called=called) for part in parts_of(condition))
    return f"{type(condition).__name__[:-2].lower()} of ({parts})"


def _value_in_words(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else repr(value)


def holds(condition: Condition, found: Callable[[str], tuple[bool, Any]]) -> bool:
    """Return whether the condition holds; `found(path)` returns whether there is something, and what.

    Every part is looked at, so that an error does not depend on the others. Raises `ConditionRefused`
    naming the path where there is nothing to compare, or it cannot be compared.
    """
    if isinstance(condition, Compares):
        return _compare(condition, *found(condition.path))
    results = [holds(part, found) for part in parts_of(condition)]
    if isinstance(condition, AllOf):
        return all(results)
    return any(results) if isinstance(condition, AnyOf) else not any(results)


def _compare(condition: Compares, is_there: bool, value: Any) -> bool:
    if condition.op == "given":
        return is_there
    if condition.op == "empty":
        return not is_there or value is None or value in ("", [], {})
    if not is_there:
        raise ConditionRefused(f"The condition reads {condition.path!r}, which leads to nothing.")
    try:
        return _COMPARED[condition.op](value, condition.value)
    except TypeError:
        raise ConditionRefused(
            f"The condition asks whether {condition.path!r}, which is {value!r}, is {condition.op} "
            f"{condition.value!r}: these cannot be compared."
        ) from None
