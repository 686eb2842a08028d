"""How a category people write is spelled by TikTok."""

import pytest

from agents.skills.trend_categories import CATEGORIES, category_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Food & beverage", "FOOD_AND_BEVERAGE"),
        ("food and beverage", "FOOD_AND_BEVERAGE"),
        (" pets ", "PETS"),
        ("", ""),
        ("&", "AND"),
    ],
)
def test_spell_a_category_as_tiktok_does(written: str, code: str) -> None:
    assert category_code(written) == code


def test_categories_are_spelled_as_they_are_looked_up() -> None:
    assert all(category_code(one) == one for one in CATEGORIES)
    assert len(set(CATEGORIES)) == len(CATEGORIES)
