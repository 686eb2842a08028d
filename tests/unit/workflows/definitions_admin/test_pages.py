"""The list of workflows, the page of a version, and of what code defines and never ran."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import AccountFactory
from tests.factories.pages import World, make_world
from tests.factories.workflows import WorkflowDefinitionFactory, WorkflowRunFactory, agent_node, workflow_of
from workflows.catalogue import WORKFLOWS, store_definition
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db

LIST = "/admin/workflows/workflowdefinition/"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return world.client("operator")


def page_of(row: WorkflowDefinition) -> str:
    return f"{LIST}{row.id}/change/"


def versions(count: int, slug: str = "made") -> list[WorkflowDefinition]:
    """Store so many versions of a workflow, the first one first."""
    return [
        store_definition(workflow_of(agent_node(f"n{number}"), slug=slug), by="a test")
        for number in range(count)
    ]


def listed(client: Client, query: str = "") -> list[tuple[str, int]]:
    answer: Any = client.get(LIST + query)
    return [(row.slug, row.version) for row in answer.context["cl"].result_list]


def test_list_shows_the_newest_version_of_each_unless_all_are_asked_for(client: Client) -> None:
    versions(3)
    versions(1, "other")
    assert listed(client) == [("made", 3), ("other", 1)]
    assert listed(client, "?versions=all") == [("made", 3), ("made", 2), ("made", 1), ("other", 1)]


def test_list_leads_to_what_code_defines_and_never_ran(client: Client) -> None:
    link = reverse("admin:workflows_workflowdefinition_code", args=["profile_audit"])
    assert link in client.get(LIST).text
    store_definition(WORKFLOWS["profile_audit"], by="a test")
    page = client.get(LIST).text
    assert link not in page
    assert reverse("admin:workflows_workflowdefinition_code", args=["post_draft"]) in page


def test_list_counts_only_the_runs_a_person_sees(world: World) -> None:
    row = WorkflowDefinitionFactory.create()
    for account in (world.account, world.account, AccountFactory.create()):
        WorkflowRunFactory.create(account=account, definition=row)

    def count(name: str) -> int:
        answer: Any = world.client(name).get(LIST)
        return int(answer.context["cl"].result_list[0].runs_seen)

    assert {name: count(name) for name in ("viewer", "stranger", "superuser")} == {
        "viewer": 2,
        "stranger": 0,
        "superuser": 3,
    }


def test_page_shows_the_graph_each_node_and_where_to_start(client: Client) -> None:
    row = store_definition(WORKFLOWS["post_draft"], by="a test")
    page = client.get(page_of(row)).text
    for node in WORKFLOWS["post_draft"].nodes:
        assert f'id="node-{node.key}"' in page
        assert f'href="#node-{node.key}"' in page
    assert 'aria-label="Publish?: asks a person"' in page
    assert row.digest in page
    assert reverse("admin:accounts_tiktokaccount_changelist") in page
    assert f"{reverse('admin:workflows_schedule_add')}?workflow=post_draft" in page


def test_page_without_the_role_to_run_has_no_start(world: World) -> None:
    row = WorkflowDefinitionFactory.create()
    assert "Start: choose an account" not in world.client("viewer").get(page_of(row)).text
    assert "Start: choose an account" in world.client("superuser").get(page_of(row)).text


def test_page_lists_every_version_with_its_runs_and_leads_to_the_newest(world: World, client: Client) -> None:
    first, second = versions(2)
    WorkflowRunFactory.create(account=world.account, definition=first)
    answer: Any = client.get(page_of(first))
    assert [(one.version, one.runs_seen) for one in answer.context["versions"]] == [(2, 0), (1, 1)]
    assert "This is an older version" in answer.text
    assert page_of(second) in answer.text
    assert "This is an older version" not in client.get(page_of(second)).text


def test_page_of_a_version_code_no_longer_defines_leads_to_what_it_does_now(client: Client) -> None:
    changed = WORKFLOWS["profile_audit"].model_copy(update={"purpose": "As it was."})
    row = store_definition(changed, by="a test")
    link = reverse("admin:workflows_workflowdefinition_code", args=["profile_audit"])
    assert link in client.get(page_of(row)).text
    assert "not run yet" in client.get(link).text
    store_definition(WORKFLOWS["profile_audit"], by="a test")
    assert link not in client.get(page_of(row)).text


def test_page_of_what_cannot_run_any_more_says_why_and_offers_no_start(client: Client) -> None:
    row = stored(workflow_of(agent_node("a", agent="gone")).model_dump(mode="json"))
    page = client.get(page_of(row)).text
    assert "is refused" in page
    assert "Start: choose an account" not in page


def test_page_of_nodes_without_an_order_has_no_picture(client: Client) -> None:
    circle = workflow_of(agent_node("a", "b"), agent_node("b", "a")).model_dump(mode="json")
    page = client.get(page_of(stored(circle))).text
    assert "no order that could be drawn" in page
    assert 'id="node-a"' in page


def test_page_of_what_cannot_be_read_any_more_shows_it_as_it_is_stored(client: Client) -> None:
    page = client.get(page_of(stored({"nodes": "<b>none</b>"}))).text
    assert "can no longer be read as a workflow" in page
    assert "&lt;b&gt;none&lt;/b&gt;" in page


def stored(definition: Any) -> WorkflowDefinition:
    """Return a definition as it lies in the database, checked by nobody."""
    return WorkflowDefinition.objects.create(slug="made", version=1, definition=definition, digest="0" * 64)


def test_page_of_code_that_never_ran_shows_its_graph(client: Client) -> None:
    page = client.get(reverse("admin:workflows_workflowdefinition_code", args=["own_post"])).text
    assert "defined in code and not run yet" in page
    assert "No version is stored" in page
    assert 'id="node-gate"' in page


def test_page_of_code_that_ran_is_that_of_its_version(client: Client) -> None:
    row = store_definition(WORKFLOWS["own_post"], by="a test")
    answer: Any = client.get(reverse("admin:workflows_workflowdefinition_code", args=["own_post"]))
    assert (answer.status_code, answer.url) == (302, page_of(row))


@pytest.mark.parametrize("name", ["operator", "nobody"])
def test_page_of_code_that_is_not_there_or_not_theirs_leads_to_the_list(world: World, name: str) -> None:
    slug = "nothing" if name == "operator" else "own_post"
    answer: Any = world.client(name).get(reverse("admin:workflows_workflowdefinition_code", args=[slug]))
    assert (answer.status_code, answer.url) == (302, LIST)


def test_schedule_it_begins_with_the_workflow_chosen(client: Client) -> None:
    answer: Any = client.get(f"{reverse('admin:workflows_schedule_add')}?workflow=own_post")
    assert answer.context["form"]["workflow"].value() == "own_post"
