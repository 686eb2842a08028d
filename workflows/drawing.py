"""A workflow as a picture: where its boxes stand and which lines join them. Decisions only; a template draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

BOX_WIDTH, BOX_HEIGHT = 152, 46
GAP_X, GAP_Y = 36, 18
LANE_HEIGHT = 6
READABLE = 0.82
"""How far a picture may shrink before it is scrolled instead: its small words are 12 pixels high."""


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

    @property
    def readable_width(self) -> int:
        """How wide it has to be, in pixels, for its words to be read."""
        return round(self.width * READABLE)


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


def direct(edges: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the edges without those that others imply: what is waited for through a nearer one needs no line."""
    reached: dict[str, set[str]] = {}

    def before(key: str) -> set[str]:
        if key not in reached:
            reached[key] = {key}.union(*(before(upstream) for upstream in edges[key]))
        return reached[key]

    return {
        key: [
            one for one in upstreams if not any(one in before(other) for other in upstreams if other != one)
        ]
        for key, upstreams in edges.items()
    }


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in a column: a box (`end` is empty), or the lane of a line that passes by on its way to `end`."""

    key: str
    end: str = ""

    @property
    def height(self) -> int:
        return LANE_HEIGHT if self.end else BOX_HEIGHT


def _slots(edges: Mapping[str, Sequence[str]], columns: Mapping[str, int]) -> list[list[_Slot]]:
    """Return what stands in each column, from the top: boxes as written, lanes where their line comes from."""
    order = list(edges)
    count = max(columns.values(), default=-1) + 1
    found: list[list[_Slot]] = [[_Slot(key) for key in order if columns[key] == at] for at in range(count)]
    for end, upstreams in edges.items():
        for start in upstreams:
            for at in range(columns[start] + 1, columns[end]):
                found[at].append(_Slot(start, end))
    return [sorted(column, key=lambda slot: (order.index(slot.key), slot.end)) for column in found]


def _height(column: Sequence[_Slot]) -> int:
    return sum(slot.height + GAP_Y for slot in column) - GAP_Y


def draw(nodes: Sequence[tuple[str, str, Sequence[str]]], statuses: Mapping[str, str]) -> Drawing:
    """Draw nodes given as (key, label, depends on), in the order written, with the status of each step.

    A line that passes columns has a lane of its own there, so that it crosses no box.
    """
    edges = direct({key: depends_on for key, _, depends_on in nodes})
    columns = columns_of(edges)
    placed = _slots(edges, columns)
    height = max(map(_height, placed), default=BOX_HEIGHT)
    tops: dict[tuple[int, _Slot], int] = {}
    for at, column in enumerate(placed):
        top = (height - _height(column)) // 2
        for slot in column:
            tops[at, slot] = top
            top += slot.height + GAP_Y
    boxes = {
        key: Box(
            key=key,
            label=label,
            status=statuses.get(key, "pending"),
            x=columns[key] * (BOX_WIDTH + GAP_X),
            y=tops[columns[key], _Slot(key)],
        )
        for key, label, _ in nodes
    }
    lines = []
    for key, upstreams in edges.items():
        for start in upstreams:
            lane = _Slot(start, key)
            passed = [
                (at * (BOX_WIDTH + GAP_X), tops[at, lane] + LANE_HEIGHT // 2)
                for at in range(columns[start] + 1, columns[key])
            ]
            lines.append(_line(boxes[start], passed, boxes[key]))
    width = len(placed) * (BOX_WIDTH + GAP_X) - GAP_X if placed else BOX_WIDTH
    return Drawing(tuple(boxes.values()), tuple(lines), width, height)


def _line(start: Box, passed: Iterable[tuple[int, int]], end: Box) -> Line:
    """Return a smooth line from one box to another, straight through each column it passes, given as (x, y)."""
    path, x, y = f"M{start.right} {start.middle_y}", start.right, start.middle_y
    for left, middle in passed:
        path += f"{_bend(x, y, left, middle)} H{left + BOX_WIDTH}"
        x, y = left + BOX_WIDTH, middle
    return Line(path + _bend(x, y, end.x, end.middle_y))


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f" C{middle} {y} {middle} {to_y} {to_x} {to_y}"


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
