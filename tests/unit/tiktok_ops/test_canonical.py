import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_ops.canonical import canonical_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_write_object_sorts_keys_and_leaves_out_spaces() -> None:
    assert (
        canonical_json({"b": [1, 2], "a": {"d": None, "c": True}}) == b'{"a":{"c":true,"d":null},"b":[1,2]}'
    )


def test_write_text_beyond_ascii_keeps_it_as_utf_8() -> None:
    assert canonical_json("Zürich 🧀") == '"Zürich 🧀"'.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_write_number_json_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"value": value})


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object()])
def test_write_value_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        canonical_json(value)


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), json_values, max_size=5)
)
def test_write_object_in_any_order_gives_the_same_bytes(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(backwards)
    assert json.loads(canonical_json(value)) == value
