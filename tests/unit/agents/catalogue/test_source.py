"""What is read off a module: constants with their texts, documented functions, the prompt."""

import re
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agents.catalogue.source import Constant, shown, source_of
from agents.definitions import ad_plan, compliance_rules, content_ideator, inventory_sync
from agents.definitions.listing_rules import LIMITS, ListingKind


def constants(module: Any) -> dict[str, Constant]:
    return {constant.name: constant for constant in source_of(module.__name__).constants()}


def test_read_constants_with_the_text_below_them() -> None:
    found = constants(ad_plan)
    assert found["LIFT_MOST"] == found["LIFT_LEAST"].__class__("LIFT_MOST", "4", found["LIFT_LEAST"].why)
    assert found["LIFT_LEAST"].why.startswith("Between these the views")
    assert found["MINIMUM_DAILY"].value == "USD: 50"
    assert found["LONGEST_EXAMPLE"].why == ""
    assert not [name for name in found if name.startswith("_")]


def test_read_functions_with_a_docstring_in_the_order_written() -> None:
    names = [function.name for function in source_of(ad_plan.__name__).functions()]
    assert names == ["plan_campaigns", "minimum_of", "_fit", "_wishes", "_wish", "_funded"]
    assert source_of(ad_plan.__name__).functions()[2].label == "fit"


def test_read_what_a_module_takes_from_others() -> None:
    source = source_of(inventory_sync.__name__)
    assert source.imported("agents.skills") == {
        "agents.skills.statistics": ("Ratio",),
        "agents.skills.stock": ("VELOCITY_DAYS", "days_of_cover", "selling_days"),
    }
    assert source.is_shared
    assert not source_of(compliance_rules.__name__).is_shared
    assert source_of("agents.definitions.drafting").is_shared


def test_read_the_prompt_with_the_values_of_constants_and_names_for_the_rest() -> None:
    text = source_of(content_ideator.__name__).instruction()
    assert "its first spoken line, at most 120 characters; outline" in text
    assert text.endswith("Locale: ‹context.locale›.")
    assert source_of(inventory_sync.__name__).instruction() == ""


def test_read_a_prompt_with_a_part_decided_later() -> None:
    assert "‹lesson›" in source_of("agents.definitions.live_stream_ops").instruction()


class Kind(StrEnum):
    """A kind for the tests below."""

    ONE = "one"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2_200, "2,200"),
        (0.25, "0.25"),
        (Decimal("50.00"), "50.00"),
        (Kind.ONE, "one"),
        ("deleted", "deleted"),
        ("A whole sentence.", ""),
        ("", ""),
        (None, ""),
        (True, ""),
        (re.compile("x"), ""),
        (len, ""),
        ((1, 2.5, "x"), "1, 2.5, x"),
        (frozenset({"b", "a"}), "a, b"),
        ({Kind.ONE: (1, 2), "a_b": 3}, "one: 1, 2; a b: 3"),
        (tuple(range(31)), "31 entries"),
        (compliance_rules.TIKTOK[:2], "caption_too_long, too_many_hashtags"),
        (
            LIMITS[ListingKind.POST],
            "title least 1, title most 90, description most 2,200, description words 10",
        ),
    ],
)
def test_show_a_constant_in_a_line_or_not_at_all(value: Any, text: str) -> None:
    assert shown(value) == text


def test_read_a_prompt_that_is_no_text_yet_by_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_agent.py").write_text(
        "class Odd:\n    LIMIT = 3\n    def prompt(self):\n        return Prompt(instruction=made(self))\n"
        "ODD, table = 1, {}\ntable['x'] = 2\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import_module("odd_agent")
    assert source_of("odd_agent").instruction() == "‹made(self)›"
    assert [constant.name for constant in source_of("odd_agent").constants()] == ["ODD"]
