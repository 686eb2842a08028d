"""The list of agents and the page of one: who reads them, what they say, whose runs they count."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from agents.models import AgentRun
from agents.registry import AGENTS
from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tests.factories.pages import World, make_world
from tests.factories.workflows import agent_node, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.navigation import sidebar
from workflows.agents_pages.rows import AgentRow, rows_for
from workflows.catalogue import store_definition

LIST = "/admin/workflows/workflowdefinition/agents/"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made_world(module_rows: None) -> World:
    """Make the world once for the module, and sign everybody in."""
    world = make_world()
    world.sign_in()
    return world


@pytest.fixture
def world(db: None, made_world: World) -> World:
    return deepcopy(made_world)


@pytest.fixture
def client(world: World) -> Client:
    return world.client("viewer")


def ran(account: TikTokAccount, agent: str = "account_health", **changes: Any) -> AgentRun:
    values: dict[str, Any] = {"status": "succeeded", "output": {}, "latency_ms": 12, "as_of": NOON} | changes
    return AgentRun.objects.create(account=account, agent=agent, **values)


def row(world: World, person: str, agent: str = "account_health") -> AgentRow:
    user = world.people[person]
    return next(one for one in rows_for(user) if one.sheet.name == agent)


def test_list_shows_every_agent_with_its_purpose_and_the_way_to_its_page(client: Client) -> None:
    page = client.get(LIST)
    assert page.status_code == 200
    for name, agent in AGENTS.items():
        assert f'href="{LIST}{name}/"' in page.text
        assert escape(agent.purpose) in page.text
    assert "no workflow yet" not in page.text


@pytest.mark.parametrize("address", [LIST, f"{LIST}account_health/"])
def test_pages_of_agents_are_for_whoever_reads_workflows(world: World, address: str) -> None:
    answers = {
        name: world.client(name).get(address).status_code
        for name in ("viewer", "auditor", "client", "superuser", "nobody", "anonymous")
    }
    assert answers == {
        "viewer": 200,
        "auditor": 200,
        "client": 200,
        "superuser": 200,
        "nobody": 403,
        "anonymous": 302,
    }


def test_list_is_in_the_sidebar_under_its_own_name(client: Client) -> None:
    page = client.get(LIST).text
    heading = page.partition("<h1")[2].partition("</h1>")[0]
    assert "Agents" in heading
    assert f'href="{LIST}"' in client.get("/admin/").text


def test_list_is_the_one_entry_of_the_sidebar_that_is_marked(rf: RequestFactory, world: World) -> None:
    def marked(path: str) -> list[str]:
        request = rf.get(path)
        request.user = world.people["viewer"]
        return [item["title"] for group in sidebar(request) for item in group["items"] if item["active"]]

    assert marked(LIST) == marked(f"{LIST}account_health/") == ["Agents"]
    assert marked("/admin/workflows/workflowdefinition/") == ["Workflows"]
    assert marked("/admin/") == []


def test_list_counts_runs_and_money_of_thirty_days_that_the_person_sees(world: World) -> None:
    ran(world.account, cost_usd=Decimal("0.5"), is_simulated=False)
    ran(world.account, cost_usd=Decimal("0.25"), is_simulated=True)
    ran(world.account, agent="compliance")
    ran(world.account, cost_usd=9, started_at=timezone.now() - timedelta(days=31))
    ran(AccountFactory.create(), cost_usd=7)
    mine, theirs = row(world, "viewer"), row(world, "stranger")
    assert (mine.runs, theirs.runs, row(world, "superuser").runs) == (2, 0, 3)
    assert mine.cost.count("$") == 2
    assert "0.5" in mine.cost
    assert "0.25" in mine.cost
    assert "simulated" in mine.cost
    assert (theirs.cost, theirs.last_at) == ("–", None)
    assert mine.last_at is not None
    assert "&lt;" not in mine.cost
    assert mine.cost in world.client("viewer").get(LIST).text


def test_list_names_the_workflows_that_ask_each_agent_stored_ones_too(world: World) -> None:
    store_definition(
        workflow_of(
            agent_node("a", agent="catalog_sync"), agent_node("b", agent="catalog_sync"), slug="zz_made"
        ),
        by="a test",
    )
    uses = {
        one.sheet.name: [(use.label, use.url) for use in one.uses] for one in rows_for(world.people["viewer"])
    }
    assert ("Made", "/admin/workflows/workflowdefinition/?q=zz_made") in uses["catalog_sync"]
    code = reverse("admin:workflows_workflowdefinition_code", args=["profile_audit"])
    assert code in [url for _, url in uses["account_health"]]
    show = reverse("admin:workflows_workflowdefinition_code", args=["live_show"])
    assert [url for _, url in uses["live_stream_ops"]] == [show]


@pytest.mark.parametrize("address", [LIST, f"{LIST}account_health/"])
def test_pages_of_agents_ask_as_often_for_many_runs_as_for_one(
    world: World, client: Client, address: str
) -> None:
    counts = []
    for more in (1, 11):
        for _ in range(more):
            ran(world.account)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 15


@pytest.mark.parametrize("name", ["account_health", "inventory_sync", "ad_campaign_director"])
def test_page_of_an_agent_shows_input_output_formula_thresholds_prompt_and_example(
    client: Client, name: str
) -> None:
    page: Any = client.get(f"{LIST}{name}/")
    sheet = page.context["sheet"]
    for field in (*AGENTS[name].Input.model_fields, *AGENTS[name].Output.model_fields):
        assert f"<code>{field}</code>" in page.text
    assert all(f"<code>{one.name}</code>" in page.text for one in sheet.thresholds)
    assert all(f"<h3>{rule.label[:1].upper()}{rule.label[1:]}</h3>" in page.text for rule in sheet.rules)
    assert escape(sheet.prompt) in page.text
    assert ("Nothing: the figures are the whole answer." in page.text) == (name == "inventory_sync")
    assert [key for key in sheet.example if escape(f'"{key}"') not in page.text] == []
    assert "It has not run on any account you see." in page.text


def test_page_of_an_agent_lists_the_last_ten_runs_that_the_person_sees(world: World, client: Client) -> None:
    for _ in range(11):
        ran(world.account)
    failed = ran(world.account, status="failed", output=None, latency_ms=None)
    foreign = ran(AccountFactory.create())
    answer: Any = client.get(f"{LIST}account_health/")
    runs = answer.context["runs"]
    assert (len(runs), runs[0].run, runs[0].took) == (10, failed, "–")
    assert reverse("admin:agents_agentrun_change", args=[failed.id]) in answer.text
    assert str(foreign.id) not in answer.text


def test_page_of_an_unknown_agent_leads_back_to_the_list_and_says_so(client: Client) -> None:
    answer = client.get(f"{LIST}nobody/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert escape("There is no agent 'nobody'.") in answer.text
