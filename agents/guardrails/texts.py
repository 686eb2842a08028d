"""The texts within a JSON value, by where they stand, and the value again with other texts in their places."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_MACHINE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]{5,15}(?:Z|[+-]\d\d:\d\d)"
)
"""An id, a digest or a moment that is all of a text: made by the machine, and no message to anybody."""


def texts_of(value: Any, path: str = "") -> dict[str, str]:
    """Return every text of a JSON value by its dotted path, but for those the machine made."""
    return {where: text for where, text in _leaves(value, path) if text and not _MACHINE.fullmatch(text)}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, _step(path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, _step(path, number))


def with_texts(value: Any, texts: Mapping[str, str], path: str = "") -> Any:
    """Return the value with the texts at these paths in place of its own."""
    if isinstance(value, str):
        return texts.get(path, value)
    if isinstance(value, dict):
        return {name: with_texts(inner, texts, _step(path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_texts(inner, texts, _step(path, number)) for number, inner in enumerate(value)]
    return value


def _step(path: str, name: object) -> str:
    """Return the path one step further; a point within a name is not the one between two."""
    step = str(name).replace("\\", "\\\\").replace(".", "\\.")
    return f"{path}.{step}" if path else step
