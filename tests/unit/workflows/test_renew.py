from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories.workflows import claim_of, expire_lease
from tests.unit.workflows.rows import EVERY_ROW, call, database_now, everything, step_in
from workflows.outcomes import Claim, LeaseLost
from workflows.protocol import claim, renew

pytestmark = pytest.mark.django_db

LONG = 7200.0


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_renew_lengthens_the_lease_of_whoever_holds_it_and_of_nobody_else(
    condition: str, run_status: str
) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    with pytest.raises(LeaseLost, match="nothing was written"):
        renew(Claim(step.id, step.claims - 1), seconds=LONG)
    assert everything(step.run) == before
    if condition.startswith("running"):
        earliest = database_now() + timedelta(seconds=LONG)
        renew(Claim(step.id, step.claims), seconds=LONG)
        step.refresh_from_db()
        assert step.lease_until is not None
        assert step.lease_until >= earliest
    else:
        with pytest.raises(LeaseLost, match="nothing was written"):
            renew(Claim(step.id, step.claims), seconds=LONG)
        assert everything(step.run) == before


def test_renew_for_less_than_is_left_shortens_nothing() -> None:
    step = step_in("running")
    renew(claim_of(step), seconds=1)
    held_until = step.lease_until
    step.refresh_from_db()
    assert step.lease_until == held_until


def test_renew_a_lease_that_ran_out_but_was_not_taken_keeps_others_away() -> None:
    step = step_in("running")
    expire_lease(step)
    renew(claim_of(step), seconds=30)
    assert claim(step.run_id) is None


def test_renew_after_another_took_the_step_is_refused_to_the_first_only() -> None:
    step = step_in("ready and due")
    first = claim(step.run_id)
    expire_lease(step)
    second = claim(step.run_id)
    assert first is not None
    assert second is not None
    with pytest.raises(LeaseLost):
        renew(first, seconds=30)
    renew(second, seconds=30)


def test_renew_a_step_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LeaseLost):
        renew(Claim(uuid4(), 1), seconds=30)
    assert call("workflow_renew", uuid4(), 1, 30.0) == [(False,)]
