"""Categories of TikTok's shop, and which topics are one of them."""

import pytest

from agents.skills.shop_categories import CATEGORIES, category_name, category_named, is_about


def test_name_a_category_as_tiktok_does_and_an_unknown_one_by_its_id() -> None:
    assert category_name("700437") == "Food & Beverages"
    assert category_name("999999") == "999999"


def test_find_a_category_by_its_name_whatever_the_case() -> None:
    found = category_named(" food & beverages ")
    assert found is not None
    assert found.id == "700437"
    assert category_named("tea people") is None


def test_categories_have_one_id_one_name_and_words_each() -> None:
    assert all(key == one.id and one.words for key, one in CATEGORIES.items())
    assert len({one.name for one in CATEGORIES.values()}) == len(CATEGORIES)
    assert all(word == word.casefold() for one in CATEGORIES.values() for word in one.words)


@pytest.mark.parametrize(
    ("category_id", "topic", "expected"),
    [
        ("700437", ["soup"], True),
        ("700437", ["#Soups"], True),
        ("700437", ["Weeknight soup people"], True),
        ("700437", ["soupier"], False),  # four letters name no topic within a compound
        ("603014", ["hikinggear"], True),  # begins with hiking
        ("700437", ["weeknightdinner"], True),  # ends with dinner
        ("601450", ["SKINCARE"], True),
        ("605196", ["car"], True),  # the singular of a word
        ("605196", ["carrot"], False),
        ("602118", ["skincare", "sunscreen"], False),
        ("602118", [], False),
    ],
)
def test_tell_whether_a_topic_is_of_a_category(category_id: str, topic: list[str], expected: bool) -> None:
    assert is_about(CATEGORIES[category_id], topic) is expected
