"""Which workspaces a person runs, and which people they may see and change."""

import pytest

from tests.factories.accounts import MembershipFactory, UserFactory, WorkspaceFactory, person
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.access import only_workspace, people_changed_by, people_seen_by, workspaces_with
from tiktok_ops.accounts.members import grant_role
from tiktok_ops.accounts.models import Membership, Workspace
from tiktok_ops.accounts.roles import Capability, Role, roles_with
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize("role", list(Role))
def test_find_workspaces_by_role_follows_what_it_grants(role: Role, capability: Capability) -> None:
    workspace = WorkspaceFactory.create()
    found = set(workspaces_with(person(workspace, role), capability))
    assert found == ({workspace} if role in roles_with(capability) else set())


def test_find_workspaces_of_a_brands_owner_gives_none_as_a_whole(world: World) -> None:
    assert not workspaces_with(world.people["client"], Capability.MANAGE).exists()
    assert not workspaces_with(world.people["client"], Capability.READ).exists()


def test_find_workspaces_of_a_superuser_gives_all(world: World) -> None:
    WorkspaceFactory.create()
    everything = set(Workspace.objects.all())
    assert set(workspaces_with(world.people["superuser"], Capability.MANAGE)) == everything


def test_preselect_workspace_when_there_is_one(world: World) -> None:
    assert only_workspace(world.people["owner"], Capability.MANAGE) == {"workspace": world.workspace}
    assert only_workspace(world.people["viewer"], Capability.MANAGE) == {}
    assert only_workspace(world.people["superuser"], Capability.MANAGE) == {}


def test_see_people_as_owner_gives_those_of_the_workspace(world: World) -> None:
    seen = set(people_seen_by(world.people["owner"]))
    assert {world.people[role] for role in Role} | {world.people["client"]} == seen


@pytest.mark.parametrize("name", ["viewer", "operator", "approver", "finance", "auditor", "client", "nobody"])
def test_see_people_without_managing_gives_nobody(world: World, name: str) -> None:
    assert not people_seen_by(world.people[name]).exists()
    assert not people_changed_by(world.people[name]).exists()


def test_change_people_as_owner_reaches_ones_own_team(world: World) -> None:
    changed = set(people_changed_by(world.people["owner"]))
    assert {world.people[role] for role in Role} <= changed
    assert world.people["stranger"] not in changed


def test_change_somebody_who_also_works_elsewhere_is_out_of_reach(world: World) -> None:
    both = person(world.workspace, Role.VIEWER)
    MembershipFactory.create(user=both, role=Role.VIEWER)
    assert both in people_seen_by(world.people["owner"])
    assert both not in people_changed_by(world.people["owner"])


def test_change_somebody_of_two_workspaces_one_owns_is_within_reach(world: World) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(workspace=other, user=world.people["owner"], role=Role.OWNER)
    both = person(world.workspace, Role.VIEWER)
    MembershipFactory.create(workspace=other, user=both, role=Role.VIEWER)
    assert both in people_changed_by(world.people["owner"])


def test_change_a_superuser_of_the_team_is_out_of_reach(world: World) -> None:
    chief = person(world.workspace, Role.OWNER, is_superuser=True)
    assert chief in people_seen_by(world.people["owner"])
    assert chief not in people_changed_by(world.people["owner"])
    assert chief in people_changed_by(world.people["superuser"])


def test_see_and_change_people_as_superuser_reaches_everybody(world: World) -> None:
    alone = UserFactory.create()
    assert alone in people_seen_by(world.people["superuser"])
    assert alone in people_changed_by(world.people["superuser"])


def test_grant_role_makes_a_membership_on_record(world: World) -> None:
    newcomer = UserFactory.create(username="newcomer")
    grant_role(workspace=world.workspace, user=newcomer, role=Role.APPROVER, by=world.people["owner"])
    membership = Membership.objects.get(user=newcomer)
    assert (membership.workspace, membership.role, membership.reach) == (
        world.workspace,
        "approver",
        "workspace",
    )
    event = AuditEvent.objects.get()
    assert (event.verb, event.workspace_id) == ("membership.created", world.workspace.pk)
    assert event.data == {"user": "newcomer", "role": "approver", "reach": "workspace"}


def test_grant_role_twice_changes_nothing(world: World) -> None:
    owner = world.people["owner"]
    for _ in range(2):
        grant_role(workspace=world.workspace, user=owner, role=Role.OWNER, by=owner)
    assert owner.memberships.count() == 1
    assert not AuditEvent.objects.exists()
