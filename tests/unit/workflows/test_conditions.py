"""Conditions: what holds, what cannot be compared, and that nothing is ever executed."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.contract import Typed
from workflows.conditions import Condition, ConditionRefused, holds, in_words, paths_of

SEEN = {"score": 70, "tags": ["a"], "text": "", "blocked": False, "nothing": None}


class Holder(Typed):
    """Something with a condition, as a node is."""

    when: Condition


def read_condition(written: Any) -> Condition:
    """Return the condition as it is read."""
    return Holder(when=written).when


def found(path: str) -> tuple[bool, Any]:
    """Return what a path leads to here."""
    return path in SEEN, SEEN.get(path)


def asked(condition: Any) -> bool:
    """Return whether a written condition holds."""
    return holds(read_condition(condition), found)


def compares(path: str, op: str, value: Any = None) -> dict[str, Any]:
    """Return a comparison."""
    return {"path": path, "op": op, "value": value}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (compares("score", "equal", 70), True),
        (compares("score", "not_equal", 70), False),
        (compares("score", "less", 70), False),
        (compares("score", "at_most", 70), True),
        (compares("score", "more", 69.5), True),
        (compares("score", "at_least", 71), False),
        (compares("score", "one_of", [1, 70]), True),
        (compares("blocked", "equal", False), True),
        (compares("score", "given"), True),
        (compares("nothing", "given"), True),
        (compares("missing", "given"), False),
        (compares("missing", "empty"), True),
        (compares("nothing", "empty"), True),
        (compares("text", "empty"), True),
        (compares("tags", "empty"), False),
        (compares("blocked", "empty"), False),
        ({"all_of": [compares("score", "more", 1), compares("tags", "given")]}, True),
        ({"all_of": [compares("score", "more", 1), compares("tags", "empty")]}, False),
        ({"any_of": [compares("score", "less", 1), compares("tags", "given")]}, True),
        ({"any_of": [compares("score", "less", 1), compares("tags", "empty")]}, False),
        ({"none_of": [compares("score", "less", 1), compares("tags", "empty")]}, True),
        ({"none_of": [compares("score", "more", 1), compares("tags", "empty")]}, False),
    ],
)
def test_ask_whether_a_condition_holds(condition: Any, expected: bool) -> None:
    assert asked(condition) is expected


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (compares("missing", "equal", 1), "The condition reads 'missing', which leads to nothing."),
        (
            compares("tags", "less", 1),
            "The condition asks whether 'tags', which is ['a'], is less 1: these cannot be compared.",
        ),
        (compares("score", "one_of", 3), "is one_of 3: these cannot be compared."),
        (
            {"any_of": [compares("score", "more", 1), compares("missing", "equal", 1)]},
            "The condition reads 'missing', which leads to nothing.",
        ),
    ],
)
def test_ask_what_cannot_be_compared_is_refused_whatever_else_holds(condition: Any, sentence: str) -> None:
    with pytest.raises(ConditionRefused) as refusal:
        asked(condition)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "condition",
    [
        {},
        "score > 1",
        {"path": "score", "op": "eval", "value": "1"},
        {"all_of": []},
        {"all_of": [compares("score", "given")], "any_of": [compares("score", "given")]},
        {"any_of": [compares("score", "given")] * 21},
        {"path": "score", "op": "given", "more": 1},
    ],
)
def test_read_what_is_not_of_the_grammar_is_refused(condition: Any) -> None:
    with pytest.raises(ValidationError):
        read_condition(condition)


def test_list_the_paths_of_a_condition_finds_all() -> None:
    nested = {
        "all_of": [compares("a", "given"), {"none_of": [compares("b", "given"), compares("c", "empty")]}]
    }
    assert list(paths_of(read_condition(nested))) == ["a", "b", "c"]


leaves = st.builds(
    compares,
    st.sampled_from(["score", "tags", "missing", "nothing"]),
    st.sampled_from(["equal", "less", "given", "empty", "one_of"]),
    st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)),
)
trees = st.recursive(
    leaves,
    lambda parts: st.builds(
        lambda name, members: {name: members},
        st.sampled_from(["all_of", "any_of", "none_of"]),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(trees)
def test_ask_any_condition_answers_or_refuses_with_a_sentence_and_survives_storing(condition: Any) -> None:
    read = read_condition(condition)
    assert read_condition(read.model_dump(mode="json")) == read
    with suppress(ConditionRefused):
        assert holds(read, found) in {True, False}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (compares("a.b", "at_least", 70), "a.b is at least 70"),
        (compares("a.b", "one_of", ["x", "y"]), "a.b is one of ['x', 'y']"),
        (compares("a.b", "equal", False), "a.b is no"),
        (compares("a.b", "given"), "a.b is given"),
        (compares("a.b", "empty"), "a.b is empty"),
        ({"all_of": [compares("a", "equal", 1), {"none_of": [compares("b", "given")]}]},
         "all of (a is 1; none of (b is given))"),
        ({"any_of": [compares("a", "less", 1)]}, "any of (a is less than 1)"),
    ],
)  # fmt: skip
def test_write_a_condition_in_words_says_what_it_asks(condition: Any, words: str) -> None:
    assert in_words(read_condition(condition)) == words
