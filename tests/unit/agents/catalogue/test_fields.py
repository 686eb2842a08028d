"""Fields of models in words."""

from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, Field

from agents.catalogue.fields import Shape, kind_of, shapes_of
from agents.contract import Typed


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Inner(Typed):
    """Something within."""

    at: AwareDatetime


class Outer(Typed):
    """Something with everything in it."""

    days: int = Field(default=7, ge=1, le=365)
    share: float = Field(gt=0, lt=1)
    text: str = Field(default="", min_length=1, max_length=80)
    colour: Colour | None = None
    inner: Inner
    many: tuple[Inner, ...] = Field(default=(), min_length=2, max_length=5)
    counts: dict[str, int] = Field(default_factory=dict)
    money: Decimal = Decimal(3)
    fixed: Literal["x"] = "x"
    flag: bool = True


def described(model: type[Typed] = Outer, **kwargs: Any) -> dict[str, tuple[str, str]]:
    return {field.name: (field.kind, field.default) for field in shapes_of(model, **kwargs)[0].fields}


def test_describe_each_field_with_its_bounds_and_default() -> None:
    assert described() == {
        "days": ("whole number, at least 1, at most 365", "7"),
        "share": ("number, above 0, below 1", ""),
        "text": ("text, 1 characters or more, up to 80 characters", "none"),
        "colour": ("one of red, blue or nothing", "none"),
        "inner": ("Inner", ""),
        "many": ("list of Inner, 2 or more, up to 5", "none"),
        "counts": ("whole number by name", "none"),
        "money": ("number", "3"),
        "fixed": ("one of x", "x"),
        "flag": ("yes or no", "True"),
    }


def test_describe_models_within_with_what_they_say_of_themselves() -> None:
    outer, inner = shapes_of(Outer)
    assert (outer.name, outer.about) == ("Outer", "Something with everything in it.")
    assert inner == Shape("Inner", "Something within.", inner.fields)
    assert [(field.name, field.kind) for field in inner.fields] == [("at", "moment")]


def test_describe_an_output_without_defaults() -> None:
    found = described(is_output=True)
    assert {default for _, default in found.values()} == {""}
    assert found["money"] == ("decimal number as text", "")


@pytest.mark.parametrize(
    ("part", "kind"),
    [({}, "anything"), ({"type": "object"}, "values by name"), ({"type": "array"}, "list of anything")],
)
def test_describe_what_has_no_bounds(part: dict[str, Any], kind: str) -> None:
    assert kind_of(part, {}) == kind


@pytest.mark.parametrize(("bound", "words"), [(1.0, "1"), (0.25, "0.25"), (20_000, "20,000")])
def test_describe_bounds_as_people_write_them(bound: float, words: str) -> None:
    assert kind_of({"type": "number", "maximum": bound}, {}) == f"number, at most {words}"
