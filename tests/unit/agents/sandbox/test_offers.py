"""What the sandbox writes to sell something: about the terms it was given, and never a figure."""

import pytest
from hypothesis import given, settings

from agents.sandbox import offers, phrases
from agents.sandbox.answers import answer_for
from agents.sandbox.phrases import Facts
from tests.forms import examples
from tests.unit.agents.sandbox.facts import any_facts

SLOT = {"key": "l1v1", "angle": "how it is used", "terms": ["lamp", "desk", "night", "tea"]}


def test_write_a_title_of_three_terms_and_the_angle() -> None:
    assert offers.title_for(SLOT) == "Lamp, desk and night: how it is used"
    assert offers.title_for({"angle": "how it is used"}) == "This: how it is used"
    assert offers.title_for({"terms": ["lamp"]}) == phrases.name_for({"terms": ["lamp"]})


def test_write_a_description_from_the_angle_or_a_summary_without_one() -> None:
    assert offers.description_for(SLOT).startswith(
        "Here you read how it is used. It is about lamp, desk, night and tea,"
    )
    assert "about this" in offers.description_for({"angle": "x"})
    assert offers.description_for({"posts": 3}) == phrases.summary_of({"posts": 3})


def test_write_a_message_about_what_is_shared_without_its_figures() -> None:
    assert "talk about Tea and Night owls," in offers.message_for({"shared": ["Tea 2025", "Night owls"]})
    assert "talk about lamp," in offers.message_for({"terms": ["lamp"]})
    assert "talk about what we do," in offers.message_for({})


def test_write_words_to_say_for_a_kind_of_part() -> None:
    assert offers.words_to_say({"kind": "product", "terms": ["lamp"]}).startswith(
        "Now comes the product about lamp: show it"
    )
    assert offers.words_to_say({}).startswith("Now comes the next part: show it")


@pytest.mark.parametrize(
    ("facts", "begins"),
    [
        ({"recap": {"comments": 3}}, "This time questions were asked"),
        ({"recap": {"comments": 0}}, "This time the chat was quiet"),
        ({"recap": None}, ""),
        ({}, ""),
    ],
)
def test_write_a_lesson_where_there_is_a_recap(facts: Facts, begins: str) -> None:
    assert offers.lesson_of(facts)[: len(begins) or 1] == begins


@pytest.mark.parametrize("name", ["title", "description", "message", "say", "lesson"])
def test_answer_a_property_of_that_name_with_it(name: str) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"}}}
    facts = SLOT | {"recap": {"comments": 1}}
    written = {
        "title": offers.title_for,
        "description": offers.description_for,
        "message": offers.message_for,
        "say": offers.words_to_say,
        "lesson": offers.lesson_of,
    }
    assert answer_for(schema, facts) == {name: written[name](facts)}


@settings(max_examples=examples(25))
@given(any_facts)
def test_write_letters_and_lines_of_any_facts_without_figures(facts: Facts) -> None:
    text = offers.message_for(facts) + offers.words_to_say(facts) + offers.lesson_of(facts)
    assert not any(character.isdecimal() for character in text)
