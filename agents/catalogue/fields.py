"""The fields of an agent's input and output in words, from their JSON Schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} characters or more",
    "maxLength": "up to {} characters",
    "minItems": "{} or more",
    "maxItems": "up to {}",
}
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "yes or no",
    "null": "nothing",
}
_FORMATS = {"decimal": "decimal number as text", "date-time": "moment", "date": "day", "uuid": "id"}


class _WithMoney(GenerateJsonSchema):
    """JSON Schema that tells an amount that is put out from any other text."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of an amount: text with a format of its own where it is put out."""
        if self.mode == "serialization":
            return {"type": "string", "format": "decimal"}
        return super().decimal_schema(schema)


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, what may stand in it, and what stands there if nothing is given ("" for required)."""

    name: str
    kind: str
    default: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A model: what it is, and its fields in the order written."""

    name: str
    about: str
    fields: tuple[Field, ...]


def shapes_of(model: type[BaseModel], *, is_output: bool = False) -> tuple[Shape, ...]:
    """Return a model and every model within it, the outer one first, the others by name."""
    mode: JsonSchemaMode = "serialization" if is_output else "validation"
    schema = model.model_json_schema(mode=mode, schema_generator=_WithMoney)
    inner = schema.get("$defs", {})
    models = {name: part for name, part in sorted(inner.items()) if "properties" in part}
    return (
        _shape(model.__name__, schema, inner, is_output=is_output),
        *(_shape(name, part, inner, is_output=is_output) for name, part in models.items()),
    )


def _shape(name: str, schema: Schema, inner: Schema, *, is_output: bool) -> Shape:
    required = set(schema.get("required", ()))
    fields = tuple(
        Field(key, kind_of(part, inner), "" if is_output or key in required else _default(part))
        for key, part in schema.get("properties", {}).items()
    )
    return Shape(name, schema.get("description", ""), fields)


def _default(part: Schema) -> str:
    default = part.get("default")
    if default in (None, "", [], {}):
        return "none"
    return str(default)


def kind_of(part: Schema, inner: Schema) -> str:
    """Return what a schema takes, in words: `whole number, at least 1, at most 365`."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        target = inner.get(name, {})
        return kind_of(target, inner) if "enum" in target else f"{name}"
    if "enum" in part or "const" in part:
        return "one of " + ", ".join(str(one) for one in part.get("enum", [part.get("const")]))
    if "anyOf" in part:
        return " or ".join(
            dict.fromkeys(kind_of(one, inner) for one in _without_texts_of_numbers(part["anyOf"]))
        )
    kind = part.get("type", "anything")
    if kind == "array":
        named = f"list of {kind_of(part.get('items', {}), inner)}"
    elif kind == "object":
        values = part.get("additionalProperties")
        named = f"{kind_of(values, inner)} by name" if isinstance(values, Mapping) else "values by name"
    else:
        named = _FORMATS.get(part.get("format", ""), _TYPES.get(kind, str(kind)))
    bounds = [words.format(_bound(part[key])) for key, words in _BOUNDS.items() if key in part]
    return ", ".join([named, *bounds])


def _bound(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _without_texts_of_numbers(variants: Sequence[Schema]) -> list[Schema]:
    """Return the variants without the text that money may be written as: a number is meant."""
    has_number = any(one.get("type") == "number" for one in variants)
    return [one for one in variants if not (has_number and one.get("type") == "string")]
