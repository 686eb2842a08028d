"""A workflow as a picture: where its boxes stand and which lines join them. Decisions only; a template draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

BOX_WIDTH, BOX_HEIGHT = 168, 46
GAP_X, GAP_Y = 56, 18


@dataclass(frozen=True, slots=True)
class Box:
    """One node; `x` and `y` are its upper left corner, in pixels."""

    key: str
    label: str
    status: str
    x: int
    y: int

    @property
    def middle_y(self) -> int:
        """Where lines meet the box."""
        return self.y + BOX_HEIGHT // 2

    @property
    def right(self) -> int:
        """Where lines leave the box."""
        return self.x + BOX_WIDTH


@dataclass(frozen=True, slots=True)
class Line:
    """A line from the right of one box to the left of another, as an SVG path."""

    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The boxes and lines, and the size of the whole in pixels."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


MOST_TELLING = ("running", "waiting", "ready", "failed", "pending", "succeeded", "cancelled", "skipped")
"""Of the steps of one node, which status its box shows."""


class Row(Protocol):
    """A step, as far as its node's box is concerned."""

    key: str
    item: int
    round: int
    status: str


def statuses_by_node(steps: Iterable[Row]) -> dict[str, str]:
    """Return the status each node's box shows: the most telling of its items, each in its newest round."""
    newest = {(step.key, step.item): step for step in sorted(steps, key=lambda step: step.round)}
    found: dict[str, str] = {}
    for step in newest.values():
        shown = found.get(step.key, step.status)
        found[step.key] = min(shown, step.status, key=MOST_TELLING.index)
    return found


def columns_of(edges: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return each node's column: one right of the last node it waits for. `edges` must have no cycle."""
    columns: dict[str, int] = {}

    def column(key: str) -> int:
        if key not in columns:
            columns[key] = 1 + max((column(upstream) for upstream in edges[key]), default=-1)
        return columns[key]

    return {key: column(key) for key in edges}


def draw(nodes: Sequence[tuple[str, str, Sequence[str]]], statuses: Mapping[str, str]) -> Drawing:
    """Draw nodes given as (key, label, depends on), in the order written, with the status of each step."""
    columns = columns_of({key: depends_on for key, _, depends_on in nodes})
    tallest = max((list(columns.values()).count(column) for column in columns.values()), default=0)
    height = max(tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y, BOX_HEIGHT)
    boxes: dict[str, Box] = {}
    for key, label, _ in nodes:
        fellows = [other for other, column in columns.items() if column == columns[key]]
        own_height = len(fellows) * (BOX_HEIGHT + GAP_Y) - GAP_Y
        boxes[key] = Box(
            key=key,
            label=label,
            status=statuses.get(key, "pending"),
            x=columns[key] * (BOX_WIDTH + GAP_X),
            y=(height - own_height) // 2 + fellows.index(key) * (BOX_HEIGHT + GAP_Y),
        )
    lines = tuple(
        _line(boxes[upstream], boxes[key]) for key, _, depends_on in nodes for upstream in depends_on
    )
    width = (max(columns.values(), default=0) + 1) * (BOX_WIDTH + GAP_X) - GAP_X
    return Drawing(tuple(boxes.values()), lines, width, height)


def _line(start: Box, end: Box) -> Line:
    """Return a smooth line from one box to the next."""
    bend = (start.right + end.x) // 2
    return Line(
        f"M{start.right} {start.middle_y} C{bend} {start.middle_y} {bend} {end.middle_y} {end.x} {end.middle_y}"
    )


BACK_DEPTH = 26
"""How far below the boxes a line leads back, in pixels; each further one goes deeper."""


def lines_back(drawing: Drawing, pairs: Sequence[tuple[str, str]]) -> tuple[Line, ...]:
    """Return lines that lead below the boxes from each first key back to its second one, ending with an arrow."""
    boxes = {box.key: box for box in drawing.boxes}
    return tuple(
        _line_back(boxes[start], boxes[end], depth=drawing.height + BACK_DEPTH * (place + 1))
        for place, (start, end) in enumerate(pairs)
    )


def _line_back(start: Box, end: Box, *, depth: int) -> Line:
    """Return a line from below one box, down to `depth`, to below the other."""
    out, back = start.x + BOX_WIDTH * 2 // 3, end.x + BOX_WIDTH // 3
    return Line(
        f"M{out} {start.y + BOX_HEIGHT} C{out} {depth} {out} {depth} {(out + back) // 2} {depth} "
        f"S{back} {depth} {back} {end.y + BOX_HEIGHT + 4}"
    )
