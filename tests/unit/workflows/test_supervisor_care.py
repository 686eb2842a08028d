"""What the supervisor takes care not to punish: ordered stops, long imports, clusters that die at once."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from tests.factories.accounts import AccountFactory
from tests.factories.workflows import doorbells
from tests.unit.workflows.test_supervisor import GONE, held_by
from tiktok_ops.content.models import ContentImport
from workflows import supervisor
from workflows.models import WorkflowStep
from workflows.processes import this_process
from workflows.supervisor import Pause, current_load, return_steps_of_the_stopped


@pytest.mark.django_db
def test_return_steps_of_the_stopped_counts_neither_a_try_nor_a_death() -> None:
    step = held_by(GONE)
    held_by(this_process())

    assert return_steps_of_the_stopped() == 1

    step.refresh_from_db()
    assert (step.status, step.tries, step.error) == ("ready", 0, "The worker was stopped; another goes on.")
    assert WorkflowStep.objects.filter(status="running").count() == 1
    assert len(doorbells()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "seconds_ago", "held"), [("running", 10, 1), ("running", 301, 0), ("queued", 10, 0)]
)
def test_count_load_counts_an_import_at_work_as_held(status: str, seconds_ago: float, held: int) -> None:
    ContentImport.objects.create(account=AccountFactory.create(), file_name="a.csv", status=status)
    ContentImport.objects.update(rung_at=Now() - timedelta(seconds=seconds_ago))

    assert current_load().held == held


def test_pause_grows_while_starts_follow_close_and_begins_anew_after_a_quiet_minute() -> None:
    pause = Pause()

    waits = [pause.next_seconds(now=second) for second in (0, 1, 2, 3, 4, 5, 6, 7, 8)]

    assert waits == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause.next_seconds(now=8 + supervisor.QUIET_SECONDS + 1) == 0
