"""JSON that satisfies a schema, filled from facts."""

import json
from typing import Annotated, Any, Literal

import anthropic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from agents.sandbox.answers import answer_for
from tests.unit.agents.sandbox.facts import any_facts


def obj(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these properties."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def listed(items: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **extra}


def answered(model: type[BaseModel], facts: dict[str, Any]) -> Any:
    """Return the answer to the schema the client would send for this model."""
    return answer_for(anthropic.transform_schema(model.model_json_schema()), facts)


STRING = {"type": "string"}
NULL = {"type": "null"}
SEGMENTS = [
    {"key": "s1", "terms": ["ramen", "sushi", "miso"], "share": 0.4, "posts": 9},
    {"key": "s2", "terms": ["ramen", "sushi", "tokyo"], "share": 0.2, "posts": 4},
    {"key": "s3", "terms": ["ramen", "sushi"], "share": 0.1, "posts": 3},
]


# Plain values


@pytest.mark.parametrize(
    ("schema", "facts", "value"),
    [
        ({"type": "integer"}, {"x": 7}, 7),
        ({"type": "integer"}, {"x": 7.6}, 8),
        ({"type": "integer"}, {"x": "7"}, 0),
        ({"type": "integer"}, {"x": True}, 0),
        ({"type": "integer"}, {}, 0),
        ({"type": "integer"}, {"x": 10**400}, 10**400),
        ({"type": "number"}, {"x": 7.6}, 7.6),
        ({"type": "number"}, {"x": None}, 0),
        ({"type": "number"}, {"x": float("inf")}, 0),
        ({"type": "number"}, {"x": float("nan")}, 0),
        ({"type": "integer", "description": "{minimum: 1, maximum: 5}"}, {}, 1),
        ({"type": "integer", "description": "{maximum: 5, minimum: 1}"}, {"x": 9}, 5),
        ({"type": "number", "description": "{minimum: -2.5}"}, {"x": -3}, -2.5),
        ({"type": "number", "minimum": 2}, {}, 2.0),
        ({"type": "boolean"}, {"x": True}, True),
        ({"type": "boolean"}, {"x": "yes"}, False),
        ({"type": "boolean"}, {}, False),
        (NULL, {"x": 7}, None),
        ({}, {"x": 7}, None),
        ({"const": "v1"}, {"x": "v2"}, "v1"),
        ({"enum": ["low", "high"]}, {}, "low"),
        ({"enum": ["low", "high"]}, {"x": "high"}, "high"),
        ({"enum": ["low", "high"]}, {"x": "huge"}, "low"),
        ({"enum": ["low", "high"]}, {"x": ["high"]}, "low"),
        ({"enum": [None, 3]}, {}, None),
        (STRING, {"x": "copied"}, "copied"),
        ({**STRING, "description": "{maxLength: 10}"}, {"x": "one two three"}, "one two…"),
        ({**STRING, "format": "date"}, {"x": "2025-06-30"}, "2025-06-30"),
        ({**STRING, "format": "date"}, {}, "2026-01-01"),
        ({**STRING, "format": "no-such-format"}, {}, ""),
    ],
)
def test_answer_with_plain_property_copies_the_fact_or_takes_a_default(
    schema: dict[str, Any], facts: dict[str, Any], value: Any
) -> None:
    answer = answer_for(obj(x=schema), facts)
    assert answer == {"x": value}
    assert type(answer["x"]) is type(value)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("summary", "#ramen shows a fit of 0.8 and 9 posts."),
        ("why", "#ramen stands out with a fit of 0.8 and 9 posts."),
        ("reason", "#ramen stands out with a fit of 0.8 and 9 posts."),
        ("fix", "Look at a fit of 0.8 and 9 posts first."),
        ("suggested_fix", "Look at a fit of 0.8 and 9 posts first."),
        ("name", "Ramen"),
        ("segment_name", "Ramen"),
        ("anything_else", "#ramen shows a fit of 0.8 and 9 posts."),
    ],
)
def test_answer_with_string_is_what_its_name_asks_for(name: str, sentence: str) -> None:
    facts = {"tag": "ramen", "fit": 0.8, "posts": 9}
    assert answer_for(obj(**{name: STRING}), facts) == {name: sentence}


def test_answer_with_bounded_sentence_keeps_the_bound() -> None:
    schema = obj(summary={**STRING, "description": "For the reader.\n\n{maxLength: 20}"})
    assert answer_for(schema, {"posts": 9, "share": 0.5}) == {"summary": "The account shows…"}


# Objects


def test_answer_with_nested_object_is_about_the_facts_of_that_name() -> None:
    schema = obj(window=obj(summary=STRING, posts={"type": "integer"}), posts={"type": "integer"})
    answer = answer_for(schema, {"posts": 50, "window": {"posts": 12}})
    assert answer == {"window": {"summary": "The account shows 12 posts.", "posts": 12}, "posts": 50}


