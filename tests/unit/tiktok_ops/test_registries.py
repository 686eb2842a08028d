"""Registries: in order, frozen, and no name twice."""

import pytest

from tiktok_ops.registries import registry


def test_register_things_keeps_their_order_and_lets_nobody_change_it() -> None:
    made = registry(["pear", "apple"], name=str.upper, called="fruits")
    assert list(made.items()) == [("PEAR", "pear"), ("APPLE", "apple")]
    with pytest.raises(TypeError):
        made["FIG"] = "fig"  # type: ignore[index]


def test_register_two_of_one_name_is_refused_naming_it() -> None:
    with pytest.raises(ValueError, match="Two fruits are called 'PEAR'"):
        registry(["pear", "Pear"], name=str.upper, called="fruits")
