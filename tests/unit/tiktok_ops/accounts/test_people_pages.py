"""The pages of people: owners make and change those of their workspaces, superusers alone make superusers."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from tests.factories.accounts import PASSWORD, MembershipFactory, WorkspaceFactory, person
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.pages import site

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"
NEW_PASSWORD = "another long enough password"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _form(user: User, **changes: Any) -> dict[str, Any]:
    """Return what the page of a person sends."""
    counts = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    return {"username": user.username, "is_active": "on", **counts, **changes}


def _new(world: World, **changes: Any) -> dict[str, Any]:
    """Return what the form of a new person sends."""
    return {
        "username": "newcomer",
        "first_name": "New",
        "last_name": "Comer",
        "email": "new@example.org",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "workspace": str(world.workspace.pk),
        "role": "approver",
        **changes,
    }


def test_groups_have_no_page() -> None:
    assert not site.is_registered(Group)


def test_open_list_as_owner_shows_the_team_with_its_roles(world: World) -> None:
    page = world.client("owner").get(LIST).content.decode()
    for role in Role:
        assert world.people[role].username in page
        assert role.value.title() in page
    for name in ("stranger", "nobody", "superuser"):
        assert world.people[name].username not in page


def test_open_list_shows_no_roles_held_elsewhere(world: World) -> None:
    MembershipFactory.create(user=world.people["viewer"], role=Role.FINANCE)
    changelist: Any = world.client("owner").get(LIST).context["cl"]
    roles = {row.username: [each.role for each in row.seen_memberships] for row in changelist.result_list}
    assert roles[world.people["viewer"].username] == ["viewer"]


def test_open_person_shows_the_roles_in_ones_own_workspaces_only(world: World) -> None:
    MembershipFactory.create(
        user=world.people["viewer"], role=Role.FINANCE, workspace=WorkspaceFactory.create(name="Hidden team")
    )
    page = world.client("owner").get(f"{LIST}{world.people['viewer'].pk}/change/").content.decode()
    assert world.workspace.name in page
    assert "Hidden team" not in page


# New people ------------------------------------------------------------------------------------------


def test_add_person_as_owner_gives_the_role_and_lets_them_sign_in(world: World) -> None:
    assert world.client("owner").post(f"{LIST}add/", _new(world)).status_code == 302
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.check_password(NEW_PASSWORD)
    assert (newcomer.is_staff, newcomer.is_superuser, newcomer.is_active) == (True, False, True)
    assert [(each.workspace, each.role) for each in newcomer.memberships.all()] == [
        (world.workspace, "approver")
    ]
    verbs = {event.verb: event for event in AuditEvent.objects.all()}
    assert set(verbs) == {"person.created", "membership.created"}
    assert {event.workspace_id for event in verbs.values()} == {world.workspace.pk}
    assert NEW_PASSWORD not in str([event.data for event in verbs.values()])
    assert newcomer.password not in str([event.data for event in verbs.values()])


@pytest.mark.parametrize(
    "changes",
    [
        {"is_superuser": "on"},
        {"is_staff": "on", "is_superuser": "on", "user_permissions": ["1"], "groups": []},
    ],
)
@pytest.mark.parametrize("name", ["owner", "superuser"])
def test_add_person_with_powers_gives_none(world: World, name: str, changes: dict[str, Any]) -> None:
    world.client(name).post(f"{LIST}add/", _new(world, **changes))
    newcomer = User.objects.get(username="newcomer")
    assert not newcomer.is_superuser
    assert not newcomer.user_permissions.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"workspace": ""}, "workspace"),
        ({"workspace": "foreign"}, "workspace"),
        ({"role": "emperor"}, "role"),
        ({"password2": "something else entirely"}, "password2"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"password1": "", "password2": ""}, "password1"),
        ({"username": "two words"}, "username"),
    ],
)
def test_add_person_with_a_wrong_value_adds_nobody(world: World, changes: dict[str, str], field: str) -> None:
    if changes.get("workspace") == "foreign":
        changes = {"workspace": str(WorkspaceFactory.create().pk)}
    answer = world.client("owner").post(f"{LIST}add/", _new(world, **changes))
    errors: Any = answer.context["adminform"].form.errors
    assert field in errors
    assert not User.objects.filter(username="newcomer").exists()


def test_add_person_as_superuser_may_leave_the_workspace_out(world: World) -> None:
    assert world.client("superuser").post(f"{LIST}add/", _new(world, workspace="")).status_code == 302
    assert not User.objects.get(username="newcomer").memberships.exists()
    assert AuditEvent.objects.get().workspace_id is None


def test_add_person_as_brands_owner_is_forbidden(world: World) -> None:
    assert world.client("client").post(f"{LIST}add/", _new(world)).status_code == 403


# Changes ---------------------------------------------------------------------------------------------


def test_change_person_as_owner_writes_names_and_switches_off(world: World) -> None:
    viewer = world.people["viewer"]
    given = _form(viewer, first_name="Vera", is_active="")
    assert world.client("owner").post(f"{LIST}{viewer.pk}/change/", given).status_code == 302
    viewer.refresh_from_db()
    assert (viewer.first_name, viewer.is_active) == ("Vera", False)
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id) == ("person.changed", world.workspace.pk)
    assert event.data == {"first_name": "Vera", "is_active": False}


@pytest.mark.parametrize("target", ["viewer", "owner"])
def test_change_person_as_owner_gives_no_powers(world: World, target: str) -> None:
    user = world.people[target]
    given = _form(user, is_superuser="on", is_staff="on", user_permissions=["1"])
    assert world.client("owner").post(f"{LIST}{user.pk}/change/", given).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser
    assert not user.user_permissions.exists()


def test_change_person_as_superuser_may_make_a_superuser(world: World) -> None:
    viewer = world.people["viewer"]
    given = _form(viewer, is_staff="on", is_superuser="on")
    assert world.client("superuser").post(f"{LIST}{viewer.pk}/change/", given).status_code == 302
    viewer.refresh_from_db()
    assert viewer.is_superuser
    assert AuditEvent.objects.get().data == {"is_superuser": True}


@pytest.mark.parametrize("name", ["owner", "superuser"])
def test_change_oneself_never_locks_oneself_out(world: World, name: str) -> None:
    user = world.people[name]
    before = [getattr(user, power) for power in ("is_active", "is_staff", "is_superuser")]
    given = _form(user, first_name="Me", is_active="")
    assert world.client(name).post(f"{LIST}{user.pk}/change/", given).status_code == 302
    user.refresh_from_db()
    assert user.first_name == "Me"
    assert [getattr(user, power) for power in ("is_active", "is_staff", "is_superuser")] == before


def test_change_somebody_who_also_works_elsewhere_is_forbidden(world: World) -> None:
    both = person(world.workspace, Role.VIEWER)
    MembershipFactory.create(user=both, role=Role.VIEWER)
    client = world.client("owner")
    assert client.get(f"{LIST}{both.pk}/change/").status_code == 200
    assert "Set a new password" not in client.get(f"{LIST}{both.pk}/change/").content.decode()
    assert client.post(f"{LIST}{both.pk}/change/", _form(both, first_name="X")).status_code == 403


@pytest.mark.parametrize("name", ["owner", "superuser"])
def test_delete_person_is_offered_to_nobody(world: World, name: str) -> None:
    viewer = world.people["viewer"]
    assert world.client(name).post(f"{LIST}{viewer.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=viewer.pk).exists()


def test_open_person_shows_no_trace_of_the_password(world: World) -> None:
    viewer = world.people["viewer"]
    page = world.client("superuser").get(f"{LIST}{viewer.pk}/change/").content.decode()
    assert "Set a new password" in page
    assert viewer.password.split("$")[2][:6] not in page


# Passwords -------------------------------------------------------------------------------------------


def _set_password(world: World, name: str, user: User) -> int:
    given = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    return int(world.client(name).post(f"{LIST}{user.pk}/password/", given).status_code)


def test_set_password_as_owner_is_on_record_without_it(world: World) -> None:
    viewer = world.people["viewer"]
    assert _set_password(world, "owner", viewer) == 302
    viewer.refresh_from_db()
    assert viewer.check_password(NEW_PASSWORD)
    event = AuditEvent.objects.get()
    assert (event.verb, event.data, event.workspace_id) == ("person.password_set", {}, world.workspace.pk)


def test_set_password_that_does_not_do_changes_nothing(world: World) -> None:
    viewer = world.people["viewer"]
    given = {"password1": "short", "password2": "short", "usable_password": "true"}
    assert world.client("owner").post(f"{LIST}{viewer.pk}/password/", given).status_code == 200
    viewer.refresh_from_db()
    assert viewer.check_password(PASSWORD)
    assert not AuditEvent.objects.exists()


def test_set_password_without_the_right_is_refused(world: World) -> None:
    both = person(world.workspace, Role.VIEWER)
    MembershipFactory.create(user=both, role=Role.VIEWER)
    chief = person(world.workspace, Role.OWNER, is_superuser=True)
    cases = [
        ("owner", both),
        ("owner", chief),
        ("owner", world.people["stranger"]),
        ("owner", world.people["superuser"]),
        *(
            (name, world.people["viewer"])
            for name in ("operator", "approver", "auditor", "client", "stranger")
        ),
    ]
    for name, user in cases:
        before = User.objects.get(pk=user.pk).password
        assert _set_password(world, name, user) in {302, 403, 404}, (name, user)
        assert User.objects.get(pk=user.pk).password == before, (name, user)
    assert not AuditEvent.objects.exists()


def test_open_password_form_changes_nothing(world: World) -> None:
    viewer = world.people["viewer"]
    assert world.client("owner").get(f"{LIST}{viewer.pk}/password/").status_code == 200
    assert not AuditEvent.objects.exists()
