"""Who may do what on which admin page: every page that is registered, for every kind of person."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.forms.models import model_to_dict
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.accounts import AccountFactory
from tests.factories.pages import ROWS, World
from tests.forms import only_long
from tiktok_ops.admin import MachineWrittenAdmin, ScopedAdmin
from tiktok_ops.pages import site

pytestmark = pytest.mark.django_db

MEMBERS = frozenset({"viewer", "operator", "approver", "finance", "owner", "auditor", "superuser"})
SIGNED_IN_ROLES = MEMBERS | {"stranger", "client"}
OWNERS = frozenset({"owner", "superuser"})
SUPERUSERS = frozenset({"superuser"})
NOBODY: frozenset[str] = frozenset()
READS = re.compile(r"SELECT|DECLARE \S+ NO SCROLL CURSOR FOR SELECT|SAVEPOINT|RELEASE")
RENDERED = frozenset({"viewer", "owner", "superuser"})
"""Those who see the least and the most; of the others only what they are let into counts, and no page is rendered."""

PEOPLE = sorted(SIGNED_IN_ROLES | {"nobody", "anonymous"})


@dataclass(frozen=True)
class Access:
    """Who may open the list, and, of a row of the workspace, read, add, change and delete."""

    lists: frozenset[str]
    reads: frozenset[str]
    adds: frozenset[str] = NOBODY
    changes: frozenset[str] = NOBODY
    deletes: frozenset[str] = NOBODY


OF_THE_BRAND = Access(lists=SIGNED_IN_ROLES, reads=MEMBERS | {"client"})
OF_THE_WORKSPACE = Access(lists=SIGNED_IN_ROLES, reads=MEMBERS)
SHARED = Access(lists=SIGNED_IN_ROLES, reads=SIGNED_IN_ROLES)
MAY_ADD = OWNERS | {"stranger"}  # each in their own workspaces; the form offers no other

PAGES: dict[str, Access] = {
    "accounts.Workspace": Access(
        lists=SIGNED_IN_ROLES,
        reads=MEMBERS | {"client"},
        adds=SUPERUSERS,
        changes=OWNERS,
        deletes=SUPERUSERS,
    ),
    "accounts.Brand": Access(
        lists=SIGNED_IN_ROLES, reads=MEMBERS, adds=MAY_ADD, changes=OWNERS, deletes=OWNERS
    ),
    "accounts.TikTokAccount": Access(
        lists=SIGNED_IN_ROLES,
        reads=MEMBERS | {"client"},
        adds=MAY_ADD,
        changes=OWNERS | {"client"},
        deletes=OWNERS | {"client"},
    ),
    "accounts.User": Access(
        lists=OWNERS | {"stranger", "client"}, reads=OWNERS, adds=MAY_ADD, changes=OWNERS
    ),
    "accounts.ApiKey": Access(
        lists=OWNERS | {"auditor", "stranger", "client"},
        reads=OWNERS | {"auditor", "client"},
        adds=MAY_ADD,
    ),
    "content.Post": OF_THE_BRAND,
    "content.AccountMetrics": OF_THE_BRAND,
    "content.AudienceShare": OF_THE_BRAND,
    "content.Comment": OF_THE_BRAND,
    "content.Product": OF_THE_BRAND,
    "content.OrderLine": OF_THE_BRAND,
    "content.Artifact": OF_THE_BRAND,
    "content.ContentImport": OF_THE_BRAND,
    "content.Creator": OF_THE_WORKSPACE,
    "content.Asset": Access(
        lists=SIGNED_IN_ROLES, reads=MEMBERS | {"client"}, changes=OWNERS | {"operator", "client"}
    ),
    "content.Trend": SHARED,
    "audit.AuditEvent": Access(lists=OWNERS | {"auditor", "stranger", "client"}, reads=OWNERS | {"auditor"}),
    "alerts.Alert": OF_THE_BRAND,
    "agents.AgentRun": OF_THE_BRAND,
    "agents.ModelPrice": Access(
        lists=SIGNED_IN_ROLES,
        reads=SIGNED_IN_ROLES,
        adds=SUPERUSERS,
        changes=SUPERUSERS,
        deletes=SUPERUSERS,
    ),
    "agents.Breaker": SHARED,
    "agents.Budget": Access(lists=SIGNED_IN_ROLES, reads=MEMBERS | {"client"}, adds=MAY_ADD),
    "agents.MemoryItem": Access(
        lists=SIGNED_IN_ROLES, reads=MEMBERS | {"client"}, adds=MAY_ADD | {"approver", "client"}
    ),
    "agents.GuardrailPolicy": Access(lists=SIGNED_IN_ROLES, reads=MEMBERS, adds=MAY_ADD),
    "agents.GuardrailFinding": OF_THE_BRAND,
    "approvals.ApprovalRequest": OF_THE_BRAND,
    "approvals.Decision": OF_THE_BRAND,
    "workflows.Batch": OF_THE_BRAND,
    "workflows.Effect": OF_THE_BRAND,
    "workflows.Schedule": Access(
        lists=SIGNED_IN_ROLES, reads=MEMBERS | {"client"}, adds=MAY_ADD | {"operator", "client"}
    ),
    "workflows.StopSwitch": OF_THE_BRAND,
    "workflows.WorkflowRun": OF_THE_BRAND,
    "workflows.WorkflowDefinition": SHARED,
    "vault.Secret": Access(lists=OWNERS | {"stranger", "client"}, reads=OWNERS),
    # What providers say names accounts of every workspace.
    "workflows.WebhookMessage": Access(lists=SUPERUSERS, reads=SUPERUSERS),
    "workflows.WebhookRefusal": Access(lists=SUPERUSERS, reads=SUPERUSERS),
}

AMISS = {"content.Asset": {"rights_expire_at": "never"}}
"""What is amiss in the form of a page whose fields may all be left empty."""

REFUSED_GETS = {"content.Asset": {404, 405}, "agents.Budget": {404}}
"""How else a page may answer a GET: the row has no file, a file is checked by POST; a budget is no question."""

MODELS = sorted(site._registry, key=lambda model: model._meta.label)
EVERY_PAGE = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def _address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def _asked(world: World, asks: Callable[[Client], Any]) -> dict[str, Any]:
    """Return what everybody is answered; rendered for those in `RENDERED`."""
    answers: dict[str, Any] = {}
    for name in PEOPLE:
        with pytest.MonkeyPatch.context() as patched:
            if name not in RENDERED:
                patched.setattr(SimpleTemplateResponse, "rendered_content", b"")
            answers[name] = asks(world.client(name))
    return answers


def _who(world: World, asks: Callable[[Client], Any], status: int = 200) -> set[str]:
    """Return the people who are answered with `status`; the others must be refused, not failed."""
    answers = _asked(world, asks)
    return _let_in({name: answer.status_code for name, answer in answers.items()}, status)


def _listed(answer: Any) -> set[Any]:
    """Return the keys of the rows on a list."""
    return {row.pk for row in answer.context_data["cl"].result_list}


def _let_in(answers: dict[str, int], status: int = 200) -> set[str]:
    """Return whose answer is `status`; all the others must be refusals."""
    assert set(answers.values()) <= {status, 302, 403}, answers
    return {name for name, answered in answers.items() if answered == status}


def test_every_page_has_its_expectations_and_a_row() -> None:
    registered = {model._meta.label for model in MODELS}
    assert registered == set(PAGES)
    assert {model._meta.label for model in ROWS} == registered


def test_every_page_is_scoped() -> None:
    assert [page for page in site._registry.values() if not isinstance(page, ScopedAdmin)] == []


@EVERY_PAGE
def test_open_row_by_role_answers_or_hides_it(world: World, model: type[Model]) -> None:
    row = world.row(model)
    access = PAGES[model._meta.label]
    assert _who(world, lambda client: client.get(_address(model, "change", row.pk))) == access.reads


@EVERY_PAGE
def test_open_list_by_role_shows_only_what_may_be_read_or_refuses(world: World, model: type[Model]) -> None:
    row = world.row(model)
    access = PAGES[model._meta.label]
    answers = _asked(world, lambda client: client.get(_address(model, "changelist")))
    assert _let_in({name: answer.status_code for name, answer in answers.items()}) == access.lists
    shown = {name for name in access.lists if row.pk in _listed(answers[name])}
    assert shown == access.reads


@EVERY_PAGE
def test_open_add_form_by_role_answers_or_refuses(world: World, model: type[Model]) -> None:
    access = PAGES[model._meta.label]
    assert _who(world, lambda client: client.get(_address(model, "add"))) == access.adds


@EVERY_PAGE
def test_post_to_add_without_the_role_adds_nothing(world: World, model: type[Model]) -> None:
    access = PAGES[model._meta.label]
    before = model._default_manager.count()
    for name in set(PEOPLE) - access.adds:
        assert world.client(name).post(_address(model, "add"), {"name": "x"}).status_code in {302, 403}, name
    assert model._default_manager.count() == before


@EVERY_PAGE
def test_post_to_change_without_the_role_changes_nothing(world: World, model: type[Model]) -> None:
    row = world.row(model)
    access = PAGES[model._meta.label]
    written = model_to_dict(row)
    given = dict.fromkeys(written, "x") | {"_save": "Save"}
    for name in set(PEOPLE) - access.changes:
        answer = world.client(name).post(_address(model, "change", row.pk), given)
        assert answer.status_code in {302, 403}, name
    row.refresh_from_db()
    assert model_to_dict(row) == written


@EVERY_PAGE
def test_post_to_change_with_the_role_is_taken_as_a_form(world: World, model: type[Model]) -> None:
    row = world.row(model)
    access = PAGES[model._meta.label]
    for name in access.changes:
        answer = world.client(name).post(
            _address(model, "change", row.pk), _management_forms(world, model, row)
        )
        assert answer.status_code == 200, name
        assert answer.context["errors"], name


def _management_forms(world: World, model: type[Model], row: Model) -> dict[str, Any]:
    """Return what a form must carry for the rows within it, so that only its own fields are amiss."""
    page = world.client("superuser").get(_address(model, "change", row.pk))
    counts: dict[str, Any] = dict(AMISS.get(model._meta.label, {}))
    for inline in page.context["inline_admin_formsets"]:
        prefix = inline.formset.prefix
        counts |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return counts


@EVERY_PAGE
def test_open_delete_page_by_role_answers_or_refuses(world: World, model: type[Model]) -> None:
    row = world.row(model)
    access = PAGES[model._meta.label]
    assert _who(world, lambda client: client.get(_address(model, "delete", row.pk))) == access.deletes


@EVERY_PAGE
def test_post_to_delete_without_the_role_deletes_nothing(world: World, model: type[Model]) -> None:
    row = world.row(model)
    for name in set(PEOPLE) - PAGES[model._meta.label].deletes:
        answer = world.client(name).post(_address(model, "delete", row.pk), {"post": "yes"})
        assert answer.status_code in {302, 403}, name
    assert model._default_manager.filter(pk=row.pk).exists()


@EVERY_PAGE
def test_delete_selected_is_offered_nowhere(world: World, model: type[Model]) -> None:
    row = world.row(model)
    world.client("superuser").post(
        _address(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"},
    )
    assert model._default_manager.filter(pk=row.pk).exists()


MACHINE_WRITTEN = [model for model in MODELS if isinstance(site._registry[model], MachineWrittenAdmin)]


def test_machine_written_pages_are_what_the_machine_writes() -> None:
    by_people = {"accounts.Workspace", "accounts.Brand", "accounts.TikTokAccount", "accounts.User"}
    by_people |= {"accounts.ApiKey", "agents.ModelPrice", "content.Asset", "workflows.Schedule"}
    by_people |= {"agents.Budget", "agents.MemoryItem"}
    by_people |= {"agents.GuardrailPolicy"}
    assert {model._meta.label for model in MACHINE_WRITTEN} == set(PAGES) - by_people


def test_page_without_adding_changing_and_deleting_is_so_for_superusers_too() -> None:
    for model in MACHINE_WRITTEN:
        access = PAGES[model._meta.label]
        assert not access.adds | access.changes | access.deletes, model


# GET ------------------------------------------------------------------------------------------------


def _addresses(model: type[Model], row: Model) -> list[str]:
    """Return every address the page answers to, dialogs and panels included, for this row."""
    page = site._registry[model]
    named = [pattern for pattern in page.get_urls() if pattern.name]
    return [
        reverse(f"admin:{pattern.name}", args=[row.pk] if pattern.pattern.converters else [])
        for pattern in named
    ]


@EVERY_PAGE
@pytest.mark.parametrize("name", [pytest.param("owner", marks=only_long), "superuser"])
def test_get_changes_nothing(world: World, model: type[Model], name: str) -> None:
    row = world.row(model)
    client = world.client(name)
    expected = {200, 302, 403} | REFUSED_GETS.get(model._meta.label, set())
    for address in _addresses(model, row):
        _get_and_change_nothing(client, address, expected)


@pytest.mark.parametrize("address", ["/admin/", "/admin/search/?s=a&extended=1"])
@pytest.mark.parametrize("name", ["owner", "superuser"])
def test_get_a_page_about_rows_of_every_kind_changes_nothing(world: World, address: str, name: str) -> None:
    for model in MODELS:
        world.row(model)
    _get_and_change_nothing(world.client(name), address, {200})


def _get_and_change_nothing(client: Client, address: str, expected: set[int]) -> None:
    """Get the page; nothing but reading may come of it."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code in expected, address
    written = [query["sql"] for query in queries if not READS.match(query["sql"])]
    assert written == [], address


