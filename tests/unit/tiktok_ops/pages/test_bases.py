"""What every page inherits: choices of one's own workspaces, records of changes, plain empty states."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.test import RequestFactory

from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, WorkspaceFactory, person
from tests.factories.pages import World
from tiktok_ops.accounts.account_actions import account_actions
from tiktok_ops.accounts.models import ApiKey, Brand, Membership, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.admin import ScopedAdmin, choosable
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import PostMetrics, Trend
from tiktok_ops.pages import site

BRANDS = "/admin/accounts/brand/"


class UnsaidAdmin(ScopedAdmin):
    """A page that says neither whose its rows are nor that they are everybody's."""


def _request(user: User) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize("model", [PostMetrics, Trend])
def test_open_page_that_does_not_say_whose_rows_are_is_refused(world: World, model: type[Model]) -> None:
    with pytest.raises(ImproperlyConfigured, match="give it a manager of ScopedQuerySet, or its page"):
        UnsaidAdmin(model, site).get_queryset(_request(world.people["owner"]))


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_ask_for_anything_as_somebody_switched_off_is_refused(world: World, change: dict[str, bool]) -> None:
    page: Any = site.get_model_admin(Brand)
    for name in ("owner", "superuser"):
        user = world.people[name]
        for field, value in change.items():
            setattr(user, field, value)
        assert not page.is_granted(_request(user), Capability.READ)
        assert not page.is_granted(_request(user), Capability.READ, world.account.brand)


def test_read_roles_happens_once_a_request(world: World, django_assert_num_queries: Any) -> None:
    request = _request(world.people["owner"])
    with django_assert_num_queries(1):
        for page in site._registry.values():
            page.has_view_permission(request)
            page.has_add_permission(request)
            page.has_change_permission(request)


# Choices ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sees_workspace", "sees_brand"),
    [
        ("owner", True, True),
        ("superuser", True, True),
        ("client", False, True),
        ("operator", False, False),
        ("stranger", False, False),
    ],
)
def test_choose_rows_to_write_offers_what_one_manages(
    world: World, name: str, sees_workspace: bool, sees_brand: bool
) -> None:
    user = world.people[name]
    offered = {model: set(choosable(model, user, Capability.MANAGE)) for model in (Workspace, Brand)}
    assert (world.workspace in offered[Workspace]) is sees_workspace
    assert (world.account.brand in offered[Brand]) is sees_brand


def test_choose_people_offers_those_of_ones_workspaces(world: World) -> None:
    offered = set(choosable(User, world.people["owner"], Capability.MANAGE))
    assert world.people["viewer"] in offered
    assert offered.isdisjoint({world.people["stranger"], world.people["nobody"], world.people["superuser"]})


def test_open_add_form_offers_no_foreign_row(world: World) -> None:
    BrandFactory.create(name="Hidden brand", workspace=WorkspaceFactory.create(name="Hidden team"))
    page = world.client("owner").get("/admin/accounts/tiktokaccount/add/").content.decode()
    assert str(world.account.brand) in page
    assert "Hidden" not in page


def test_open_add_form_with_one_workspace_has_it_chosen(world: World) -> None:
    form: Any = world.client("owner").get(f"{BRANDS}add/").context["adminform"].form
    assert form["workspace"].value() == world.workspace.pk


def test_open_add_form_with_two_workspaces_leaves_the_choice(world: World) -> None:
    MembershipFactory.create(workspace=WorkspaceFactory.create(), user=world.people["owner"], role=Role.OWNER)
    form: Any = world.client("owner").get(f"{BRANDS}add/").context["adminform"].form
    assert form["workspace"].value() is None


def test_post_a_foreign_workspace_is_refused_as_no_choice(world: World) -> None:
    foreign = WorkspaceFactory.create()
    given = {"workspace": foreign.pk, "name": "New", "voice": "", "guidelines": "", "banned_claims": ""}
    answer = world.client("owner").post(f"{BRANDS}add/", given)
    assert "Select a valid choice" in answer.content.decode()
    assert not Brand.objects.filter(workspace=foreign).exists()


def test_autocomplete_never_names_foreign_people(world: World) -> None:
    mine = person(world.workspace, Role.VIEWER, username="findme_mine")
    person(WorkspaceFactory.create(), Role.VIEWER, username="findme_foreign")
    asked = {"app_label": "accounts", "model_name": "membership", "field_name": "user", "term": "findme"}
    answer = world.client("owner").get("/admin/autocomplete/", asked)
    assert [each["id"] for each in answer.json()["results"]] == [str(mine.pk)]
    assert world.client("operator").get("/admin/autocomplete/", asked).status_code == 403


def test_filter_by_related_row_offers_only_ones_own(world: World) -> None:
    AccountFactory.create(handle="hidden_one")
    page = world.client("viewer").get("/admin/content/post/").content.decode()
    assert f"@{world.account.handle}" in page
    assert "hidden_one" not in page


