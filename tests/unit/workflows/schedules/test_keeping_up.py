"""An account that is connected is synced from then on, without anybody's doing, unless somebody decided otherwise."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories.accounts import AccountFactory, person
from tests.factories.connections import connection_row
from tests.factories.schedules import make_schedule
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun
from workflows.schedules.firing import fire_due
from workflows.schedules.keeping_up import SYNC, keep_up_to_date
from workflows.schedules.models import Schedule
from workflows.schedules.overview import when_in_words
from workflows.schedules.services import remove_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """An account whose owner has just connected it."""
    account: TikTokAccount = AccountFactory.create()
    connection_row(account, connected_by=person(account.workspace, Role.OWNER))
    return account


def test_keep_an_account_up_to_date_syncs_it_at_once_and_every_six_hours_after(
    account: TikTokAccount,
) -> None:
    keep_up_to_date(account)
    schedule = Schedule.objects.get(account=account)
    assert (schedule.workflow, schedule.name) == (SYNC, "Keep up to date")
    assert "6 hours" in when_in_words(schedule)
    assert schedule.kept_by == schedule.created_by == account.connections.get().connected_by

    assert fire_due(limit=10) == 1

    assert not schedule.firings.get().refusal
    assert WorkflowRun.objects.get(account=account).definition.slug == SYNC
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert timedelta(hours=5) < schedule.next_due_at - timezone.now() <= timedelta(hours=6)
    assert fire_due(limit=10) == 0


def test_keep_it_again_leaves_the_schedule_there_is(account: TikTokAccount) -> None:
    keep_up_to_date(account)
    fire_due(limit=10)
    keep_up_to_date(account)
    assert Schedule.objects.filter(account=account).count() == 1
    assert fire_due(limit=10) == 0


def test_keep_it_again_makes_none_where_a_person_removed_it(account: TikTokAccount) -> None:
    keep_up_to_date(account)
    remove_schedule(schedule_id=Schedule.objects.get(account=account).id, by="a test")
    keep_up_to_date(account)
    assert Schedule.objects.get(account=account).state == "removed"


def test_keep_it_leaves_a_schedule_of_another_workflow_alone(account: TikTokAccount) -> None:
    other = make_schedule(account)
    keep_up_to_date(account)
    assert Schedule.objects.filter(account=account).exclude(id=other.id).get().workflow == SYNC


def test_account_of_a_file_is_not_synced() -> None:
    account = AccountFactory.create(data_source=TikTokAccount.Source.FILE)
    keep_up_to_date(account)
    assert not Schedule.objects.exists()
