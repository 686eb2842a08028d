"""Workers killed at every moment of acts that are one call: TikTok has each at most once, and lost ones are told."""

from collections.abc import Iterator

import pytest

from tests.chaos.kills import (
    STEP_POINTS,
    came_back_unsure,
    dying_at,
    forget_marks,
    kills_at,
    states_hit,
    until_over,
)
from tests.factories.acting import TRIALS, account_with_world, approved_act, made_by, made_of_campaigns
from tests.factories.posting import effect_of, moves
from tests.forms import only_long, times
from tests.processes import wait_until
from tiktok_ops.crash_points import CrashPoint
from workflows.effects.models import Effect
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

KILLS = 20
ONCE_ONLY = [kind for kind, trial in TRIALS.items() if not trial.is_repeatable]
# Each alone: an act is one turn of its step, and a step may see but two deaths in a row.
FOUND_AGAIN = (
    CrashPoint.BEFORE_SENDING,
    CrashPoint.BEFORE_SENT,
    CrashPoint.BEFORE_CONFIRMED,
    *STEP_POINTS,
)


@pytest.fixture(autouse=True)
def marks(committed_db: str) -> Iterator[None]:
    """Remove the marks of deaths afterwards."""
    yield
    forget_marks()


def runs_of_every_kind() -> dict[str, list[WorkflowRun]]:
    """Return approved runs, so many of each kind, each on an account of its own."""
    return {kind: [approved_act(kind, account_with_world()) for _ in range(KILLS)] for kind in TRIALS}


def check_and_tell(point: CrashPoint, runs: dict[str, list[WorkflowRun]], *, in_sending: bool) -> None:
    """Print in which states the kills hit, and fail if none hit one that was `sending` where all should have."""
    hit = states_hit(run for of_kind in runs.values() for run in of_kind)
    print(f"{point}: {kills_at(point)} kills, in states {dict(hit)}")  # noqa: T201
    assert hit["sending"] == (KILLS * len(TRIALS) if in_sending else 0), hit


@only_long
@pytest.mark.parametrize("point", FOUND_AGAIN)
def test_sigkill_while_acting_leaves_exactly_one_of_each(point: CrashPoint) -> None:
    runs = runs_of_every_kind()
    with dying_at((point,)):
        until_over([run for of_kind in runs.values() for run in of_kind])
    for kind, of_kind in runs.items():
        for run in of_kind:
            run.refresh_from_db()
            assert (run.status, effect_of(run).confirmed_by) == ("succeeded", "provider"), (kind, moves(run))
            assert len(made_by(run, kind)) == 1, kind
    assert kills_at(point) == KILLS * len(TRIALS)
    assert came_back_unsure() == (KILLS * len(TRIALS) if point is CrashPoint.BEFORE_SENT else 0)
    check_and_tell(point, runs, in_sending=point is CrashPoint.BEFORE_SENT)


@pytest.mark.parametrize(
    "point",
    times(
        long=[
            f"{point}:{number}"
            for point in (CrashPoint.BEFORE_PART_KEPT, CrashPoint.AFTER_PART_KEPT)
            for number in (1, 2, 3)
        ],
        short=[f"{CrashPoint.BEFORE_PART_KEPT}:2"],
    ),
)
def test_sigkill_around_a_part_leaves_one_campaign_with_one_group_and_one_ad(point: str) -> None:
    runs = [approved_act("create_campaign", account_with_world()) for _ in range(times(long=KILLS, short=1))]
    with dying_at((point,)):
        until_over(runs)
    for run in runs:
        run.refresh_from_db()
        assert (run.status, effect_of(run).confirmed_by) == ("succeeded", "provider"), moves(run)
        made = made_of_campaigns(run.account.handle)
        assert {kind: len(there) for kind, there in made.items()} == {"campaign": 1, "adgroup": 1, "ad": 1}
        assert {one["operation_status"] for there in made.values() for one in there} == {"DISABLE"}
    assert came_back_unsure() == len(runs)


@only_long
def test_sigkill_before_the_call_does_again_only_what_may_be_done_twice() -> None:
    runs = runs_of_every_kind()
    once_only = [run for kind in ONCE_ONLY for run in runs[kind]]
    others = [run for kind, of_kind in runs.items() if kind not in ONCE_ONLY for run in of_kind]
    with dying_at((CrashPoint.IN_SENDING,)):
        until_over(others)
        wait_until(
            lambda: Effect.objects.filter(status="unknown").count() == len(once_only),
            seconds=60,
            what="what nobody can tell waits for a person",
        )
    for kind, of_kind in runs.items():
        for run in of_kind:
            wanted = ("unknown", 0) if kind in ONCE_ONLY else ("confirmed", 1)
            assert (effect_of(run).status, len(made_by(run, kind))) == wanted, (kind, moves(run))
    assert kills_at(CrashPoint.IN_SENDING) == came_back_unsure() == KILLS * len(TRIALS)
    check_and_tell(CrashPoint.IN_SENDING, runs, in_sending=True)
