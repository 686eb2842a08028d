"""Keys that act for a person: who may make one for whom, and what the database refuses besides."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory, WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.keys import IssuedKey, KeyRefused, find_key
from tiktok_ops.accounts.models import ApiKey, Brand, Membership, User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

DECIDES = ["read", "approvals:decide"]


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Return a workspace."""
    return WorkspaceFactory.create(slug="north")


@pytest.fixture
def ana(workspace: Workspace) -> User:
    """Return an approver of the workspace."""
    return person(workspace, Role.APPROVER, username="ana")


def deciding(workspace: Workspace, acts_for: User | None, **changes: Any) -> IssuedKey:
    """Return a fresh key that decides for this person."""
    return make_key(workspace, **{"scopes": DECIDES, "acts_for": acts_for} | changes)


def refused(sentence: str, workspace: Workspace, acts_for: User | None, **changes: Any) -> bool:
    """Return whether no such key can be made, having checked that the refusal says so and left nothing."""
    with pytest.raises(KeyRefused) as refusal:
        deciding(workspace, acts_for, **changes)
    assert sentence in str(refusal.value)
    return not ApiKey.objects.exists() and not AuditEvent.objects.filter(verb="api_key.issued").exists()


def for_brands(user: User, *brands: Brand) -> None:
    """Narrow the person's one membership to these brands."""
    membership = Membership.objects.get(user=user)
    Membership.objects.filter(id=membership.id).update(reach="brands")
    membership.brands.set(brands)


def test_issue_key_that_decides_acts_for_the_person_and_is_found_with_them(
    workspace: Workspace, ana: User
) -> None:
    issued = deciding(workspace, ana)
    found = find_key(issued.secret_text)
    assert found is not None
    assert (found.acts_for, found.scopes) == (ana, ["approvals:decide", "read"])


def test_issue_key_that_decides_is_audited_with_whom_it_acts_for(workspace: Workspace, ana: User) -> None:
    deciding(workspace, ana)
    event = AuditEvent.objects.get(verb="api_key.issued")
    assert (event.actor, event.data["acts_for"]) == ("test", "ana")


def test_issue_key_that_decides_for_nobody_refuses(workspace: Workspace) -> None:
    assert refused("The scope 'approvals:decide' needs a person", workspace, None)


def test_issue_key_that_acts_for_somebody_and_may_not_decide_refuses(workspace: Workspace, ana: User) -> None:
    for scopes in (["read"], ["read", "runs:start"]):
        assert refused("A key acts for 'ana' only to decide", workspace, ana, scopes=scopes)


# --- for oneself only


def test_issue_key_as_a_person_for_oneself_issues(workspace: Workspace, ana: User) -> None:
    key = deciding(workspace, ana, by=ana).key
    assert (key.acts_for, key.created_by) == (ana, ana)


@pytest.mark.parametrize("is_superuser", [True, False])
def test_issue_key_as_an_owner_for_an_approver_refuses(
    workspace: Workspace, ana: User, is_superuser: bool
) -> None:
    owner = person(workspace, Role.OWNER, is_superuser=is_superuser)
    MembershipFactory.create(user=owner, workspace=workspace, role=Role.APPROVER)
    sentence = "A key that acts for 'ana' is theirs to make: make one that acts for yourself."
    assert refused(sentence, workspace, ana, by=owner)


# --- who decides here


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.APPROVER, Role.FINANCE)])
def test_issue_key_for_a_person_in_a_role_that_does_not_decide_refuses(
    workspace: Workspace, role: Role
) -> None:
    ben = person(workspace, role, username="ben")
    assert refused("'ben' may not decide in the workspace 'north'", workspace, ben)


def test_issue_key_for_a_person_of_another_workspace_refuses(workspace: Workspace) -> None:
    stranger = person(WorkspaceFactory.create(), Role.APPROVER, username="eva")
    assert refused("'eva' may not decide in the workspace 'north'", workspace, stranger)


def test_issue_key_for_a_superuser_without_a_role_refuses(workspace: Workspace) -> None:
    root = UserFactory.create(username="root", is_superuser=True)
    assert refused("'root' may not decide in the workspace 'north'", workspace, root, by=root)


def test_issue_key_for_a_person_who_has_left_refuses(workspace: Workspace, ana: User) -> None:
    ana.is_active = False
    ana.save()
    assert refused("'ana' may not decide", workspace, ana)


def test_issue_key_of_a_brand_for_a_person_who_decides_on_it_issues(workspace: Workspace, ana: User) -> None:
    brand = BrandFactory.create(workspace=workspace)
    assert deciding(workspace, ana, brand=brand).key.brand == brand
    for_brands(ana, brand)
    assert deciding(workspace, ana, brand=brand).key.brand == brand


def test_issue_key_of_a_brand_for_a_person_of_another_brand_refuses(workspace: Workspace, ana: User) -> None:
    brand, other = (BrandFactory.create(workspace=workspace, name=name) for name in ("Blick", "Other"))
    for_brands(ana, other)
    assert refused("'ana' may not decide on the brand 'Blick'", workspace, ana, brand=brand)


def test_issue_key_of_the_workspace_for_a_person_who_decides_on_one_brand_issues(
    workspace: Workspace, ana: User
) -> None:
    for_brands(ana, BrandFactory.create(workspace=workspace))
    assert deciding(workspace, ana).key.brand is None


# --- the database


def test_a_key_that_decides_for_nobody_is_refused_by_the_database(workspace: Workspace) -> None:
    key = make_key(workspace).key
    for scopes in (["approvals:decide"], ["read", "approvals:decide"]):
        with (
            pytest.raises(IntegrityError, match="api_key_decides_for_somebody"),
            transaction.atomic(),
        ):
            ApiKey.objects.filter(id=key.id).update(scopes=scopes)


def test_a_key_that_is_made_to_act_for_another_is_refused_by_the_database(
    workspace: Workspace, ana: User
) -> None:
    ben = person(workspace, Role.APPROVER)
    keys = {deciding(workspace, ana).key: ben, make_key(workspace).key: ana}
    for key, other in keys.items():
        with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
            ApiKey.objects.filter(id=key.id).update(acts_for=other)
    with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
        ApiKey.objects.filter(acts_for=ana).update(acts_for=None, scopes=["read"])


def test_a_person_some_key_acts_for_stays_on_record(workspace: Workspace, ana: User) -> None:
    deciding(workspace, ana)
    with pytest.raises(ProtectedError):
        ana.delete()
