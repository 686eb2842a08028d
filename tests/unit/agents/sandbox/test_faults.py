"""Which call of a process goes wrong, and how."""

from typing import Any

import pytest
from pydantic import ValidationError

from agents.sandbox.faults import Fault, Faults


def plan(calls: int, **faults: Any) -> list[str | None]:
    """Return the fault of each of the first calls."""
    chosen = Faults.model_validate(faults)
    return [chosen.of_call(call) for call in range(1, calls + 1)]


def test_plan_without_faults_lets_every_call_through() -> None:
    assert plan(3) == [None, None, None]


@pytest.mark.parametrize("fault", list(Fault))
def test_plan_with_a_number_takes_the_first_calls(fault: Fault) -> None:
    assert plan(4, **{fault: 2}) == [fault, fault, None, None]


@pytest.mark.parametrize("fault", list(Fault))
def test_plan_with_a_list_takes_those_calls(fault: Fault) -> None:
    assert plan(4, **{fault: [1, 3]}) == [fault, None, fault, None]


def test_plan_with_several_numbers_takes_one_after_the_other() -> None:
    assert plan(5, malformed=1, rate_limited=2, overloaded=1) == [
        "rate_limited",
        "rate_limited",
        "overloaded",
        "malformed",
        None,
    ]


def test_plan_with_list_and_number_puts_the_list_first() -> None:
    assert plan(5, rate_limited=2, malformed=[2, 4]) == ["rate_limited", "malformed", None, "malformed", None]


@pytest.mark.parametrize(
    "faults",
    [
        {"tired": 1},
        {"refusal": "once"},
        {"refusal": [0]},
        {"refusal": [-1]},
        {"slow_seconds": -1},
        {"slow_seconds": float("inf")},
        {"slow_seconds": float("nan")},
        {"retry_after_seconds": -1},
        {"refusal": -1},
    ],
)
def test_plan_with_a_wrong_option_is_refused(faults: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Faults.model_validate(faults)
