"""`/api/v1/me/` and `/api/v1/accounts/`: what they say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.accounts import (
    AccountFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.scopes import Scope

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"
AS_OF = datetime(2025, 6, 30, 12, 0, 0, 250_000, tzinfo=UTC)


def test_get_an_account_tells_all_of_it() -> None:
    account = AccountFactory.create(
        handle="blick", time_zone="Europe/Zurich", data_source="file", data_as_of=AS_OF
    )
    answer = using(make_key(account.workspace)).get(f"/api/v1/accounts/{account.id}/")
    assert answer.json() == {
        "id": str(account.id),
        "sandbox": True,
        "workspace_id": str(account.workspace_id),
        "brand_id": str(account.brand_id),
        "handle": "blick",
        "ownership": "own",
        "time_zone": "Europe/Zurich",
        "locale": "en",
        "delivery": "by_hand",
        "data_source": "file",
        "data_as_of": "2025-06-30T12:00:00.250000Z",
        "created_at": f"{account.created_at.replace(tzinfo=None).isoformat()}Z",
    }


def test_get_an_account_without_brand_and_data_tells_null() -> None:
    account = AccountFactory.create(brand=None)
    answer = using(make_key(account.workspace)).get(f"/api/v1/accounts/{account.id}/").json()
    assert (answer["brand_id"], answer["data_as_of"]) == (None, None)


def test_list_accounts_tells_the_same_of_each_as_it_tells_of_one() -> None:
    account = AccountFactory.create()
    client = using(make_key(account.workspace))
    listed = client.get("/api/v1/accounts/").json()
    assert listed == {
        "next": None,
        "previous": None,
        "results": [client.get(f"/api/v1/accounts/{account.id}/").json()],
    }


def test_get_me_with_a_key_tells_what_the_key_reaches_and_nothing_secret() -> None:
    account = AccountFactory.create(workspace__slug="north", workspace__name="North")
    expires_at = timezone.now() + timedelta(days=1)
    issued = make_key(account.workspace, brand=account.brand, expires_at=expires_at)
    answer = using(issued).get(ME)
    assert answer.json() == {
        "id": str(issued.key.id),
        "sandbox": True,
        "kind": "api_key",
        "name": "Reporting",
        "scopes": ["read"],
        "acts_for": None,
        "brand_id": str(account.brand_id),
        "expires_at": f"{expires_at.replace(tzinfo=None).isoformat()}Z",
        "workspaces": [
            {
                "id": str(account.workspace_id),
                "sandbox": True,
                "slug": "north",
                "name": "North",
                "roles": [],
            }
        ],
    }


def test_get_me_as_a_person_tells_their_roles_in_each_workspace() -> None:
    north, south = (WorkspaceFactory.create(slug=slug, name=slug.title()) for slug in ("north", "south"))
    WorkspaceFactory.create()
    ana = person(north, Role.OWNER, username="ana")
    MembershipFactory.create(user=ana, workspace=north, role=Role.APPROVER)
    MembershipFactory.create(user=ana, workspace=south, role=Role.VIEWER)
    body = signed_in(ana).get(ME).json()
    assert {key: body[key] for key in body if key not in ("sandbox", "workspaces")} == {
        "id": str(ana.id),
        "kind": "person",
        "name": "ana",
        "scopes": ["read", "runs:start", "approvals:decide", "alerts:acknowledge"],
        "acts_for": None,
        "brand_id": None,
        "expires_at": None,
    }
    assert [(each["slug"], each["roles"]) for each in body["workspaces"]] == [
        ("north", ["approver", "owner"]),
        ("south", ["viewer"]),
    ]


def test_get_me_with_a_live_account_in_reach_is_not_the_sandbox() -> None:
    north, south = WorkspaceFactory.create(name="A"), WorkspaceFactory.create(name="B")
    AccountFactory.create(workspace=north)
    AccountFactory.create(workspace=south, mode="live")
    ana = person(north, Role.VIEWER)
    assert signed_in(ana).get(ME).json()["sandbox"] is True
    MembershipFactory.create(user=ana, workspace=south)
    body = signed_in(ana).get(ME).json()
    assert body["sandbox"] is False
    assert [each["sandbox"] for each in body["workspaces"]] == [True, False]


@pytest.mark.parametrize("is_sandbox_only", [True, False])
def test_get_me_with_a_key_for_the_sandbox_is_of_the_sandbox(is_sandbox_only: bool) -> None:
    account = AccountFactory.create(mode="live")
    key = make_key(account.workspace, is_sandbox_only=is_sandbox_only)
    assert using(key).get(ME).json()["sandbox"] is is_sandbox_only


def test_get_me_as_a_person_without_a_role_reaches_nothing() -> None:
    AccountFactory.create()
    body = signed_in(UserFactory.create()).get(ME).json()
    assert (body["workspaces"], body["sandbox"]) == ([], True)


def test_get_me_as_a_person_of_many_workspaces_asks_as_often_as_of_one() -> None:
    ana = person(WorkspaceFactory.create(), Role.VIEWER)
    client = signed_in(ana)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(ME).status_code == 200
        return len(queries)

    assert count() == 6  # session, person, rate, roles, live accounts, workspaces
    for _ in range(19):
        MembershipFactory.create(user=ana)
    assert len(client.get(ME).json()["workspaces"]) == 20
    assert count() == 6


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.VIEWER, ["read"]),
        (Role.APPROVER, ["read", "approvals:decide"]),
        (Role.OPERATOR, ["read", "runs:start", "alerts:acknowledge"]),
    ],
)
def test_get_me_as_a_person_tells_the_scopes_their_roles_amount_to(role: Role, scopes: list[str]) -> None:
    assert signed_in(person(WorkspaceFactory.create(), role)).get(ME).json()["scopes"] == scopes


def test_get_me_as_a_superuser_tells_every_scope_but_deciding_which_takes_a_role() -> None:
    root = UserFactory.create(is_superuser=True)
    assert signed_in(root).get(ME).json()["scopes"] == ["read", "runs:start", "alerts:acknowledge"]
    MembershipFactory.create(user=root, role=Role.APPROVER)
    assert signed_in(root).get(ME).json()["scopes"] == [scope.value for scope in Scope]


def test_get_me_with_a_key_that_acts_for_a_person_tells_whom() -> None:
    workspace = WorkspaceFactory.create()
    ana = person(workspace, Role.APPROVER, username="ana")
    body = using(make_key(workspace, scopes=["read", "approvals:decide"], acts_for=ana)).get(ME).json()
    assert (body["kind"], body["acts_for"]) == ("api_key", "user:ana")
    assert body["scopes"] == ["read", "approvals:decide"]
