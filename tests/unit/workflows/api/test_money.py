"""Starting a run under a cap, reading budgets and spend, and answering a question about money, over the API."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from agents.budgets.models import Budget, BudgetPeriod
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import made_agent, scripted, use_agents
from tests.factories.approvals import request_of
from tests.factories.budgets import budget_of, held_call
from tests.factories.pages import agent_run
from tests.factories.workflows import agent_node, run_of, workflow_of
from tests.unit.approvals.api.deciding import decide
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tests.unit.workflows.api.starting import body_for, post, starter
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.budget_approvals import BudgetQuestion, answer_with
from workflows.engine import advance_run
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db

BUDGETS, SPEND = "/api/v1/budgets/", "/api/v1/spend/"


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    return made


@pytest.fixture
def client(account: TikTokAccount) -> Client:
    return using(make_key(account.workspace))


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def test_start_a_run_under_a_cap(account: TikTokAccount) -> None:
    answer = post(starter(account.workspace), body_for(account, cap_usd="0.5"))
    assert answer.status_code == 201, answer.json()
    caps = Budget.objects.filter(run_id=answer.json()["id"]).values_list("cap_usd", flat=True)
    assert list(caps) == [Decimal("0.5")] * 2


@pytest.mark.parametrize("cap", ["-1", "much", "0.0000001", "1000001"])
def test_start_with_a_cap_that_does_not_do_is_422_and_starts_nothing(
    account: TikTokAccount, cap: str
) -> None:
    answer = post(starter(account.workspace), body_for(account, cap_usd=cap))
    assert answer.status_code == 422, answer.json()
    assert not WorkflowRun.objects.exists()
    assert not Budget.objects.exists()


def test_read_budgets_says_what_is_spent_held_and_left(account: TikTokAccount, client: Client) -> None:
    budget_of(account, cap_usd=10)
    held_call(account)(Decimal("0.25"), None)
    held_call(account)
    [found] = client.get(BUDGETS).json()["results"]
    assert found["now"] == {
        "cap": usd("10.000000"),
        "spent": usd("0.250000"),
        "reserved": usd("1.000000"),
        "left": usd("8.750000"),
        "overrun": usd("0.000000"),
    }
    assert (found["simulated"], found["in_force"], found["per"]) == (True, True, "month")


def test_key_for_the_sandbox_reads_simulated_money_only(account: TikTokAccount) -> None:
    budget_of(account, is_simulated=False)
    budget_of(account)
    shown = {
        only: [one["simulated"] for one in using(key).get(BUDGETS).json()["results"]]
        for only, key in ((only, make_key(account.workspace, is_sandbox_only=only)) for only in (True, False))
    }
    assert shown == {True: [True], False: [True, False]}


def test_read_spend_groups_by_day_workflow_agent_and_model(account: TikTokAccount, client: Client) -> None:
    agent_run(account)
    agent_run(account)
    agent_run(AccountFactory.create())
    [found] = client.get(SPEND).json()["results"]
    assert found["id"] == f"{found['day']}.–.made.claude-haiku-5-5.sandbox.simulated"
    assert (found["calls"], found["cost"], found["simulated"]) == (2, usd("0.000552"), True)
    assert (found["input_tokens"], found["output_tokens"]) == (2_408, 620)
    day = found["day"]
    assert client.get(SPEND, {"since": day, "until": day}).json()["results"] == [found]
    assert client.get(SPEND, {"until": "2020-01-01"}).json()["results"] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "yesterday"}, "'yesterday' is no day"),
        ({"since": "2026-01-01", "until": "2026-06-01"}, "is no span of 1 to 92 days"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "is no span of 1 to 92 days"),
    ],
)
def test_read_spend_of_days_there_are_not_is_422(client: Client, asked: dict[str, str], said: str) -> None:
    answer = client.get(SPEND, asked)
    assert answer.status_code == 422
    assert said in str(answer.json())


def test_answer_a_question_about_money_with_another_amount(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = scripted([{"summary": "All is well."}])
    budget_of(account, cap_usd="0.000001")
    run = run_of(workflow_of(agent_node("only", agent="speaker")), account)
    advance_run(run.id, seconds_left=lambda: 1000)
    asked = request_of(run)
    payload = answer_with(
        BudgetQuestion.model_validate_json(bytes(asked.payload)), answer="raise", raise_by_usd=Decimal(3)
    )
    finance = Client()
    finance.force_login(person(account.workspace, Role.FINANCE))
    refused = decide(finance, asked, verb="reject", comment="No.", payload=payload, key="one-refused-name")
    assert refused.status_code == 422
    wrong = decide(finance, asked, payload=payload | {"raise_by_usd": "-3"}, key="another-refused-name")
    assert wrong.status_code == 422
    assert "raise_by_usd" in str(wrong.json())
    answer = decide(finance, asked, payload=payload)
    assert answer.status_code == 200, answer.json()
    assert answer.json()["approval_id"] == str(request_of(run).id) != str(asked.id)
    assert BudgetPeriod.objects.get().cap_usd == Decimal("3.000001")
