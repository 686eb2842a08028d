"""Texts inside of what another agent put out: which they are, and to which item a finding on one belongs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Item = Mapping[str, Any]


def texts_in(items: Sequence[Item], parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the (name, text) of each part of each item: `2.recommended.title` is of the second item.

    What is None or blank is no text. Raises `ValueError`, naming the item, where a part is not there or no text.
    """
    for place, item in enumerate(items, start=1):
        for part in parts:
            text = _part_of(item, part, place)
            if text.strip():
                yield f"{place}.{part}", text


def place_of(name: str) -> int:
    """Return which item a text with this name is of, counted from 1; 0 where it is of none."""
    place = name.partition(".")[0]
    return int(place) if place.isdecimal() else 0


def _part_of(item: Item, part: str, place: int) -> str:
    value: Any = item
    for name in part.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise ValueError(f"item {place} has no part {part!r}; name one that each of the items has.")
        value = value[name]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the part {part!r} of item {place} is {value!r}; name one that is a text.")
    return value or ""