# Other workspaces -----------------------------------------------------------------------------------


@EVERY_PAGE
def test_answer_for_a_foreign_row_is_that_for_no_row(world: World, model: type[Model]) -> None:
    if PAGES[model._meta.label] is SHARED or model._meta.label == "agents.ModelPrice":
        return
    foreign = ROWS[model](AccountFactory.create())
    absent = foreign.pk.__class__(int=foreign.pk.int + 1)
    for name in ("viewer", "owner", "client"):
        client = world.client(name)
        for page in ("change", "history", "delete"):
            answers = [client.get(_address(model, page, key)) for key in (foreign.pk, absent)]
            codes = {answer.status_code for answer in answers}
            assert len(codes) == 1, (name, page)
            assert codes <= {302, 403}, (name, page)
            assert str(foreign) not in answers[0].content.decode(), (name, page)


@EVERY_PAGE
def test_search_and_filters_never_find_foreign_rows(world: World, model: type[Model]) -> None:
    if PAGES[model._meta.label].reads >= {"stranger"}:
        return
    foreign = ROWS[model](AccountFactory.create())
    own = ROWS[model](world.account)
    page = site._registry[model]
    client = world.client("owner")
    words = [str(getattr(foreign, name, "")) for name in page.search_fields]
    for query in ["", *(f"?q={word}" for word in words if word), f"?id__exact={foreign.pk}"]:
        answer: Any = client.get(_address(model, "changelist") + query, follow=True)
        found = _listed(answer) if "cl" in (answer.context or {}) else set()
        assert foreign.pk not in found, query
    assert own.pk != foreign.pk


# Queries --------------------------------------------------------------------------------------------


@EVERY_PAGE
def test_list_of_twenty_rows_asks_as_often_as_of_one(world: World, model: type[Model]) -> None:
    client = world.client("owner")
    world.row(model)
    client.get(_address(model, "changelist"))  # warms what is kept for the process
    asked = []
    for more in (0, 19):
        for _ in range(more):
            world.row(model)
        with CaptureQueriesContext(connection) as queries:
            client.get(_address(model, "changelist"))
        asked.append(len(queries))
    assert asked[0] == asked[1], [query["sql"] for query in queries]
    assert asked[0] <= 15
