"""JSON lists item by item, and whole objects within a bound."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_ops.content.imports.documents import MAX_DOCUMENT_BYTES, MAX_ITEM_CHARS, list_items, whole_object
from tiktok_ops.content.imports.problems import ImportRefused


class Pieces(io.StringIO):
    """A text that comes a few signs at a time."""

    def __init__(self, text: str, step: int) -> None:
        super().__init__(text)
        self._step = step

    def read(self, size: int | None = -1, /) -> str:
        """Return at most `step` signs."""
        return super().read(self._step)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(items=st.lists(_json, max_size=5), step=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_read_any_list_in_any_pieces_gives_its_items(items: list[Any], step: int, indent: int | None) -> None:
    text = Pieces(f" {json.dumps(items, indent=indent)}\n", step)
    assert list(list_items(text, filename="a.json")) == list(enumerate(items, start=1))


def _refusal(text: str) -> str:
    with pytest.raises(ImportRefused) as caught:
        list(list_items(io.StringIO(text), filename="a.json"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[1, 2", "item 2 (the list has no end)"),
        ("[1 2]", "item 1 (no comma follows it)"),
        ("[1,]", "item 2 (Expecting value)"),
        ("[", "item 1 (Expecting value)"),
        ("[1] [2]", "item 1 (something follows the list)"),
        ("[NaN]", "item 1 (NaN is not a JSON number)"),
        ('["' + "x" * (MAX_ITEM_CHARS + 70_000) + '"]', "item 1 (Unterminated string starting at)"),
        ("[" + "[" * 100_000 + "]", "item 1 (its objects stand too deep within each other)"),
        ("[" + "9" * 200 + "]", "item 1 (a number has more than 100 digits)"),
    ],
)
def test_read_list_that_is_broken_names_the_item(text: str, what: str) -> None:
    assert (
        _refusal(text)
        == f"The file 'a.json' is a JSON list that cannot be read at {what}; give it whole, as it was made."
    )


def test_read_list_of_nothing_gives_nothing() -> None:
    assert list(list_items(io.StringIO("[ ]\n"), filename="a.json")) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            '{"a": 1',
            "is not JSON (Expecting ',' delimiter in line 1, column 8); give it whole, as it was made",
        ),
        ('{"a": NaN}', "is not JSON (NaN is not a JSON number); give it whole, as it was made"),
        ("[]", "is JSON, but no object with a name for each value"),
        (
            '{"a":' * 100_000,
            "is not JSON (its objects stand too deep within each other); give it whole, as it was made",
        ),
    ],
)
def test_read_object_that_is_none_says_why(text: str, what: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        whole_object(io.StringIO(text), filename="a.json")
    assert str(caught.value) == f"The file 'a.json' {what}."


class Endless(io.StringIO):
    """A text without end."""

    def read(self, size: int | None = -1, /) -> str:
        """Return `size` signs, always."""
        assert size is not None
        return "x" * size


def test_read_object_of_more_than_the_bound_says_the_bound() -> None:
    with pytest.raises(
        ImportRefused, match=r"is one JSON object of more than 50 MB, which must be read whole; ask "
    ):
        whole_object(Endless(), filename="a.json")
    assert MAX_DOCUMENT_BYTES == 50 * 1024**2
