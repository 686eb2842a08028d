"""The picture of a workflow: columns by dependency, lines between the boxes."""

from collections.abc import Mapping, Sequence

import pytest

from workflows.drawing import (
    BACK_DEPTH,
    BOX_HEIGHT,
    BOX_WIDTH,
    GAP_X,
    GAP_Y,
    MOST_TELLING,
    columns_of,
    direct,
    draw,
    lines_back,
    statuses_by_node,
)
from workflows.models import WorkflowStep
from workflows.transitions import STEP

DIAMOND: list[tuple[str, str, Sequence[str]]] = [
    ("a", "First", ()),
    ("b", "Left", ("a",)),
    ("c", "Right", ("a",)),
    ("d", "Last", ("b", "c")),
]


@pytest.mark.parametrize(
    ("edges", "columns"),
    [
        ({}, {}),
        ({"a": ()}, {"a": 0}),
        ({"a": (), "b": ("a",), "c": ("b", "a")}, {"a": 0, "b": 1, "c": 2}),
        ({"late": ("early",), "early": ()}, {"late": 1, "early": 0}),
    ],
)
def test_columns_stand_right_of_all_they_wait_for(
    edges: Mapping[str, Sequence[str]], columns: Mapping[str, int]
) -> None:
    assert columns_of(edges) == columns


def test_draw_places_a_diamond_in_three_columns_around_the_middle() -> None:
    drawing = draw(DIAMOND, {"a": "succeeded", "b": "running"})

    places = {box.key: (box.x, box.y) for box in drawing.boxes}
    middle = (BOX_HEIGHT + GAP_Y) // 2
    step = BOX_WIDTH + GAP_X
    assert places == {
        "a": (0, middle), "b": (step, 0), "c": (step, BOX_HEIGHT + GAP_Y), "d": (2 * step, middle),
    }  # fmt: skip
    assert (drawing.width, drawing.height) == (3 * step - GAP_X, 2 * BOX_HEIGHT + GAP_Y)
    assert [(box.label, box.status) for box in drawing.boxes] == [
        ("First", "succeeded"), ("Left", "running"), ("Right", "pending"), ("Last", "pending"),
    ]  # fmt: skip


def test_draw_joins_each_node_with_those_it_waits_for() -> None:
    drawing = draw(DIAMOND, {})
    first, left = drawing.boxes[0], drawing.boxes[1]

    assert len(drawing.lines) == 4
    assert drawing.lines[0].path.startswith(f"M{first.right} {first.middle_y} C")
    assert drawing.lines[0].path.endswith(f" {left.x} {left.middle_y}")


def test_draw_of_nothing_is_an_empty_picture() -> None:
    drawing = draw([], {})

    assert (drawing.boxes, drawing.lines, drawing.height) == ((), (), BOX_HEIGHT)


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([("a", 0, 0, "succeeded")], "succeeded"),
        ([("a", 1, 0, "succeeded"), ("a", 2, 0, "running"), ("a", 3, 0, "failed")], "running"),
        ([("a", 1, 0, "succeeded"), ("a", 2, 0, "failed"), ("a", 3, 0, "skipped")], "failed"),
        ([("a", 0, 1, "waiting"), ("a", 0, 0, "skipped")], "waiting"),
        ([("a", 0, 0, "failed"), ("a", 0, 1, "succeeded")], "succeeded"),
    ],
)
def test_box_of_a_node_done_several_times_shows_the_most_telling_of_its_newest_rounds(
    rows: list[tuple[str, int, int, str]], status: str
) -> None:
    steps = [WorkflowStep(key=key, item=item, round=turn, status=word) for key, item, turn, word in rows]
    assert statuses_by_node(steps) == {"a": status}


def test_every_status_of_a_step_has_its_place_in_a_box() -> None:
    assert set(MOST_TELLING) == set(STEP.statuses)


def test_lines_back_lead_below_all_boxes_from_the_first_to_the_second_each_deeper() -> None:
    drawing = draw(DIAMOND, {})
    first, last = drawing.boxes[0], drawing.boxes[-1]
    once, again = lines_back(drawing, [("d", "a"), ("d", "b")])
    assert once.path.startswith(f"M{last.x + BOX_WIDTH * 2 // 3} {last.y + BOX_HEIGHT} ")
    assert once.path.endswith(f" {first.x + BOX_WIDTH // 3} {first.y + BOX_HEIGHT + 4}")
    assert f" {drawing.height + BACK_DEPTH} " in once.path
    assert f" {drawing.height + 2 * BACK_DEPTH} " in again.path
    assert lines_back(drawing, []) == ()


def test_draw_leaves_out_lines_that_others_imply() -> None:
    assert direct({"a": (), "b": ("a",), "c": ("a", "b")}) == {"a": [], "b": ["a"], "c": ["b"]}
    assert len(draw([("a", "A", ()), ("b", "B", ("a",)), ("c", "C", ("a", "b"))], {}).lines) == 2


def test_draw_leads_a_line_past_the_boxes_between_its_ends() -> None:
    nodes = [("a", "A", ()), ("b", "B", ()), ("c", "C", ("b",)), ("d", "D", ("c",)), ("e", "E", ("a", "d"))]
    drawing = draw(nodes, {})
    long = next(line.path for line in drawing.lines if line.path.count("H") == 2)
    between = [box for box in drawing.boxes if box.key in {"c", "d"}]
    for box, part in zip(between, long.split(" H")[:-1], strict=True):
        passes_at = int(part.rsplit(" ", 1)[1])
        assert not box.y <= passes_at <= box.y + BOX_HEIGHT
        assert f" H{box.right}" in long
    assert drawing.readable_width < drawing.width
