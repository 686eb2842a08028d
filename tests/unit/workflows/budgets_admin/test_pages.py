"""The pages of budgets: caps are set and changed by owners, what is used is shown, and a question is answered."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from agents.budgets.models import Budget, BudgetPeriod
from agents.budgets.services import cap_of_run
from agents.memory.models import MemoryItem
from approvals.models import Decision
from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, scripted, use_agents
from tests.factories.approvals import asked_run, request_of
from tests.factories.budgets import budget_of, held_call
from tests.factories.memory import lesson_of
from tests.factories.pages import World, agent_run, make_world
from tests.factories.posting import decide
from tests.factories.workflows import agent_node, run_of, workflow_of
from tiktok_ops.accounts.account_actions import account_actions
from workflows.dry_runs import run_for_real
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.replay import replay_run
from workflows.services import start_run
from workflows.spend_chart import spend_chart

pytestmark = pytest.mark.django_db

LIST = "/admin/agents/budget/"
SPEND = f"{LIST}spend/"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def new(world: World, **changes: Any) -> dict[str, Any]:
    """Return what the form of a new budget is sent with."""
    given = {
        "workspace": str(world.workspace.pk),
        "brand": "",
        "per": "month",
        "money": "real",
        "cap_usd": "20",
    }
    return given | changes


def test_owner_sets_a_cap_and_sees_what_is_spent_held_and_left(world: World) -> None:
    owner = world.client("owner")
    made: Any = owner.post(f"{LIST}add/", new(world, money="simulated"))
    budget = Budget.objects.get()
    assert made.url == f"{LIST}{budget.id}/change/"
    assert (budget.cap_usd, budget.is_simulated, budget.scope) == (Decimal(20), True, "workspace")
    assert "No call has counted in it yet." in text_of(owner.get(made.url))
    held_call(world.account)(Decimal("0.5"), None)
    held_call(world.account)
    shown = text_of(owner.get(LIST))
    assert "$0.5 spent, $1 held, $18.5 left of $20" in shown
    assert "simulated" in shown
    page = text_of(owner.get(made.url))
    assert "Held for calls under way" in page
    assert "$0.5 spent, $1 held, $18.5 left of $20" in page


def test_list_without_budgets_says_that_there_is_no_cap(world: World) -> None:
    assert "so there is no cap" in text_of(world.client("owner").get(LIST))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cap_usd": "-1"}, "greater than or equal to 0"),
        ({"cap_usd": "much"}, "Enter a number"),
        ({"cap_usd": "0.0000001"}, "6 decimal places"),
        ({"per": "year"}, "not one of the available choices"),
    ],
)
def test_cap_that_does_not_do_is_said_beside_its_field(
    world: World, change: dict[str, str], said: str
) -> None:
    assert said in text_of(world.client("owner").post(f"{LIST}add/", new(world, **change)))
    assert not Budget.objects.exists()


def test_second_budget_of_the_same_is_refused(world: World) -> None:
    budget_of(world.account, is_simulated=False)
    said = text_of(world.client("owner").post(f"{LIST}add/", new(world)))
    assert "There is such a budget already" in said


def test_owner_changes_a_cap_and_takes_it_out_of_force(world: World) -> None:
    budget = budget_of(world.account)
    owner, address = world.client("owner"), f"{LIST}{budget.id}/change_cap/"
    assert 'value="100"' in text_of(owner.get(address))
    assert owner.post(address, {"cap_usd": "5"}).status_code == 302
    budget.refresh_from_db()
    assert (budget.cap_usd, budget.is_in_force) == (Decimal(5), False)
    assert "off: no cap" in text_of(owner.get(LIST))
    assert "Enter a number" in text_of(owner.post(address, {"cap_usd": "x"}))


@pytest.mark.parametrize(
    "name", ["viewer", "operator", "approver", "finance", "auditor", "stranger", "nobody"]
)
def test_nobody_but_an_owner_changes_a_cap(world: World, name: str) -> None:
    budget = budget_of(world.account)
    answer = world.client(name).post(f"{LIST}{budget.id}/change_cap/", {"cap_usd": "5"})
    assert answer.status_code in {302, 403}
    budget.refresh_from_db()
    assert budget.cap_usd == Decimal(100)


def test_budget_of_each_run_and_of_one_run_say_so(world: World) -> None:
    budget_of(world.account, per="run", cap_usd=3)
    run = WorkflowRun.objects.create(
        workspace=world.workspace,
        account=world.account,
        definition=run_of(workflow_of(agent_node("only")), world.account).definition,
        as_of=timezone.now(),
    )
    own = budget_of(
        world.account, scope="run", per="run", run_id=run.id, brand=world.account.brand, cap_usd=2
    )
    shown = text_of(world.client("owner").get(LIST))
    assert "$3 for each run" in shown
    assert "$0 spent, $0 held, $2 left of $2" in shown
    page = text_of(world.client("owner").get(f"/admin/workflows/workflowrun/{run.id}/change/"))
    assert "Capped at $2; nothing is spent of it yet." in page
    held_call(world.account, run_id=run.id)
    page = text_of(world.client("owner").get(f"/admin/workflows/workflowrun/{run.id}/change/"))
    assert "Capped at $2 (simulated): $0 spent, $1 held for calls under way, $1 left." in page
    assert "A run" in text_of(world.client("owner").get(f"{LIST}{own.id}/change/"))


# A question about a budget ----------------------------------------------------------------------------


@pytest.fixture
def waiting(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> WorkflowRun:
    """Return a run that waits for its budget."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = scripted([{"summary": "All is well."}])
    budget_of(world.account, cap_usd="0.000001")
    run = run_of(workflow_of(agent_node("only", agent="speaker")), world.account)
    advance_run(run.id, seconds_left=lambda: 1000)
    return run


