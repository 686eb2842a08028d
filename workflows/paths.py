"""Where a node finds its inputs: dotted paths into what a step can see.

`brief.field` is the run's input; `node.output.field` what a node before it put out; `item` and
`item.field` the item a looped step is for; `redraft.feedback` what a person said of the draft before. A
number is a place in a list, from 0. What looped nodes put out is a list to those outside the loop.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiktok_ops.errors import Refused

LEFT_OUT_ROOTS = frozenset({"brief", "redraft"})
"""What a person may or may not have given: a field that is not there is left out rather than missing."""


class NothingThere(Refused):
    """A path of the step leads to nothing."""


@dataclass(frozen=True, slots=True)
class View:
    """What a step can see. `outputs` are by node key; of looped nodes, a list in the order of the items."""

    brief: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    item: Any = None
    feedback: str = ""

    def read(self, path: str) -> tuple[bool, Any]:
        """Return whether the path leads to something, and what."""
        try:
            return True, self._at(path)
        except NothingThere:
            return False, None

    def resolve(self, paths: Mapping[str, str]) -> dict[str, Any]:
        """Return the values the paths lead to, by name; what was not given is left out.

        Raises `NothingThere` naming the path where another one leads to nothing.
        """
        given: dict[str, Any] = {}
        for name, path in paths.items():
            root = path.partition(".")[0]
            is_there, value = self.read(path) if root in LEFT_OUT_ROOTS else (True, self._at(path))
            if is_there:
                given[name] = value
        return given

    def _at(self, path: str) -> Any:
        root, *parts = path.split(".")
        roots: dict[str, Any] = {
            "brief": self.brief,
            "item": self.item,
            "redraft": {"feedback": self.feedback} if self.feedback else {},
        }
        if root in roots:
            return _walk(roots[root], parts, path)
        if root not in self.outputs:
            raise NothingThere(f"{path!r} leads to nothing: {root!r} put nothing out.")
        return _walk(self.outputs[root], parts[1:], path)


def _walk(value: Any, parts: list[str], path: str) -> Any:
    """Follow the parts; a list that is not indexed is followed in each of its members."""
    for at, part in enumerate(parts):
        if isinstance(value, list) and not part.isdigit():
            return [_walk(each, parts[at:], path) for each in value]
        value = _part_of(value, part, path)
    return value


def _part_of(value: Any, part: str, path: str) -> Any:
    """Return a field of an object, or a place of a list."""
    if isinstance(value, list):
        place = int(part)
        if place >= len(value):
            raise NothingThere(f"{path!r} leads to number {place + 1} of a list that has {len(value)}.")
        return value[place]
    if not isinstance(value, Mapping) or part not in value:
        raise NothingThere(f"{path!r} leads to nothing: there is no {part!r}.")
    return value[part]
