"""Where a path leads in a declared output: whatever it does not allow, no value of that type would have."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from workflows.shapes import Shape, list_of, members_at, shapes_at


class Leaf(BaseModel):
    number: int


class Other(BaseModel):
    word: str


class Tree(BaseModel):
    leaf: Leaf
    maybe: Leaf | None
    old: Optional[Leaf]  # noqa: UP045 - as an older model may say it
    noted: Annotated[Leaf, Field(description="x")]
    leaves: tuple[Leaf, ...]
    pair: tuple[Leaf, Other]
    either: Leaf | list[Other] | None
    bare: list  # type: ignore[type-arg]
    several: Sequence[Leaf]
    deep: list[list[Leaf]]
    by_name: dict[str, Leaf]
    anything: Any
    loose: dict  # type: ignore[type-arg]
    mapped: Mapping[str, int]
    word: Literal["a", "b"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("leaf", [Leaf]),
        ("leaf.number", [int]),
        ("maybe.number", [int]),
        ("old.number", [int]),
        ("noted.number", [int]),
        ("leaves", [tuple[Leaf, ...]]),
        ("leaves.0.number", [int]),
        ("leaves.number", [list[int]]),
        ("pair.0.word", [str]),
        ("pair.number", [list[int]]),
        ("either.number", [int]),
        ("either.word", [list[str]]),
        ("bare.0.whatever", [Any]),
        ("bare.whatever", [list[Any]]),
        ("several.number", [list[int]]),
        ("deep.number", [list[list[int]]]),
        ("deep.0.number", [list[int]]),
        ("deep.0.0.number", [int]),
        ("by_name.anyone.number", [int]),
        ("anything.at.all.0", [Any]),
        ("loose.x.y", [Any]),
        ("mapped.x", [int]),
    ],
)
def test_path_that_leads_somewhere_gives_what_is_there(path: str, found: list[Shape]) -> None:
    assert shapes_at(Tree, path.split(".")) == found


@pytest.mark.parametrize(
    "path",
    [
        "typo",
        "leaf.typo",
        "leaf.number.typo",
        "leaf.0",
        "maybe.typo",
        "leaves.0.typo",
        "leaves.typo",
        "deep.0.0.typo",
        "by_name.x.typo",
        "mapped.x.y",
        "word.typo",
        "either.typo",
    ],
)
def test_path_that_leads_nowhere_gives_nothing(path: str) -> None:
    assert shapes_at(Tree, path.split(".")) == []


def test_fields_that_are_written_down_are_a_shape_too_and_so_is_a_list_of_it() -> None:
    shape: Shape = {"asset": str, "payload": Leaf}
    assert shapes_at(shape, ["payload", "number"]) == [int]
    assert shapes_at(shape, ["typo"]) == []
    assert shapes_at(list_of(shape), ["asset"]) == [list[str]]
    assert shapes_at(list_of(shape), ["3", "asset"]) == [str]


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("leaves", [Leaf]),
        ("leaves.number", [int]),
        ("either", [Other]),
        ("anything", [Any]),
        ("bare", [Any]),
        ("leaf", []),
        ("word", []),
        ("by_name", []),
        ("typo", []),
    ],
)
def test_members_are_those_of_lists_only(path: str, members: list[Shape]) -> None:
    assert members_at(Tree, path.split(".")) == members