def test_finance_approver_raises_by_another_amount(world: World, waiting: WorkflowRun) -> None:
    asked = request_of(waiting)
    finance = world.client("finance")
    packet = text_of(finance.get(f"/admin/approvals/approvalrequest/{asked.id}/change/"))
    address = f"{LIST}answer/{asked.id}/"
    assert address in packet
    assert "Approve and raise by $0.01" in packet
    form = text_of(finance.get(address))
    assert "Go on" not in form  # it is the cheapest model already
    given = {"seen_sha256": asked.payload_sha256, "answer": "raise", "raise_by_usd": "4"}
    assert finance.post(address, given).status_code == 302
    assert Decision.objects.get().request_id == request_of(waiting).id != asked.id
    assert BudgetPeriod.objects.get().cap_usd == Decimal("4.000001")
    assert "already approved" in text_of(finance.post(address, given))


def test_question_is_there_for_nobody_else(world: World, waiting: WorkflowRun) -> None:
    asked = request_of(waiting)
    address = f"{LIST}answer/{asked.id}/"
    assert world.client("stranger").get(address).status_code == 404
    given = {"seen_sha256": asked.payload_sha256, "answer": "raise", "raise_by_usd": "4"}
    assert "You may not decide this" in text_of(world.client("operator").post(address, given))
    assert not Decision.objects.exists()


# Spend ------------------------------------------------------------------------------------------------


def test_spend_page_shows_one_kind_of_money_by_day_and_part(world: World) -> None:
    agent_run(world.account)
    agent_run(AccountFactory.create())  # somebody else's
    owner = world.client("owner")
    simulated = text_of(owner.get(SPEND))
    assert "What was spent: $0.000276" in simulated
    assert "nobody pays this" in simulated
    assert simulated.count("run-chart-bar") == 30
    assert "claude-haiku-5-5" in simulated
    real = text_of(owner.get(SPEND, {"money": "real"}))
    assert "What was spent: $0" in real
    assert "There is simulated money: choose it above." in real


def test_spend_page_of_days_without_any_says_so(world: World) -> None:
    day = f"{timezone.now() - timedelta(days=200):%Y-%m-%d}"
    shown = text_of(world.client("owner").get(SPEND, {"since": "1900-01-01", "until": day, "money": "gold"}))
    assert "No call to a model in these days cost any of this money." in shown
    assert text_of(world.client("owner").get(SPEND, {"since": "x", "until": "y"}))


