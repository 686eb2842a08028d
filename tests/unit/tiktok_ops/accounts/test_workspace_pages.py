"""The page of a workspace: who works there, as what, for which brands; and its last owner stays."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.accounts import BrandFactory, MembershipFactory, WorkspaceFactory
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.models import Membership, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/workspace/"
P = "memberships"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _page(world: World) -> str:
    return f"{LIST}{world.workspace.pk}/change/"


def _form(world: World, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return what the page sends: the workspace, and these rows of members, the first ones known."""
    given: dict[str, Any] = {
        "name": world.workspace.name,
        "slug": world.workspace.slug,
        f"{P}-TOTAL_FORMS": len(rows),
        f"{P}-INITIAL_FORMS": initial,
    }
    for number, row in enumerate(rows):
        given |= {f"{P}-{number}-{name}": value for name, value in row.items()}
    return given


def _known(membership: Membership, **changes: Any) -> dict[str, Any]:
    """Return the row of a membership that is there."""
    values = {
        "id": str(membership.pk),
        "user": str(membership.user_id),
        "role": membership.role,
        "reach": membership.reach,
    }
    return values | changes


def _errors(answer: Any) -> list[str]:
    formset = answer.context["inline_admin_formsets"][0].formset
    return [
        *formset.non_form_errors(),
        *(error for form in formset.forms for errors in form.errors.values() for error in errors),
    ]


def test_open_list_counts_brands_and_accounts_apart(world: World) -> None:
    BrandFactory.create_batch(2, workspace=world.workspace)
    row: Any = world.client("viewer").get(LIST).context["cl"].result_list[0]
    assert (row.brand_total, row.account_total) == (3, 1)


def test_open_list_of_many_workspaces_asks_as_often_as_of_one(world: World) -> None:
    client = world.client("superuser")
    client.get(LIST)
    asked = []
    for more in (0, 20):
        WorkspaceFactory.create_batch(more)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        asked.append(len(queries))
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("name", "are_shown"),
    [("owner", True), ("auditor", True), ("superuser", True), ("viewer", False), ("client", False)],
)
def test_open_workspace_shows_its_members_to_owners_and_auditors(
    world: World, name: str, are_shown: bool
) -> None:
    page = world.client(name).get(_page(world)).content.decode()
    assert (world.people["finance"].username in page) is are_shown


def test_open_workspace_offers_no_foreign_brand_or_person(world: World) -> None:
    BrandFactory.create(name="Hidden brand")
    page = world.client("owner").get(_page(world)).content.decode()
    assert str(world.account.brand) in page
    assert "Hidden brand" not in page
    assert world.people["stranger"].username not in page


def test_add_workspace_as_superuser_asks_for_no_members_yet(world: World) -> None:
    given = {"name": "New team", "slug": "new-team"}
    assert world.client("superuser").post(f"{LIST}add/", given).status_code == 302
    made = Workspace.objects.get(slug="new-team")
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id) == ("workspace.created", made.pk)


def test_add_member_as_owner_is_on_record(world: World) -> None:
    row = {"user": str(world.people["viewer"].pk), "role": "approver", "reach": "workspace"}
    assert world.client("owner").post(_page(world), _form(world, row)).status_code == 302
    assert world.people["viewer"].memberships.filter(role="approver", workspace=world.workspace).exists()
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id) == ("membership.created", world.workspace.pk)
    assert event.data["role"] == "approver"


def test_add_member_for_brands_keeps_to_them(world: World) -> None:
    row = {
        "user": str(world.people["viewer"].pk),
        "role": "approver",
        "reach": "brands",
        "brands": [str(world.account.brand_id)],
    }
    assert world.client("owner").post(_page(world), _form(world, row)).status_code == 302
    membership = world.people["viewer"].memberships.get(role="approver")
    assert list(membership.brands.all()) == [world.account.brand]
    assert AuditEvent.objects.get().data["brands"] == [str(world.account.brand)]


def test_change_role_is_on_record_with_what_changed(world: World) -> None:
    membership = world.people["viewer"].memberships.get()
    row = _known(membership, role="auditor")
    assert world.client("owner").post(_page(world), _form(world, row, initial=1)).status_code == 302
    event = AuditEvent.objects.get()
    assert (event.verb, event.data) == ("membership.changed", {"role": "auditor"})


