"""Where a step finds its inputs: the run's, its item's, what was said of it, and what was put out before it."""

from typing import Any

import pytest

from workflows.paths import NothingThere, View

IDEAS = {"a": {"ideas": [{"hook": "x"}, {"hook": "y"}]}}


def test_resolve_leaves_out_what_a_person_did_not_give() -> None:
    view = View(brief={"count": 0}, outputs={"a": {"tags": ["x"]}})
    paths = {
        "text": "brief.topic",
        "deep": "brief.count.more",
        "number": "brief.count",
        "tags": "a.output.tags",
        "said": "redraft.feedback",
    }
    assert view.resolve(paths) == {"number": 0, "tags": ["x"]}


def test_resolve_gives_what_a_person_said_of_the_round_before() -> None:
    assert View(feedback="Shorter.").resolve({"said": "redraft.feedback"}) == {"said": "Shorter."}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.output.ideas.0", {"hook": "x"}),
        ("a.output.ideas.1.hook", "y"),
        ("a.output.ideas", [{"hook": "x"}, {"hook": "y"}]),
        ("a.output.ideas.hook", ["x", "y"]),
        ("a.output", IDEAS["a"]),
    ],
)
def test_resolve_into_a_list_takes_a_place_or_goes_through_all(path: str, found: Any) -> None:
    assert View(outputs=IDEAS).resolve({"it": path}) == {"it": found}


def test_resolve_with_a_number_of_an_object_takes_the_field_of_that_name() -> None:
    assert View(outputs={"a": {"0": "field"}}).resolve({"it": "a.output.0"}) == {"it": "field"}


@pytest.mark.parametrize(("item", "path", "found"), [("x", "item", "x"), ({"hook": "y"}, "item.hook", "y")])
def test_resolve_the_item_of_a_loop_gives_it_or_its_field(item: Any, path: str, found: Any) -> None:
    assert View(item=item).resolve({"it": path}) == {"it": found}


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("a.output.ideas.2", "'a.output.ideas.2' leads to number 3 of a list that has 2."),
        ("a.output.tags", "'a.output.tags' leads to nothing: there is no 'tags'."),
        ("a.output.ideas.0.hook.x", "'a.output.ideas.0.hook.x' leads to nothing: there is no 'x'."),
        ("b.output.tags", "'b.output.tags' leads to nothing: 'b' put nothing out."),
        ("item.hook", "'item.hook' leads to nothing: there is no 'hook'."),
    ],
)
def test_resolve_where_nothing_is_says_so(path: str, sentence: str) -> None:
    view = View(outputs=IDEAS)
    with pytest.raises(NothingThere) as refusal:
        view.resolve({"it": path})
    assert str(refusal.value) == sentence
    assert view.read(path) == (False, None)


def test_read_what_is_there_gives_it_even_when_it_is_nothing() -> None:
    assert View(brief={"topic": None}).read("brief.topic") == (True, None)
