"""What the sandbox writes for drafts: hooks, outlines, captions, lines."""

from typing import Any

import pytest
from hypothesis import given

from agents.sandbox import phrases
from agents.sandbox.answers import answer_for
from agents.sandbox.phrases import Facts
from tests.unit.agents.sandbox.facts import any_facts

SLOT = {"key": "i1", "topic": "cold brew", "angle": "a short checklist", "segment": "Tea people"}


def test_write_a_hook_about_the_topic_from_its_angle() -> None:
    assert phrases.hook_for(SLOT) == "Three things to know about cold brew: a short checklist"
    assert phrases.hook_for({"key": "i1", "topic": "tea"}) == "Three things to know about tea"


def test_write_another_hook_for_each_key() -> None:
    hooks = [phrases.hook_for({"key": f"i{n}", "topic": "tea"}) for n in range(5)]
    assert len(set(hooks)) == 5
    assert phrases.hook_for({"key": "i5", "topic": "tea"}) == hooks[0]
    assert phrases.hook_for({"topic": "tea"}) == phrases.hook_for({"key": "none", "topic": "tea"}) == hooks[0]


def test_write_an_outline_of_opening_middle_and_end() -> None:
    assert phrases.outline_for(SLOT) == (
        "Start with a close view of cold brew and the hook on the screen. Show a short checklist on cold brew, "
        "told for Tea people. Close on the result and name it."
    )
    assert phrases.outline_for({}) == (
        "Open on the subject and the hook on the screen. Show the subject up close. End with a question to the "
        "viewers."
    )


def test_write_a_caption_that_begins_with_the_hook() -> None:
    facts = {"hook": "Stop boiling water", "topic": "tea", "hashtags": ["pot"]}
    assert phrases.caption_for(facts) == "Stop boiling water. What would you like to know about tea?"
    assert phrases.caption_for({"topic": "tea"}).startswith("What most people miss about tea. ")
    assert (
        phrases.caption_for({}) == "What most people miss about this. What would you like to know about this?"
    )


def test_write_lines_with_the_hook_first() -> None:
    assert phrases.lines_for({"hook": "Stop boiling water", "topic": "tea"}) == [
        "Stop boiling water",
        "A closer look at tea",
        "What do you think?",
    ]
    assert phrases.lines_for({})[1] == "A closer look at this"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("hook", phrases.hook_for(SLOT)),
        ("outline", phrases.outline_for(SLOT)),
        ("caption", phrases.caption_for(SLOT)),
    ],
)
def test_answer_a_property_of_that_name_with_it(name: str, written: str) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"}}}
    assert answer_for(schema, SLOT) == {name: written}


def test_answer_lines_within_their_bounds() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "on_screen_text": {
                "type": "array",
                "maxItems": 2,
                "items": {"type": "string", "description": "{maxLength: 12}"},
            }
        },
    }
    answer = answer_for(schema, {"hook": "Stop boiling water", "topic": "tea"})
    assert answer == {"on_screen_text": ["Stop…", "A closer…"]}


@given(any_facts)
def test_write_something_whatever_the_facts(facts: Facts) -> None:
    assert phrases.hook_for(facts)
    assert phrases.outline_for(facts)
    assert phrases.caption_for(facts)
    assert all(phrases.lines_for(facts))


def test_write_a_move_about_the_key_without_a_figure() -> None:
    assert phrases.move_for({"key": "caption_length"}) == (
        "Try the next posts the way of the winners: caption length."
    )
    assert "what they do" in phrases.move_for({})
    assert not any(character.isdigit() for character in phrases.move_for({"key": "likes_per_1000"}))