# Records ---------------------------------------------------------------------------------------------


def test_add_a_row_is_on_record_with_its_values(world: World) -> None:
    given = {
        "workspace": world.workspace.pk,
        "name": "New brand",
        "voice": "Calm.",
        "guidelines": "",
        "banned_claims": "cures,heals",
    }
    assert world.client("owner").post(f"{BRANDS}add/", given).status_code == 302
    event = AuditEvent.objects.get()
    assert (event.verb, event.subject) == ("brand.created", "brand New brand")
    assert event.workspace_id == world.workspace.pk
    assert event.actor == f"user:{world.people['owner'].username}"
    assert event.data["banned_claims"] == ["cures", "heals"]


def test_change_a_row_is_on_record_with_what_changed_only(world: World) -> None:
    brand = BrandFactory.create(workspace=world.workspace, voice="Loud.")
    given = {"name": brand.name, "voice": "Calm.", "guidelines": "", "banned_claims": "cures everything"}
    assert world.client("owner").post(f"{BRANDS}{brand.pk}/change/", given).status_code == 302
    event = AuditEvent.objects.get()
    assert (event.verb, event.data) == ("brand.changed", {"voice": "Calm."})


def test_save_a_row_as_it_was_leaves_no_record(world: World) -> None:
    brand = BrandFactory.create(workspace=world.workspace, banned_claims=[])
    given = {"name": brand.name, "voice": brand.voice, "guidelines": "", "banned_claims": ""}
    assert world.client("owner").post(f"{BRANDS}{brand.pk}/change/", given).status_code == 302
    assert not AuditEvent.objects.exists()


def test_delete_a_row_is_on_record_after_it_is_gone(world: World) -> None:
    brand = BrandFactory.create(workspace=world.workspace, name="Old")
    assert world.client("owner").post(f"{BRANDS}{brand.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Brand.objects.filter(pk=brand.pk).exists()
    event = AuditEvent.objects.get()
    assert (event.verb, event.subject, event.workspace_id) == (
        "brand.deleted",
        "brand Old",
        world.workspace.pk,
    )


# What people see -------------------------------------------------------------------------------------


def test_open_empty_list_says_what_to_do_next(world: World) -> None:
    page = world.client("operator").get("/admin/content/post/").content.decode()
    assert "Nothing here yet" in page
    assert "choose Import a file" in page


def test_open_list_where_nothing_matches_offers_to_show_all(world: World) -> None:
    page = world.client("operator").get("/admin/accounts/tiktokaccount/?q=zzz").content.decode()
    assert "Nothing matches" in page
    assert "Show all" in page


def test_open_empty_list_offers_adding_only_to_who_may(world: World) -> None:
    ApiKey.objects.all().delete()
    assert "Add API key" in world.client("owner").get("/admin/accounts/apikey/").content.decode()
    assert "Add API key" not in world.client("auditor").get("/admin/accounts/apikey/").content.decode()


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("viewer", {"Accounts", "Runs", "Posts", "Reports", "Prices"}, {"People", "Audit", "API keys"}),
        ("auditor", {"Audit", "API keys"}, {"People"}),
        ("owner", {"People", "Audit", "API keys"}, set()),
        ("nobody", set(), {"Accounts", "Runs", "Posts", "People", "Audit", "Prices"}),
    ],
)
def test_open_start_page_shows_the_pages_one_may_open(
    world: World, name: str, there: set[str], absent: set[str]
) -> None:
    answer = world.client(name).get("/admin/")
    groups: Any = answer.context["sidebar_navigation"]
    shown = {item["title"] for group in groups for item in group["items"] if item["has_permission"]}
    assert there <= shown
    assert shown.isdisjoint(absent)
    for title in there:
        assert title in answer.content.decode()


def test_every_action_of_a_row_asks_in_a_dialog_first() -> None:
    """Or it is a page with a form, which acts on POST only: `test_get_changes_nothing` opens those, too."""
    pages: list[Any] = list(site._registry.values())
    forms = {f"accounts_tiktokaccount_{each.name}" for each in account_actions() if each.page}
    assert forms == {
        f"accounts_tiktokaccount_{name}"
        for name in ("new_post", "new_photo_post", "draft_a_post", "connect_to_tiktok")
    }
    forms |= {"workflows_schedule_edit", "agents_budget_change_cap", "agents_budget_spend"}
    forms |= {"workflows_schedule_edit", "agents_guardrailpolicy_edit"}
    for page in pages:
        for action in [
            *page._get_base_actions_detail(),
            *page._get_base_actions_row(),
            *page._get_base_actions_list(),
        ]:
            assert action.dialog or action.action_name in forms, f"{page} runs {action.action_name} on GET"
            assert action.method.allowed_permissions, action.action_name


def test_membership_is_no_page_of_its_own() -> None:
    assert not site.is_registered(Membership)
    assert site.is_registered(TikTokAccount)
