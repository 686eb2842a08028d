"""Where a path leads in what a node declares to put out: decisions over types, before anything ran.

A shape is a model, a mapping of fields to shapes, or any type that a field of a model may have. What a type does
not say (`Any`, the values of a mapping without types) may hold anything: nothing in it is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

Shape = Any
_LISTS: tuple[Any, ...] = (list, tuple, set, frozenset, Sequence, Collection)


def shapes_at(shape: Shape, parts: Sequence[str]) -> list[Shape]:
    """Return what the parts of a path may lead to, as `workflows.paths` follows them; nothing where nowhere."""
    if not parts:
        return _alternatives(shape)
    part, *rest = parts
    found: list[Shape] = []
    for one in _alternatives(shape):
        member = member_of(one)
        if member is None:
            found += [end for inner in _field(one, part) for end in shapes_at(inner, rest)]
        elif part.isdigit():
            found += shapes_at(member, rest)
        else:
            # A list that is not indexed is followed in each of its members.
            found += [list_of(end) for end in shapes_at(member, parts)]
    return found


def list_of(shape: Shape) -> Shape:
    """Return the shape of a list of it."""
    return GenericAlias(list, (shape,))


def members_at(shape: Shape, parts: Sequence[str]) -> list[Shape]:
    """Return what may be in the list that the path leads to; nothing where it leads to none."""
    ends = shapes_at(shape, parts)
    return [
        Any if end is Any else member for end in ends if end is Any or (member := member_of(end)) is not None
    ]


def member_of(shape: Shape) -> Shape | None:
    """Return the shape of a list's members; None for what is no list."""
    if _origin(shape) not in _LISTS:
        return None
    inner = tuple(arg for arg in get_args(shape) if arg is not Ellipsis)
    if not inner:
        return Any
    return inner[0] if len(inner) == 1 else Union[inner]  # noqa: UP007 - of types known only now


def _alternatives(shape: Shape) -> list[Shape]:
    """Return the types a value may be of, without what says only that there may be none."""
    origin = _origin(shape)
    if origin is Annotated:
        return _alternatives(get_args(shape)[0])
    if origin in (Union, UnionType):
        return [end for one in get_args(shape) for end in _alternatives(one)]
    return [] if shape in (None, NoneType) else [shape]


def _field(shape: Shape, name: str) -> list[Shape]:
    """Return the shape of a field; nothing where there is none of that name."""
    if shape is Any or shape is object:
        return [Any]
    if isinstance(shape, Mapping):
        return [shape[name]] if name in shape else []
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        field = shape.model_fields.get(name)
        return [] if field is None else [field.annotation]
    origin = _origin(shape)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [get_args(shape)[1] if get_args(shape) else Any]
    return []


def _origin(shape: Shape) -> Any:
    """Return what a type is of, as `list` of `list[int]`; itself, where it is of nothing."""
    origin: Any = get_origin(shape)
    return shape if origin is None else origin
