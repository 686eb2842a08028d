"""What has to be so before a run that spends: in which money, known and said before anybody approves."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.sandbox.tiktok.records import Kind, plant, record
from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.posting import providers, work
from tests.factories.tiktok_world import BEGAN
from tests.factories.workflows import run_of, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import PreflightNode
from workflows.preflight import missing_of, wrong_currency

SPENDS = PreflightNode(key="ready", label="Ready?", spends=True, inputs={"currency": "brief.currency"})


@pytest.fixture
def account(committed_db: str) -> TikTokAccount:
    """Give an account whose advertiser pays in euros."""
    brand = BrandFactory.create()
    made: TikTokAccount = AccountFactory.create(
        workspace=brand.workspace, brand=brand, data_as_of=timezone.now(), data_source="sync"
    )
    plant([record(Kind.ADVERTISER, made.handle, "advertiser", {"currency": "EUR"}, at=BEGAN)])
    return made


def step_of(account: TikTokAccount, node: PreflightNode = SPENDS, **given: Any) -> WorkflowStep:
    """Return the preflight's step of a run with this brief, when it has been worked on."""
    run: WorkflowRun = work(run_of(workflow_of(node, slug="ready"), account=account, given=given))
    return run.steps.get()


@pytest.mark.parametrize("given", [{}, {"currency": "EUR"}])
def test_preflight_of_spending_puts_out_the_advertisers_currency(
    account: TikTokAccount, given: dict[str, Any]
) -> None:
    step = step_of(account, **given)
    assert (step.status, (step.output or {}).get("currency")) == ("succeeded", "EUR"), step.error


def test_preflight_of_money_in_another_currency_fails_with_the_right_one(account: TikTokAccount) -> None:
    step = step_of(account, currency="USD")
    assert step.status == "failed"
    assert step.error == (
        f"The currency 'USD' is not that of the advertiser of {account}, who pays in EUR: start again with amounts "
        "in EUR, or leave the currency out."
    )


def test_preflight_that_tiktok_does_not_answer_is_tried_again(account: TikTokAccount, settings: Any) -> None:
    settings.PROVIDERS = providers(advertiser_info={"server_error_before": 1})
    step = step_of(account)
    assert (step.status, step.tries) == ("ready", 1)


def test_preflight_in_another_mode_than_the_accounts_asks_nobody(
    account: TikTokAccount, settings: Any
) -> None:
    live = {**providers()["tiktok"], "MODE": "live"}
    settings.PROVIDERS = {**providers(), "tiktok": live}
    step = step_of(account)
    assert step.status == "failed"
    assert "is of the mode 'sandbox' and TIKTOK_MODE is 'live'" in step.error


def test_preflight_that_spends_nothing_asks_for_no_currency(account: TikTokAccount) -> None:
    step = step_of(account, PreflightNode(key="ready", label="Ready?"))
    assert (step.status, (step.output or {})["currency"]) == ("succeeded", None)


def test_say_that_tiktok_tells_no_currency() -> None:
    account = TikTokAccount(handle="lumen")
    assert "does not say in which currency" in wrong_currency(account, "", given="USD")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ownership": "third_party"}, "belongs to somebody else"),
        ({"brand": None}, "has no brand"),
        ({"data_as_of": None}, "has no data yet"),
        ({"data_as_of": BEGAN}, "is as of 2026-11-01, more than 14 days ago"),
        ({}, ""),
    ],
)
def test_say_what_is_missing_of_an_account(changes: dict[str, Any], said: str) -> None:
    brand = BrandFactory.create()
    now = BEGAN + timedelta(days=15)
    fields = {"workspace": brand.workspace, "brand": brand, "data_as_of": now} | changes
    missing = missing_of(AccountFactory.build(**fields), most_days=14, now=now)
    assert said in missing
    assert bool(said) == bool(missing)
