"""Registries are dull: what there is, by its name, frozen; two of one name stop the start."""

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import TypeVar

Thing = TypeVar("Thing")


def registry(
    things: Iterable[Thing], *, name: Callable[[Thing], str], called: str
) -> MappingProxyType[str, Thing]:
    """Return the things by name, in the order given; raises `ValueError` when two share one.

    `called` is what they are, in the plural, for that sentence.
    """
    found: dict[str, Thing] = {}
    for thing in things:
        if name(thing) in found:
            raise ValueError(f"Two {called} are called {name(thing)!r}.")
        found[name(thing)] = thing
    return MappingProxyType(found)
