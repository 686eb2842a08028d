"""Schedules as people make them, and time that passes for them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.figures import NOON
from tests.factories.workflows import agent_node, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from workflows.catalogue import store_definition
from workflows.models import WorkflowRun
from workflows.nodes import Workflow
from workflows.schedules.models import Schedule, ScheduleFiring
from workflows.schedules.services import create_schedule

DAILY = "0 9 * * *"


def scheduled() -> Workflow:
    """Return the workflow schedules of tests start; its input takes `window_days`. It is stored."""
    node = agent_node("only", inputs={"window_days": "brief.window_days"})
    workflow = workflow_of(node, slug="scheduled")
    store_definition(workflow, by="a test")
    return workflow


def make_schedule(account: TikTokAccount | None = None, **changes: Any) -> Schedule:
    """Return a schedule of every morning at 9; `changes` are what `create_schedule` takes."""
    values: dict[str, Any] = {
        "name": "Every morning",
        "workflow": scheduled().slug,
        "kind": "cron",
        "expression": DAILY,
        "by": "a test",
        **changes,
    }
    return create_schedule(account_id=(account or AccountFactory.create()).id, **values)


def due_since(schedule: Schedule, passed: timedelta = timedelta(seconds=1)) -> Schedule:
    """Let the schedule have been due this long, as if time had passed; return it as it is now."""
    Schedule.objects.filter(id=schedule.id).update(next_due_at=timezone.now() - passed)
    schedule.refresh_from_db()
    return schedule


def due_schedule(account: TikTokAccount | None = None, **changes: Any) -> Schedule:
    """Return a schedule that is due."""
    return due_since(make_schedule(account, **changes))


def fired_schedule(account: TikTokAccount, run: WorkflowRun) -> Schedule:
    """Return a schedule as it lies in the database after it started this run; kept by a person."""
    ana = UserFactory.create()
    schedule = make_schedule(account, by=ana)
    firing = ScheduleFiring.objects.create(
        schedule=schedule, due_at=NOON, fired_at=NOON, cause="time", run=run
    )
    Schedule.objects.filter(id=schedule.id).update(last_firing=firing)
    schedule.refresh_from_db()
    return schedule
