"""The faults as settings: which call meets which, and what cannot be set."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from agents.sandbox.tiktok.faults import RANDOM_FAULTS, OperationFaults, TikTokFault, TikTokFaults

OPERATIONS = ["user_info", "video_list", "video_query", "creator_info", "init", "upload", "status", "cancel"]


def met(operation: str, calls: int, **settings: Any) -> list[str]:
    """Return the faults of the first calls of an operation, '' where there is none."""
    faults = TikTokFaults.model_validate(settings)
    return [faults.of_call(operation, call) or "" for call in range(1, calls + 1)]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", TikTokFault)
def test_set_fault_of_an_operation_meets_its_calls_and_no_others(operation: str, fault: TikTokFault) -> None:
    settings = {operation: {fault: [2]}}
    assert met(operation, 3, **settings) == ["", fault, ""]
    other = next(one for one in OPERATIONS if one != operation)
    assert met(other, 3, **settings) == ["", "", ""]
    assert met("", 3, **settings) == ["", "", ""]


def test_set_numbers_uses_them_up_fault_after_fault() -> None:
    init = {"reset_after": 1, "unreachable": 2, "malformed": [2]}
    assert met("init", 5, init=init) == ["unreachable", "malformed", "reset_after", "", ""]


def test_set_nothing_makes_nothing_fail() -> None:
    faults = TikTokFaults()
    assert met("init", 50) == [""] * 50
    assert not any(faults.may_fail(operation) for operation in [*OPERATIONS, ""])
    assert faults.fail_reason == ""
    assert (faults.publish_seconds, faults.moderation_seconds) == (1, 2)


def test_know_which_operations_may_fail_before_calls_are_counted() -> None:
    one = TikTokFaults.model_validate({"init": {"reset_after": [3]}, "status": {"slow_seconds": 1}})
    assert [operation for operation in OPERATIONS if one.may_fail(operation)] == ["init"]
    every = TikTokFaults(share=0.1)
    assert all(every.may_fail(operation) for operation in OPERATIONS)
    assert not every.may_fail("")


def test_draw_share_of_calls_meets_about_so_many_of_every_random_kind() -> None:
    drawn = Counter(met("upload", 4000, share=0.25, seed=7))
    assert set(drawn) == {"", *RANDOM_FAULTS}
    assert 0.22 < 1 - drawn[""] / 4000 < 0.28
    assert min(drawn[fault] for fault in RANDOM_FAULTS) > 180


def test_draw_by_the_same_seed_is_the_same_and_by_another_is_not() -> None:
    assert met("init", 100, share=0.5, seed=1) == met("init", 100, share=0.5, seed=1)
    assert met("init", 100, share=0.5, seed=1) != met("init", 100, share=0.5, seed=2)
    assert met("init", 100, share=0.5, seed=1) != met("status", 100, share=0.5, seed=1)


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (1, 50)])
def test_draw_no_call_or_every_call_at_the_ends(share: float, expected: int) -> None:
    assert sum(bool(fault) for fault in met("init", 50, share=share)) == expected


def test_set_fault_goes_before_one_that_is_drawn() -> None:
    assert met("init", 3, share=1, init={"malformed": 3}) == ["malformed"] * 3


@pytest.mark.parametrize(
    "settings",
    [
        {"photo": {}},
        {"init": {"refusal": 1}},
        {"init": {"reset_after": -1}},
        {"init": {"reset_after": [0]}},
        {"init": {"slow_seconds": -1}},
        {"init": {"slow_seconds": float("inf")}},
        {"share": 1.1},
        {"share": -0.1},
        {"publish_seconds": -1},
        {"moderation_seconds": float("nan")},
        {"fail_reason": "bad luck"},
    ],
)
def test_set_what_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TikTokFaults.model_validate(settings)


def test_list_faults_has_a_field_for_each() -> None:
    assert set(OperationFaults.model_fields) == {*TikTokFault, "slow_seconds"}
