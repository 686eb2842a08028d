"""Which rows exist for whom, below any address."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from tests.factories.accounts import (
    AccountFactory,
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.unit.tiktok_ops.rest.callers import make_key, scopeless_key
from tiktok_ops.accounts.models import ApiKey, Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import Caller, caller_of

pytestmark = pytest.mark.django_db


def request_by(*, user: Any = None, auth: Any = None) -> Request:
    """Return a request that was authenticated as this."""
    request = Request(RequestFactory().get("/"))
    request.user = user
    request.auth = auth
    return request


def test_caller_of_a_request_with_a_key_is_the_key() -> None:
    key = make_key(WorkspaceFactory.create()).key
    assert caller_of(request_by(auth=key)) == Caller(key)


def test_caller_of_a_request_with_a_session_is_the_person() -> None:
    user = UserFactory.create()
    assert caller_of(request_by(user=user)) == Caller(user)


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_caller_of_a_request_by_nobody_refuses_saying_how_to_sign_in(nobody: object) -> None:
    with pytest.raises(NotAuthenticated, match=r"Authorization: Bearer tto_"):
        caller_of(request_by(user=nobody))


def test_a_caller_cannot_be_changed() -> None:
    caller = Caller(UserFactory.create())
    with pytest.raises(AttributeError):
        caller.who = UserFactory.create()  # type: ignore[misc]


def test_holds_is_by_scope_for_a_key_and_always_for_a_person() -> None:
    workspace = WorkspaceFactory.create()
    assert Caller(make_key(workspace).key).holds(Scope.READ)
    bare = ApiKey.objects.get(id=scopeless_key(workspace).key.id)
    assert not Caller(bare).holds(Scope.READ)
    assert Caller(UserFactory.create()).holds(Scope.READ)


def test_sees_with_a_key_for_a_workspace_is_every_row_of_it() -> None:
    mine, theirs = AccountFactory.create(), AccountFactory.create()
    brandless = AccountFactory.create(workspace=mine.workspace, brand=None)
    caller = Caller(make_key(mine.workspace).key)
    assert set(caller.sees(TikTokAccount.objects.all(), mode_path="mode")) == {mine, brandless}
    assert set(caller.sees(Brand.objects.all(), mode_path="")) == {mine.brand}
    assert list(caller.sees(Workspace.objects.all(), mode_path="")) == [mine.workspace]
    rows = caller.sees(AuditEvent.objects.all(), mode_path="")
    assert {row.workspace_id for row in rows} == {mine.workspace_id}
    assert theirs.workspace_id != mine.workspace_id


def test_sees_with_a_key_for_a_brand_is_what_belongs_to_that_brand() -> None:
    mine = AccountFactory.create()
    AccountFactory.create(workspace=mine.workspace)
    AccountFactory.create(workspace=mine.workspace, brand=None)
    caller = Caller(make_key(mine.workspace, brand=mine.brand).key)
    assert list(caller.sees(TikTokAccount.objects.all(), mode_path="mode")) == [mine]
    assert list(caller.sees(Brand.objects.all(), mode_path="")) == [mine.brand]
    assert list(caller.sees(Workspace.objects.all(), mode_path="")) == [mine.workspace]


def test_sees_with_a_key_for_a_brand_is_nothing_where_rows_belong_to_no_brand() -> None:
    brand = BrandFactory.create()
    caller = Caller(make_key(brand.workspace, brand=brand).key)
    assert AuditEvent.objects.filter(workspace_id=brand.workspace_id).exists()
    assert list(caller.sees(AuditEvent.objects.all(), mode_path="")) == []


def test_sees_with_a_key_for_the_sandbox_is_no_live_row() -> None:
    quiet = AccountFactory.create()
    loud = AccountFactory.create(workspace=quiet.workspace, mode="live")
    accounts = TikTokAccount.objects.all()
    sandboxed = Caller(make_key(quiet.workspace).key)
    free = Caller(make_key(quiet.workspace, is_sandbox_only=False).key)
    assert list(sandboxed.sees(accounts, mode_path="mode")) == [quiet]
    assert set(free.sees(accounts, mode_path="mode")) == {quiet, loud}


def seen_by(user: User) -> list[TikTokAccount]:
    """Return the accounts that exist for a person."""
    return list(Caller(user).sees(TikTokAccount.objects.order_by("id"), mode_path="mode"))


def test_sees_as_a_person_is_what_their_memberships_reach() -> None:
    mine, sibling = AccountFactory.create(), AccountFactory.create(mode="live")
    freelancer = UserFactory.create()
    membership = MembershipFactory.create(user=freelancer, workspace=mine.workspace, reach="brands")
    assert seen_by(freelancer) == []
    assert mine.brand is not None
    membership.brands.add(mine.brand)
    assert seen_by(freelancer) == [mine]
    assert seen_by(person(sibling.workspace, Role.AUDITOR)) == [sibling]
    assert seen_by(UserFactory.create(is_superuser=True)) == [mine, sibling]
