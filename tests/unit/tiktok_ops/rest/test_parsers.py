"""Bodies that Python would read and nothing could store."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from tiktok_ops.canonical import canonical_json
from tiktok_ops.rest.parsers import MOST_LEVELS, StrictJSONParser


def parse(body: str | bytes) -> Any:
    """Return what the parser reads in a body."""
    return StrictJSONParser().parse(io.BytesIO(body.encode() if isinstance(body, str) else body))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('"a\\u0000b"', "a text has a character that cannot be stored"),
        ('{"a\\u0000b": 1}', "a text has a character that cannot be stored"),
        ('{"a": [{"b": "\\ud800"}]}', "a text has a character that cannot be stored"),
        ('{"\\udfff": 1}', "a text has a character that cannot be stored"),
        ("1e999", "a number is too large"),
        ("[-1e999]", "a number is too large"),
        ("[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1), "more than 50 levels deep"),
        ("[" * 100_000, "more than 50 levels deep"),
        ("NaN", "Out of range float values are not JSON compliant: "),
        (b'"\xff"', "'utf-8' codec can't decode"),
        ("9" * 5_000, "Exceeds the limit"),
    ],
)
def test_read_a_body_nothing_could_store_is_refused(body: str | bytes, problem: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse(body)
    assert str(refused.value.detail).startswith(f"JSON parse error - {problem}")


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "", "ü\n\\u0000", {"a": {"b": [1, "x", None]}}, "😀", 10**300, 1.7e308],
)
def test_read_a_body_that_can_be_stored_gives_its_value(value: Any) -> None:
    assert parse(json.dumps(value)) == value


def test_read_a_body_as_deep_as_allowed_gives_its_value() -> None:
    body = "[" * MOST_LEVELS + "1" + "]" * MOST_LEVELS
    assert parse(body) == json.loads(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_read_any_body_gives_what_can_be_digested_or_refuses_it(value: Any) -> None:
    try:
        read = parse(json.dumps(value))
    except ParseError:
        return
    canonical_json(read)
    assert "\0" not in json.dumps(read, ensure_ascii=False)