def test_spend_chart_scales_to_the_dearest_day() -> None:
    since = timezone.now().date()
    chart = spend_chart(
        {since: Decimal(2), since + timedelta(days=1): Decimal(1)},
        since=since,
        until=since + timedelta(days=2),
    )
    assert chart is not None
    heights = [bar.height for bar in chart.bars]
    assert heights == [160.0, 80.0, 0.0]
    assert [mark.label for mark in chart.amounts] == ["$0.00", "$1.00", "$2.00"]
    assert spend_chart({}, since=since, until=since) is None


def test_team_sees_the_share_approved_without_edits(world: World) -> None:
    address = "/admin/approvals/approvalrequest/"
    assert "Approved without edits" not in text_of(world.client("approver").get(address))
    decide(asked_run(world.account))
    shown = text_of(world.client("approver").get(address))
    assert "Approved without edits" in shown
    assert "100.0 %" in shown
    assert "Approved without edits" not in text_of(world.client("stranger").get(address))


# Starting under a cap ---------------------------------------------------------------------------------


def test_run_dialog_says_what_it_costs_and_takes_a_cap(world: World) -> None:
    address = f"/admin/accounts/tiktokaccount/{world.account.pk}/run-profile-audit/"
    operator = world.client("operator")
    asks = text_of(operator.get(address, headers={"HX-Request": "true"}))
    assert "What it costs is not known yet" in asks
    assert "At most, in USD" in asks
    sent = {"_form_submitted": "True", "cap_usd": "0.25"}
    assert operator.post(address, sent, headers={"HX-Request": "true"}).status_code == 200
    run = WorkflowRun.objects.get(definition__slug="profile_audit")
    caps = Budget.objects.filter(run_id=run.id).values_list("is_simulated", "cap_usd", "brand")
    brand = world.account.brand_id
    assert set(caps) == {(False, Decimal("0.25"), brand), (True, Decimal("0.25"), brand)}
    operator.post(address, {"_form_submitted": "True", "cap_usd": ""}, headers={"HX-Request": "true"})
    assert Budget.objects.count() == 2


def test_action_with_a_form_is_one_that_starts() -> None:
    assert [action.name for action in account_actions() if action.form] == ["run_profile_audit"]


# Memory -----------------------------------------------------------------------------------------------


def test_approver_accepts_and_revokes_a_lesson_on_its_page(world: World) -> None:
    item = lesson_of(world.account)
    approver, address = world.client("approver"), f"/admin/agents/memoryitem/{item.id}"
    page = text_of(approver.get(f"{address}/change/"))
    assert "proposed: not told yet" in page
    for verb, status in (("accept", "active"), ("revoke", "revoked")):
        approver.post(f"{address}/{verb}/", {"_form_submitted": "True"}, headers={"HX-Request": "true"})
        item.refresh_from_db()
        assert item.status == status
    operator = world.client("operator").post(f"{address}/accept/", {"_form_submitted": "True"})
    assert operator.status_code in {302, 403}


def test_owner_writes_something_down_and_others_may_not(world: World) -> None:
    address = "/admin/agents/memoryitem/add/"
    given = {"brand": str(world.account.brand_id), "kind": "voice", "text": "We say du."}
    assert world.client("operator").post(address, given).status_code in {302, 403}
    owner = world.client("owner")
    assert owner.post(address, given).status_code == 302
    assert MemoryItem.objects.get().status == "active"
    assert "word for word" in text_of(owner.post(address, given))
    assert "We say du." in text_of(owner.get("/admin/agents/memoryitem/", {"q": "say"}))


def test_cap_of_a_dry_run_holds_when_it_is_run_for_real_and_in_a_replay(world: World) -> None:
    given: dict[str, Any] = {"account_id": world.account.id, "by": "test", "cap_usd": Decimal(1)}
    dry = start_run("profile_audit", **given, is_dry_run=True)
    real = run_for_real(run_id=dry.id, by="test")
    advance_run(real.id, seconds_left=lambda: 1000)
    again = replay_run(run_id=real.id, from_steps=["report"], by="test")
    assert {cap_of_run(run.id) for run in (dry, real, again)} == {Decimal(1)}
    assert cap_of_run(world.workspace.id) is None