def test_remove_member_is_on_record(world: World) -> None:
    membership = world.people["viewer"].memberships.get()
    row = _known(membership, DELETE="on")
    assert world.client("owner").post(_page(world), _form(world, row, initial=1)).status_code == 302
    assert not world.people["viewer"].memberships.exists()
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id) == ("membership.deleted", world.workspace.pk)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"reach": "brands"}, "Name at least one brand, or choose the whole workspace."),
        ({"reach": "workspace", "brands": "own"}, "Brands are named only when the role is for named brands."),
        ({"role": "emperor"}, "Select a valid choice. emperor is not one of the available choices."),
    ],
)
def test_add_member_with_a_wrong_value_says_what_to_write(
    world: World, row: dict[str, Any], sentence: str
) -> None:
    given = {"user": str(world.people["viewer"].pk), "role": "approver", "reach": "workspace"} | row
    if "brands" in given:
        given["brands"] = [str(world.account.brand_id)]
    answer = world.client("owner").post(_page(world), _form(world, given))
    assert sentence in _errors(answer)
    assert world.people["viewer"].memberships.count() == 1


def test_add_member_with_a_brand_of_another_of_ones_workspaces_is_refused(world: World) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(workspace=other, user=world.people["owner"], role=Role.OWNER)
    brand = BrandFactory.create(workspace=other, name="Elsewhere")
    row = {
        "user": str(world.people["viewer"].pk),
        "role": "approver",
        "reach": "brands",
        "brands": [str(brand.pk)],
    }
    answer = world.client("owner").post(_page(world), _form(world, row))
    assert any("'Elsewhere' belongs to another workspace" in error for error in _errors(answer))


@pytest.mark.parametrize("name", ["stranger", "nobody", "superuser"])
def test_add_member_who_is_not_in_ones_workspaces_is_refused(world: World, name: str) -> None:
    row = {"user": str(world.people[name].pk), "role": "viewer", "reach": "workspace"}
    answer = world.client("owner").post(_page(world), _form(world, row))
    assert any("Select a valid choice" in error for error in _errors(answer))


def test_add_member_in_the_same_role_twice_is_refused(world: World) -> None:
    row = {"user": str(world.people["viewer"].pk), "role": "viewer", "reach": "workspace"}
    answer = world.client("owner").post(_page(world), _form(world, row))
    assert answer.status_code == 200
    assert world.people["viewer"].memberships.count() == 1


@pytest.mark.parametrize(
    "change", [{"DELETE": "on"}, {"role": "viewer"}, {"reach": "brands", "brands": "own"}]
)
def test_change_the_last_owner_is_refused(world: World, change: dict[str, Any]) -> None:
    membership = world.people["owner"].memberships.get()
    if "brands" in change:
        change = change | {"brands": [str(world.account.brand_id)]}
    answer = world.client("owner").post(_page(world), _form(world, _known(membership, **change), initial=1))
    assert "A workspace needs an owner: make somebody else owner first." in _errors(answer)
    membership.refresh_from_db()
    assert (membership.role, membership.reach) == ("owner", "workspace")


def test_change_one_of_two_owners_is_fine(world: World) -> None:
    MembershipFactory.create(workspace=world.workspace, role=Role.OWNER)
    row = _known(world.people["owner"].memberships.get(), role="viewer")
    assert world.client("owner").post(_page(world), _form(world, row, initial=1)).status_code == 302


def test_hand_over_ownership_in_one_form_is_fine(world: World) -> None:
    old = _known(world.people["owner"].memberships.get(), role="viewer")
    new = {"user": str(world.people["viewer"].pk), "role": "owner", "reach": "workspace"}
    assert world.client("owner").post(_page(world), _form(world, old, new, initial=1)).status_code == 302


def test_change_workspace_that_never_had_an_owner_asks_for_none() -> None:
    world = make_world()
    Membership.objects.filter(role=Role.OWNER).delete()
    assert world.client("superuser").post(_page(world), _form(world) | {"name": "Renamed"}).status_code == 302


def test_post_members_as_auditor_changes_nothing(world: World) -> None:
    row = {"user": str(world.people["auditor"].pk), "role": "owner", "reach": "workspace"}
    assert world.client("auditor").post(_page(world), _form(world, row)).status_code == 403
    assert world.people["auditor"].memberships.count() == 1


def test_post_members_as_brands_owner_changes_nothing(world: World) -> None:
    row = {"user": str(world.people["client"].pk), "role": "owner", "reach": "workspace"}
    assert world.client("client").post(_page(world), _form(world, row)).status_code == 403
    assert world.people["client"].memberships.count() == 1