def test_answer_with_nested_object_without_such_facts_is_about_the_outer_ones() -> None:
    assert answer_for(obj(words=obj(posts={"type": "integer"})), {"posts": 50}) == {"words": {"posts": 50}}


def test_answer_with_object_without_properties_is_empty() -> None:
    assert answer_for({"type": "object"}, {"posts": 1}) == {}


# References and variants


def test_answer_with_references_follows_them() -> None:
    schema = {
        "$ref": "#/$defs/Words",
        "$defs": {
            "Words": obj(inner={"$ref": "#/$defs/Alias"}),
            "Alias": {"$ref": "#/$defs/Text"},
            "Text": STRING,
        },
    }
    assert answer_for(schema, {"inner": "copied"}) == {"inner": "copied"}


def test_answer_with_reference_to_nothing_is_null() -> None:
    assert answer_for(obj(x={"$ref": "#/$defs/Gone"}), {}) == {"x": None}


def test_answer_with_reference_to_itself_ends() -> None:
    schema = {**obj(x={"$ref": "#/$defs/Loop"}), "$defs": {"Loop": {"$ref": "#/$defs/Loop"}}}
    assert answer_for(schema, {}) == {"x": None}


@pytest.mark.parametrize(
    ("variants", "facts", "value"),
    [
        ([STRING, NULL], {"x": "copied"}, "copied"),
        ([STRING, NULL], {"x": None}, None),
        ([NULL, STRING], {}, "There is not enough data to say more."),
        ([{"type": "integer"}, STRING], {"x": None}, 0),
        ([NULL], {"x": 3}, None),
        ([{"$ref": "#/$defs/Text"}, NULL], {"x": "copied"}, "copied"),
        ([{"anyOf": [NULL, {"type": "integer"}]}, NULL], {"x": 4}, 4),
    ],
)
def test_answer_with_variants_takes_one_that_fits(
    variants: list[dict[str, Any]], facts: dict[str, Any], value: Any
) -> None:
    schema = {**obj(x={"anyOf": variants}), "$defs": {"Text": STRING}}
    assert answer_for(schema, facts) == {"x": value}


def test_answer_with_parts_lays_them_together() -> None:
    schema = {
        **obj(x={"allOf": [{"$ref": "#/$defs/Text"}, {"description": "{maxLength: 5}"}]}),
        "$defs": {"Text": STRING},
    }
    assert answer_for(schema, {"x": "one two"}) == {"x": "one…"}


class Tree(BaseModel):
    """A schema that holds itself in a list, and in a field that may be null."""

    key: str
    children: list["Tree"] = Field(min_length=1)
    parent: "Tree | None"


def test_answer_with_schema_that_holds_itself_ends() -> None:
    answer = answered(Tree, {"key": "root"})
    assert answer["key"] == "root"
    assert answer["children"][0]["children"][0]["key"] == "root"
    assert len(json.dumps(answer)) < 2_000_000


# Arrays


@pytest.mark.parametrize("where", ["top", "inside"])
def test_answer_with_array_named_like_a_list_has_an_item_for_each(where: str) -> None:
    facts = {"segments": SEGMENTS} if where == "top" else {"report": {"deeper": {"segments": SEGMENTS}}}
    schema = obj(segments=listed(obj(key=STRING, posts={"type": "integer"})))
    assert answer_for(schema, facts) == {
        "segments": [{"key": "s1", "posts": 9}, {"key": "s2", "posts": 4}, {"key": "s3", "posts": 3}]
    }


def test_answer_with_array_prefers_the_nearest_list() -> None:
    facts = {"far": {"tags": [{"tag": "far"}]}, "near": {"tags": [{"tag": "near"}]}, "tags": [{"tag": "top"}]}
    items = listed(obj(tag=STRING))
    assert answer_for(obj(near=obj(tags=items), tags=items), facts) == {
        "near": {"tags": [{"tag": "near"}]},
        "tags": [{"tag": "top"}],
    }


def test_answer_with_items_of_the_same_terms_names_them_apart() -> None:
    answer = answer_for(obj(segments=listed(obj(name=STRING))), {"segments": SEGMENTS})
    assert [item["name"] for item in answer["segments"]] == [
        "Ramen and sushi",
        "Ramen, sushi and tokyo",
        "Ramen and sushi 3",
    ]


def test_answer_with_items_named_apart_keeps_the_bound() -> None:
    name = {**STRING, "description": "{maxLength: 12}"}
    answer = answer_for(obj(segments=listed(obj(name=name))), {"segments": SEGMENTS})
    given_names = [item["name"] for item in answer["segments"]]
    assert len(set(given_names)) == 3
    assert max(map(len, given_names)) <= 12


