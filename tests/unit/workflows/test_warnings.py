"""An agent's answer in a run raises its alerts with the step's result; a dry run warns nobody."""

from datetime import timedelta

import pytest

from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tests.factories.posting import work
from tests.factories.workflows import agent_node, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.models import OrderLine, Product
from workflows.catalogue import store_definition
from workflows.models import WorkflowRun
from workflows.services import start_run

pytestmark = pytest.mark.django_db


def counted(*, dry: bool) -> WorkflowRun:
    """Return a run that counted a stock that lasts a day."""
    account: TikTokAccount = AccountFactory.create(data_source="sync", data_as_of=NOON)
    lamp = Product.objects.create(account=account, product_id="1", title="Lamp", stock=1)
    OrderLine.objects.create(
        account=account, product=lamp, order_id="1", quantity=28, ordered_at=NOON - timedelta(days=27)
    )
    workflow = workflow_of(agent_node("only", agent="inventory_sync"))
    store_definition(workflow, by="test")
    return work(start_run(workflow.slug, account_id=account.id, by="test", is_dry_run=dry))


def test_step_raises_the_alerts_of_its_answer() -> None:
    run = counted(dry=False)
    alert = Alert.objects.get()
    assert run.status == "succeeded"
    assert (alert.kind, alert.account_id, alert.workspace_id) == (
        "low_stock",
        run.account_id,
        run.workspace_id,
    )


def test_dry_run_warns_nobody() -> None:
    assert counted(dry=True).status == "succeeded"
    assert not Alert.objects.exists()