def test_answer_with_names_in_the_facts_copies_them_even_twice() -> None:
    facts = {"people": [{"name": "Ann"}, {"name": "Ann"}]}
    assert answer_for(obj(people=listed(obj(name=STRING))), facts) == {
        "people": [{"name": "Ann"}, {"name": "Ann"}]
    }


def test_answer_with_array_of_strings_named_like_one_copies_it() -> None:
    assert answer_for(obj(hashtags=listed(STRING)), {"hashtags": ["a", "b"]}) == {"hashtags": ["a", "b"]}


def test_answer_with_array_of_objects_about_plain_values_knows_them_by_usual_names() -> None:
    schema = obj(tags=listed(obj(tag=STRING, why=STRING)))
    assert answer_for(schema, {"tags": ["ramen"]}) == {
        "tags": [{"tag": "ramen", "why": "Nothing more is known about #ramen."}]
    }


def test_answer_with_array_of_numbers_copies_nothing_it_cannot() -> None:
    assert answer_for(obj(scores=listed({"type": "number"})), {"scores": [1, 2.5]}) == {"scores": [1, 2.5]}


@pytest.mark.parametrize("facts", [{}, {"segments": []}, {"segments": "none"}])
def test_answer_with_array_of_objects_without_a_list_is_empty(facts: dict[str, Any]) -> None:
    assert answer_for(obj(segments=listed(obj(key=STRING))), facts) == {"segments": []}


def test_answer_with_array_that_needs_items_makes_them() -> None:
    schema = obj(segments=listed(obj(posts={"type": "integer"}), minItems=1))
    assert answer_for(schema, {"posts": 4}) == {"segments": [{"posts": 4}]}


def test_answer_with_array_of_at_most_two_cuts_it() -> None:
    schema = obj(segments=listed(obj(key=STRING), description="{maxItems: 2}"))
    assert answer_for(schema, {"segments": SEGMENTS}) == {"segments": [{"key": "s1"}, {"key": "s2"}]}


@pytest.mark.parametrize(
    ("bounds", "fewest", "most"),
    [
        ("", 2, 3),
        ("{minItems: 2, maxItems: 4}", 2, 3),
        ("{minItems: 5}", 5, 5),
        ("{maxItems: 1}", 1, 1),
        ("{minItems: 9, maxItems: 9}", 9, 9),
        ("{maxItems: 0}", 0, 0),
    ],
)
@pytest.mark.parametrize("name", ["traits", "hooks", "evidence", "hashtags"])
def test_answer_with_array_of_strings_has_a_few_different_ones(
    name: str, bounds: str, fewest: int, most: int
) -> None:
    schema = obj(**{name: listed(STRING, description=bounds)})
    made = answer_for(schema, {"terms": ["ramen", "sushi", "miso"], "share": 0.4, "posts": 9})[name]
    assert fewest <= len(made) <= most
    assert len(set(made)) == len(made)


def test_answer_with_array_of_strings_without_facts_still_has_two() -> None:
    assert answer_for(obj(evidence=listed(STRING)), {})["evidence"] == [
        "There is not enough data to say more.",
        "What most people miss about this",
    ]


def test_answer_with_array_without_items_is_a_list() -> None:
    assert answer_for(obj(things={"type": "array"}), {}) == {"things": []}


# Against the real schema of models


class Point(BaseModel):
    """A part with every kind of field."""

    key: str
    name: str = Field(min_length=1, max_length=25)
    level: Literal["low", "high"]
    score: float = Field(ge=0, le=1)
    count: int = Field(ge=1)
    is_open: bool
    note: str | None = None
    parts: list[Annotated[str, Field(max_length=60)]] = Field(min_length=2, max_length=5)


class Everything(BaseModel):
    """Words with parts of every kind."""

    version: Literal["v1"]
    summary: str = Field(max_length=200)
    segments: list[Point]
    best: Point
    other: Point | None
    hooks: list[str] = Field(max_length=4)


@settings(deadline=None)
@given(any_facts)
def test_answer_to_a_models_schema_is_valid_for_it_whatever_the_facts(facts: dict[str, Any]) -> None:
    answer = answered(Everything, facts)
    Everything.model_validate(answer)
    assert json.loads(json.dumps(answer)) == answer
    assert answered(Everything, facts) == answer


@settings(deadline=None)
@given(st.lists(any_facts, min_size=1, max_size=4))
def test_answer_about_a_list_has_as_many_items(segments: list[dict[str, Any]]) -> None:
    answer = Everything.model_validate(answered(Everything, {"segments": segments}))
    assert len(answer.segments) == len(segments)


@pytest.mark.parametrize("tag", ["-", "_", "# -", "#"])
def test_answer_about_an_item_whose_only_term_is_a_sign_still_has_a_name(tag: str) -> None:
    answer = Everything.model_validate(answered(Everything, {"segments": [{"tag": tag}]}))
    assert answer.segments[0].name == "Other posts"
